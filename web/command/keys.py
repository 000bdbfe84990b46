"""``fanlight keys``: list and rotate the keys that tokens are signed with; also while an instance runs, which learns of it by itself."""

import argparse
import asyncio
import dataclasses
import json
import os

from storage import log
from storage.opening import open_storage
from storage.settings import Settings
from storage.signing import SigningKeys
from web.data_directory import kept_secret
from web.instance import of_this_machine


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, line in (
        ("list", "List the keys that still vouch for a token."),
        ("rotate", "Sign with a new key from in half a minute on."),
    ):
        action = actions.add_parser(name, help=line, description=line)
        action.add_argument("--json", action="store_true", help="print JSON")
        if name == "rotate":
            action.add_argument(
                "--at-once", action="store_true", help="a key leaked: nothing signed before is good any more; browsers stay signed in"
            )


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    # Standard output is the answer's alone.
    log.configure(level="warning")
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    settings = of_this_machine(Settings.from_environment(os.environ))
    if not settings.database_url:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = dataclasses.replace(settings, secret=settings.secret or kept_secret(settings.data))
    async with open_storage(settings) as storage:
        if not settings.database_url:
            await storage.database.migrate()
        if arguments.action == "rotate":
            kid = await storage.signing.rotate(at_once=arguments.at_once)
            print(json.dumps({"kid": kid}) if arguments.json else f"The new key is {kid}.")
        else:
            await _list(storage.signing, arguments)
    return 0


async def _list(signing: SigningKeys, arguments: argparse.Namespace) -> None:
    for key in await signing.current():
        retired = key.retired_at.isoformat() if key.retired_at else None
        if arguments.json:
            print(json.dumps({"kid": key.kid, "created_at": key.created_at.isoformat(), "retired_at": retired}))
        else:
            until = f"retired {key.retired_at:%Y-%m-%d %H:%M}" if key.retired_at else "signs"
            print(f"{key.kid:<16}  made {key.created_at:%Y-%m-%d %H:%M}  {until}")
