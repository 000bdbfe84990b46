"""What chat is made of: the rooms, and the sockets their frames come from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chat.command import CommandDone
from chat.command_table import commands_for
from chat.commands import parse_command
from chat.connection import PACE
from chat.descriptors import raise_limit
from chat.rooms import Rooms
from chat.server import SPARE, SocketLimits, SocketServer
from chat.tickets import Tickets
from storage.access import Granted
from storage.chat.events import MessageKind
from storage.clock import Clock
from storage.limits import Limit
from storage.model.account import Actor
from storage.model.errors import BadInput, ErrorCode
from storage.node import Node, Tasks
from storage.opening import Storage
from storage.rate_limits import RateLimits
from storage.settings import Settings

OTHER_FILES = 500
"""Open files a process has beside its sockets: databases, buses, requests."""


UNLIMITED = 100.0
"""Times the usual pace of frames where an operator took the limits away: one client must not have the process to itself."""


class OwnCommands:
    """The commands that do nothing to anybody: help, and speaking in the third person."""

    async def run(self, actor: Actor, granted: Granted, text: str) -> CommandDone:
        """See :class:`chat.command.Commands`."""
        del actor
        parsed = parse_command(text, granted.standing)
        if parsed.command.name == "me":
            return CommandDone(say=parsed.text, kind=MessageKind.ACTION)
        if parsed.command.name == "help":
            return CommandDone(text="\n".join(f"{one.usage}: {one.summary}" for one in commands_for(granted.standing)))
        raise BadInput(ErrorCode.COMMAND_UNKNOWN, "There is no such command.")


@asynccontextmanager
async def open_chat(settings: Settings, storage: Storage, clock: Clock, node: Node) -> AsyncIterator[SocketServer]:
    """The chat of this node. Whoever serves its sockets drains them before this is left."""
    rates = RateLimits(storage.bus, clock, factor=settings.rate_limits)
    async with storage.bus.room_hints() as hints, Tasks("chat") as tasks:
        rooms = Rooms(storage, clock, node.identifier, hints=hints, rates=rates, commands=OwnCommands())
        server = SocketServer(rooms, Tickets(storage, clock), limits(settings, raise_limit()), clock, tasks)
        tasks.start("rooms", rooms.run())
        tasks.start("look", server.look())
        tasks.start("recheck", server.recheck())
        tasks.start("revocations", server.hear(storage.bus))
        yield server


def limits(settings: Settings, files: int) -> SocketLimits:
    """What the settings say of sockets, and the system of open files."""
    factor = settings.rate_limits or UNLIMITED
    pace = Limit(PACE.name, max(1, round(PACE.count * factor)), PACE.seconds, shared=False)
    return SocketLimits(
        node=max(1, min(settings.chat_sockets, files - SPARE - OTHER_FILES)),
        address=settings.chat_sockets_per_address,
        account=settings.chat_sockets_per_account,
        strangers=settings.chat_strangers,
        pace=pace,
    )
