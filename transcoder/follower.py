"""Follows a channel's publishing sessions: which one there is now, and its frames from the relay of its ingest node."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from ingest.frames import Control, Hello
from storage.bus.messages import SessionInfo, TrackInfo
from storage.bus.redis import Bus
from storage.bus.topics import session_key
from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.model.ids import ChannelName, SessionId
from storage.model.media import AccessUnit
from storage.node import Tasks
from storage.secrets import relay_token
from transcoder.source import RelayReader, connect

RECONNECT = 0.2
"""Seconds between tries to reach a relay."""
_log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Who wants the frames."""

    def suits(self, tracks: Sequence[TrackInfo]) -> bool:
        """Whether a session with these tracks is of use; if not, the listener has been told and following stops."""

    def resume_point(self, session: SessionId) -> dict[int, int]:
        """Per track the last unit that is not needed again."""

    def frames(self, frames: Sequence[AccessUnit | Control], session: SessionId) -> None:
        """What came from the session's relay."""

    def gone(self) -> None:
        """The session is over, or its node is."""

    def failed(self, defect: Exception) -> None:
        """:meth:`frames` raised."""


class SessionFollower:
    """One channel's sessions, one at a time, the newest wins. ``reconnects`` counts connections that replaced another."""

    def __init__(self, channel: ChannelName, secret: str, bus: Bus, clock: Clock, listener: Listener) -> None:
        self._channel = channel
        self._secret = secret
        self._bus = bus
        self._clock = clock
        self._listener = listener
        self._reader: RelayReader | None = None
        self._looking = asyncio.Lock()
        self._relay_away = False
        self._closed = False
        self.session: SessionId | None = None
        self.ended: SessionId | None = None
        self.reconnects = 0

    async def run(self) -> None:
        """Follow until cancelled."""
        async with Tasks(f"sessions of {self._channel}") as tasks:
            tasks.start("reconnect", self._stay_connected())
            async with self._bus.changes(poll=1.0) as changes:
                async for channel in changes:
                    if channel is None or channel == self._channel:
                        await self._look()

    @property
    def connected(self) -> bool:
        """Whether a relay is connected."""
        return self._reader is not None and not self._reader.lost.is_set()

    def want_keyframe(self) -> None:
        """Ask the publisher for a keyframe."""
        if self._reader is not None:
            self._reader.want_keyframe()

    def end(self) -> None:
        """The session said that it is over; its register may say otherwise for a while."""
        self.ended = self.session
        self._drop()

    def close(self) -> None:
        """Follow nobody any more."""
        self._closed = True
        self._hang_up()

    async def successor(self) -> bool:
        """Whether another session of the channel is there than the one that ended. Raises ``Unavailable``."""
        found = await self._bus.read(session_key(self._channel), SessionInfo)
        return found is not None and found.session != self.ended

    async def _stay_connected(self) -> None:
        """Connect again while the session is still there."""
        while True:
            if self._reader is not None:
                await self._reader.lost.wait()
            await self._clock.sleep(RECONNECT)
            if not self.connected and self.session is not None:
                await self._look()

    async def _look(self) -> None:
        async with self._looking:
            with suppress(Unavailable):
                found = await self._bus.read(session_key(self._channel), SessionInfo)
                if self._closed or (found is not None and found.session == self.ended):
                    return
                if found is None:
                    if not self.connected and self.session is not None:
                        self._drop()
                elif found.session != self.session or not self.connected:
                    await self._read(found)

    async def _read(self, info: SessionInfo) -> None:
        """Read this session from now on."""
        if not self._listener.suits(info.tracks):
            self._closed = True
            return
        if self._reader is not None:
            self._hang_up()
            self.reconnects += 1
        if self.session is not None and self.session != info.session:
            self._listener.gone()
        session = self.session = info.session
        token = relay_token(self._secret, session, self._clock)
        hello = Hello(token=token, channel=self._channel, session=session, after=self._listener.resume_point(session))

        def receive(frames: Sequence[AccessUnit | Control]) -> None:
            try:
                if self.session == session and not self._closed:
                    self._listener.frames(frames, session)
            except Exception as defect:
                # Raised to the event loop it would only end the connection; it must end the worker, so that another goes on.
                self._listener.failed(defect)

        try:
            self._reader = await connect(info.relay, hello, receive)
            self._relay_away = False
        except Unavailable:
            if not self._relay_away:
                _log.warning("relay_away", session=session)
            self._relay_away = True

    def _drop(self) -> None:
        self.session = None
        self._hang_up()
        self._listener.gone()

    def _hang_up(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
