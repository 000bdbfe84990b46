"""``fanlight migrate``: bring the database to the current schema. Safe to run again, and while the old version still runs."""

import argparse
import asyncio
import os

from storage.opening import open_storage
from storage.settings import Settings
from web.instance import of_this_machine


def configure(parser: argparse.ArgumentParser) -> None:
    """It takes no arguments: DATABASE_URL says which database."""
    parser.set_defaults()


def run(_arguments: argparse.Namespace) -> int:
    """Migrate."""
    asyncio.run(_migrate(of_this_machine(Settings.from_environment(os.environ))))
    print("The database is at the current schema.")
    return 0


async def _migrate(settings: Settings) -> None:
    async with open_storage(settings) as storage:
        await storage.database.migrate()
