"""What the commands about records share: they open the storage themselves, whether an instance runs or not."""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable

from storage.opening import Storage, open_storage
from storage.settings import Settings
from web.instance import of_this_machine

Action = Callable[[Storage, Settings, argparse.Namespace], Awaitable[None]]


def action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, act: Action, line: str) -> argparse.ArgumentParser:
    """Declare one; it prints for people, or JSON with ``--json``."""
    parser = actions.add_parser(name, help=line, description=line)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(act=act)
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Do the one that was asked for."""
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    settings = of_this_machine(Settings.from_environment(os.environ))
    async with open_storage(settings) as storage:
        if not settings.database_url:
            # Records may be made before the first `fanlight up`; a shared database is the operator's to migrate.
            settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            await storage.database.migrate()
        await arguments.act(storage, settings, arguments)
    return 0
