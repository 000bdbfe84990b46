"""What chat is made of: the rooms, and the sockets their frames come from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chat.connection import PACE
from chat.descriptors import raise_limit
from chat.protocol import ClientFrame
from chat.server import SPARE, SocketLimits, SocketServer
from chat.sockets import Socket
from chat.tickets import Tickets
from storage.clock import Clock
from storage.limits import Limit
from storage.model.errors import Conflict, ErrorCode
from storage.node import Node, Tasks
from storage.opening import Storage
from storage.settings import Settings

OTHER_FILES = 500
"""Open files a process has beside its sockets: databases, buses, requests."""


class ChatService:
    """What becomes of frames; see :class:`chat.sockets.Frames`."""

    def __init__(self, settings: Settings, storage: Storage, clock: Clock, node: Node) -> None:
        del settings, storage, clock, node

    async def run(self) -> None:
        """What the rooms do by themselves, until it is cancelled."""

    async def received(self, socket: Socket, frame: ClientFrame) -> None:
        """See :class:`chat.sockets.Frames`."""
        del socket, frame
        raise Conflict(ErrorCode.NOT_JOINED, "There are no rooms yet.")

    async def changed(self, socket: Socket) -> None:
        """See :class:`chat.sockets.Frames`."""

    def closed(self, socket: Socket) -> None:
        """See :class:`chat.sockets.Frames`."""


@asynccontextmanager
async def open_chat(settings: Settings, storage: Storage, clock: Clock, node: Node) -> AsyncIterator[SocketServer]:
    """The chat of this node. Whoever serves its sockets drains them before this is left."""
    service = ChatService(settings, storage, clock, node)
    async with Tasks("chat") as tasks:
        server = SocketServer(service, Tickets(storage, clock), limits(settings, raise_limit()), clock, tasks)
        tasks.start("rooms", service.run())
        tasks.start("look", server.look())
        tasks.start("recheck", server.recheck())
        tasks.start("revocations", server.hear(storage.bus))
        yield server


def limits(settings: Settings, files: int) -> SocketLimits:
    """What the settings say of sockets, and the system of open files."""
    factor = settings.rate_limits
    pace = Limit(PACE.name, max(1, round(PACE.count * factor)), PACE.seconds, shared=False) if factor else None
    return SocketLimits(
        node=max(1, min(settings.chat_sockets, files - SPARE - OTHER_FILES)),
        address=settings.chat_sockets_per_address,
        account=settings.chat_sockets_per_account,
        strangers=settings.chat_strangers,
        pace=pace,
    )
