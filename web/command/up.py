"""``fanlight up``: every role on this machine, supervised, until Ctrl-C."""

import argparse
import asyncio
import dataclasses
import os

from storage.clock import SystemClock
from storage.opening import open_storage
from storage.settings import Settings
from web.console import Console, JsonConsole, TextConsole
from web.data_directory import claimed, kept_secret
from web.first_channel import ensure_first_channel
from web.first_operator import first_operator_link
from web.instance import bus_program, of_this_machine, role_program, roles_of_one_machine
from web.ports import needed, require
from web.supervisor import Supervisor, run_until_signalled


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON object a line on standard output; logs go to standard error")


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM; a second one kills what is still there."""
    settings = Settings.from_environment(os.environ)
    console: Console = JsonConsole() if arguments.json else TextConsole()
    require(needed(settings, roles_of_one_machine(settings)))
    with claimed(settings.data):
        return asyncio.run(_up(settings, console))


async def _up(settings: Settings, console: Console) -> int:
    clock = SystemClock()
    whole = dataclasses.replace(of_this_machine(settings), secret=settings.secret or kept_secret(settings.data))
    environment = _environment(whole)
    async with open_storage(whole) as storage:
        await storage.database.migrate()
        first = await ensure_first_channel(storage, whole.data)
        setup = await first_operator_link(storage, whole)
    roles = [role_program(role, whole, environment) for role in roles_of_one_machine(whole)]
    bus = [] if settings.redis_url else [bus_program(whole.data, os.environ, clock)]
    await run_until_signalled(
        Supervisor([*bus, *roles], line=console.line, report=console.event, clock=clock),
        when_ready=lambda: console.ready(whole, first, setup),
        when_stopping=lambda: console.event("stopping", {}),
    )
    console.event("down", {})
    console.close()
    return 0


def _environment(settings: Settings) -> dict[str, str]:
    """What the roles are told beyond what we were told: where the data and the bus are, and the secret they share."""
    told = {"FANLIGHT_DATA": str(settings.data), "FANLIGHT_SECRET": settings.secret, "REDIS_URL": settings.redis_url}
    return dict(os.environ) | told | {"PYTHONUNBUFFERED": "1"}
