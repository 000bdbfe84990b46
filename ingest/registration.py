"""Tells the bus which channel is publishing here, and listens whether a channel's publisher moved to another node."""

import asyncio
from contextlib import suppress

from ingest.publishers import Publishers
from ingest.session import Session
from storage.bus.messages import SessionInfo
from storage.bus.redis import Bus
from storage.bus.topics import session_key
from storage.model.broadcast import PublishEnd
from storage.model.errors import Unavailable
from storage.model.ids import ChannelName, NodeId
from storage.node import Node

REFRESH = 1.0
SESSION_TTL = 5.0


class Registration:
    """Keeps ``SessionInfo`` of this node's live sessions, and the node's own count, true. A changed channel waits once, in a set."""

    def __init__(self, bus: Bus, node: Node) -> None:
        self._bus = bus
        self._node = node
        self._changed: set[ChannelName] = set()
        self._wake = asyncio.Event()

    def changed(self, session: Session) -> None:
        """A session became live, silent or over: tell the bus at once."""
        self._changed.add(session.who.channel)
        self._wake.set()

    async def announce(self, publishers: Publishers) -> None:
        """Tell of changes as they come, for ever. What the bus does not take now, :meth:`refresh` or the time to live tells it."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._node.describe(sessions=len(publishers))
            await self.tell(publishers)

    async def refresh(self, publishers: Publishers) -> None:
        """Tell of every live session again; one that was accepted later by another node ends ours. Raises ``Unavailable``."""
        self._node.describe(sessions=len(publishers))
        for session in publishers.live:
            await self._keep(session)

    async def renew(self, publishers: Publishers) -> None:
        """The bus came back without its data: tell it all again, and everyone else. Raises ``Unavailable``."""
        await self.refresh(publishers)
        for session in publishers.live:
            await self._bus.announce_change(session.who.channel)

    async def tell(self, publishers: Publishers) -> None:
        """Tell of what changed, as well as the bus lets us."""
        channels, self._changed = self._changed, set()
        for channel in channels:
            with suppress(Unavailable):
                await self._tell(channel, publishers.live_session(channel))

    async def _tell(self, channel: ChannelName, live: Session | None) -> None:
        key = session_key(channel)
        if live is not None:
            await self._keep(live)
        elif await self._is_ours(key, self._node.identifier):
            await self._bus.forget(key)
        await self._bus.announce_change(channel)

    async def _keep(self, session: Session) -> None:
        info = session.info()
        if not await self._bus.register_newest(session_key(info.channel), info, order=session.who.order, ttl=SESSION_TTL):
            session.end(PublishEnd.REPLACED)

    async def _is_ours(self, key: str, node: NodeId) -> bool:
        info = await self._bus.read(key, SessionInfo)
        return info is not None and info.node == node
