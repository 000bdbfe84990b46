"""``fanlight channel``: create channels and stream keys, list and revoke them; also while an instance runs."""

import argparse
import asyncio
import json
import os
from collections.abc import Awaitable, Callable

from storage.database.channels import ChannelRepository
from storage.model.ids import channel_name
from storage.opening import open_storage
from storage.settings import Settings
from web.instance import of_this_machine

Action = Callable[[ChannelRepository, argparse.Namespace], Awaitable[None]]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = _action(actions, "create", _create, "Create a channel and print its stream key, which is shown only once.")
    create.add_argument("name", metavar="NAME")
    create.add_argument("--title", default="", help="shown to viewers; the name unless told")
    _action(actions, "list", _list, "List the channels.")
    key = _action(actions, "key", _key, "Print a new stream key of a channel; the keys it has go on working.")
    key.add_argument("name", metavar="NAME")
    revoke = _action(actions, "revoke", _revoke, "Revoke every stream key of a channel; no new session begins with them.")
    revoke.add_argument("name", metavar="NAME")


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    return asyncio.run(_run(arguments))


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, action: Action, line: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=line, description=line)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(act=action)
    return parser


async def _run(arguments: argparse.Namespace) -> int:
    settings = of_this_machine(Settings.from_environment(os.environ))
    async with open_storage(settings) as storage:
        if not settings.database_url:
            # A channel may be made before the first `fanlight up`; a shared database is the operator's to migrate.
            settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
            await storage.database.migrate()
        await arguments.act(storage.channels, arguments)
    return 0


async def _create(channels: ChannelRepository, arguments: argparse.Namespace) -> None:
    name = channel_name(arguments.name)
    channel = await channels.create(name, arguments.title or name)
    key = await channels.add_key(name)
    _print_key(arguments, channel.name, key)


async def _key(channels: ChannelRepository, arguments: argparse.Namespace) -> None:
    name = channel_name(arguments.name)
    await channels.get(name)
    _print_key(arguments, name, await channels.add_key(name))


async def _revoke(channels: ChannelRepository, arguments: argparse.Namespace) -> None:
    name = channel_name(arguments.name)
    await channels.get(name)
    valid = [key for key in await channels.keys(name) if key.revoked_at is None]
    for key in valid:
        await channels.revoke_key(name, key.digest)
    count = len(valid)
    print(json.dumps({"channel": name, "revoked": count}) if arguments.json else f"Revoked {count} key(s) of {name}.")


async def _list(channels: ChannelRepository, arguments: argparse.Namespace) -> None:
    found = await channels.list()
    if arguments.json:
        rows = [{"name": channel.name, "title": channel.title, "created_at": channel.created_at.isoformat()} for channel in found]
        print(json.dumps(rows))
        return
    width = max((len(channel.name) for channel in found), default=0)
    for channel in found:
        print(f"{channel.name:<{width}}  {channel.created_at:%Y-%m-%d}  {channel.title}")


def _print_key(arguments: argparse.Namespace, name: str, key: str) -> None:
    print(json.dumps({"channel": name, "key": key}) if arguments.json else key)
