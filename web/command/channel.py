"""``fanlight channel``: create channels and stream keys, list and revoke them; also while an instance runs."""

import argparse
import json

from storage.model.ids import channel_name
from storage.opening import Storage
from storage.settings import Settings
from web.command import records


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = records.action(actions, "create", _create, "Create a channel and print its stream key, which is shown only once.")
    create.add_argument("name", metavar="NAME")
    create.add_argument("--title", default="", help="shown to viewers; the name unless told")
    records.action(actions, "list", _list, "List the channels.")
    key = records.action(actions, "key", _key, "Print a new stream key of a channel; the keys it has go on working.")
    key.add_argument("name", metavar="NAME")
    revoke = records.action(actions, "revoke", _revoke, "Revoke every stream key of a channel; no new session begins with them.")
    revoke.add_argument("name", metavar="NAME")


run = records.run


async def _create(storage: Storage, _settings: Settings, arguments: argparse.Namespace) -> None:
    name = channel_name(arguments.name)
    channel = await storage.channels.create(name, arguments.title or name)
    _, key = await storage.stream_keys.add(name)
    _print_key(arguments, channel.name, key)


async def _key(storage: Storage, _settings: Settings, arguments: argparse.Namespace) -> None:
    name = channel_name(arguments.name)
    await storage.channels.get(name)
    _, key = await storage.stream_keys.add(name)
    _print_key(arguments, name, key)


async def _revoke(storage: Storage, _settings: Settings, arguments: argparse.Namespace) -> None:
    name = channel_name(arguments.name)
    await storage.channels.get(name)
    valid = [key for key in await storage.stream_keys.list(name) if key.revoked_at is None]
    for key in valid:
        await storage.stream_keys.revoke(name, key.id)
    count = len(valid)
    print(json.dumps({"channel": name, "revoked": count}) if arguments.json else f"Revoked {count} key(s) of {name}.")


async def _list(storage: Storage, _settings: Settings, arguments: argparse.Namespace) -> None:
    found = await storage.channels.list()
    if arguments.json:
        rows = [{"name": channel.name, "title": channel.title, "created_at": channel.created_at.isoformat()} for channel in found]
        print(json.dumps(rows))
        return
    width = max((len(channel.name) for channel in found), default=0)
    for channel in found:
        print(f"{channel.name:<{width}}  {channel.created_at:%Y-%m-%d}  {channel.title}")


def _print_key(arguments: argparse.Namespace, name: str, key: str) -> None:
    print(json.dumps({"channel": name, "key": key}) if arguments.json else key)
