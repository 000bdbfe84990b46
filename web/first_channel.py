"""The channel a new instance starts with, and its stream key, which is kept so that every start can show the same one."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from storage.model.errors import Conflict, NotFound, Refused
from storage.model.ids import ChannelName, channel_name
from storage.opening import Storage
from web.data_directory import read_private, write_private

NAME = channel_name("main")
TITLE = "Main channel"


@dataclass(frozen=True, slots=True)
class FirstChannel:
    """A channel to go live on at once. ``file`` is where the plain key is kept."""

    name: ChannelName
    key: str
    file: Path


async def ensure_first_channel(storage: Storage, data: Path) -> FirstChannel:
    """The channel ``main`` and a key that works: the kept one, or a new one when there is none or it was revoked."""
    with contextlib.suppress(Conflict):
        await storage.channels.create(NAME, TITLE)
    file = data / "keys" / NAME
    key = read_private(file)
    if key:
        try:
            await storage.stream_keys.verify(NAME, key)
        except (Refused, NotFound):
            key = ""
    if not key:
        _, key = await storage.stream_keys.add(NAME)
        write_private(file, key)
    return FirstChannel(NAME, key, file)
