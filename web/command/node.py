"""``fanlight node``: chosen roles against a shared Redis, database and bucket."""

import argparse
import asyncio
import os

from storage.model.errors import BadInput, ErrorCode
from storage.opening import check_split
from storage.settings import Settings
from web.console import Console, JsonConsole, TextConsole
from web.instance import ROLES, role_program
from web.ports import needed, require
from web.supervisor import Program, Supervisor, run_until_signalled


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--roles", required=True, metavar="ROLE,ROLE", help=f"which of {', '.join(ROLES)}; each becomes a process")
    parser.add_argument(
        "--one-machine", action="store_true", help="every node is on this machine: an SQLite file and a folder may be shared"
    )
    parser.add_argument("--json", action="store_true", help="life-cycle events as JSON lines on standard output (with several roles)")


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT. One role runs in this very process; several are supervised, a process each."""
    roles = parse_roles(arguments.roles)
    settings = Settings.from_environment(os.environ)
    check_split(settings, roles, one_machine=arguments.one_machine)
    require(needed(settings, roles))
    if len(roles) == 1:
        from web.nodes import run_role

        return run_role(roles[0], settings)
    console: Console = JsonConsole() if arguments.json else TextConsole()
    return asyncio.run(_supervise([role_program(role, settings, os.environ) for role in roles], console))


def parse_roles(text: str) -> list[str]:
    """The roles named in ``web,edge``, in the order they are started.

    Raises:
        BadInput: ``SETTINGS_INVALID``; none is named, or one is not a role.
    """
    named = {word.strip() for word in text.split(",") if word.strip()}
    unknown = sorted(named.difference(ROLES))
    if unknown or not named:
        what = f"No such role: {', '.join(unknown)}." if unknown else "No role is named."
        raise BadInput(ErrorCode.SETTINGS_INVALID, f"{what} The roles are {', '.join(ROLES)}.")
    return [role for role in ROLES if role in named]


async def _supervise(programs: list[Program], console: Console) -> int:
    await run_until_signalled(
        Supervisor(programs, line=console.line, report=console.event),
        when_ready=lambda: console.event("up", {"roles": ",".join(program.name for program in programs)}),
        when_stopping=lambda: console.event("stopping", {}),
    )
    console.event("down", {})
    console.close()
    return 0
