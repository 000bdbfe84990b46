"""Serves feeds to transcoder workers over a Unix socket or TCP, in the frames of :mod:`ingest.frames`.

A connection is a protocol object without a task. Pictures travel in pairs and the sound with them, since every write wakes
a process; a keyframe, behind which a part may end, leaves at once.
A worker that reads too slowly is not waited for: its place in the feed stays behind and falls out of the ring in the end.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import cast

import structlog

from ingest.feed import Feed, Subscription
from ingest.frames import Control, End, FrameDecoder, FrameError, Hello, Tracks, WantKeyframe, encode_control, encode_unit
from storage.clock import Clock
from storage.model.errors import Refused
from storage.model.ids import SessionId
from storage.model.media import AccessUnit, TrackKind
from storage.secrets import check_relay_token

HELLO_DEADLINE = 5.0
STALL_DEADLINE = 30.0
"""Seconds a worker may leave our output unread before it is cut off."""

COALESCE = 0.04
"""Seconds a picture may wait for the next one to travel with; sound that has no picture to travel with waits as long."""

CONNECTIONS_LIMIT = 256

_INPUT_LIMIT = 64 * 1024
_HIGH_WATER = 512 * 1024
_log = structlog.get_logger(__name__)


class RelayServer:
    """``find`` gives a session's feed; ``secret`` is ``FANLIGHT_SECRET``, with which workers' tokens are signed.

    Counters: ``refused`` tokens, ``malformed`` connections, ``stalled`` workers, ``units`` and ``bytes`` sent.
    """

    def __init__(self, find: Callable[[SessionId], Feed | None], secret: str, clock: Clock) -> None:
        self.find = find
        self.refused = 0
        self.malformed = 0
        self.stalled = 0
        self.units = 0
        self.bytes = 0
        self.connections: set[Connection] = set()
        self.tcp_port = 0
        self._secret = secret
        self._clock = clock

    @asynccontextmanager
    async def serve(self, *, path: Path | None = None, host: str = "127.0.0.1", port: int | None = None) -> AsyncIterator["RelayServer"]:
        """Listen on a Unix socket at ``path`` and, where ``port`` is given (0 picks one, see ``tcp_port``), on TCP, until left."""
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            stack.callback(self._close_connections)
            if path is not None:
                with contextlib.suppress(FileNotFoundError):
                    await asyncio.to_thread(path.unlink)
                unix = await loop.create_unix_server(lambda: Connection(self), str(path))
                stack.callback(_remove, path)
                stack.callback(unix.close)
                await asyncio.to_thread(path.chmod, 0o600)
            if port is not None:
                tcp = await loop.create_server(lambda: Connection(self), host, port)
                stack.callback(tcp.close)
                self.tcp_port = tcp.sockets[0].getsockname()[1]
            yield self

    def admit(self, hello: Hello) -> Feed | None:
        """The feed a worker may read, ``None`` where the session is gone.

        Raises:
            Refused: ``KEY_REFUSED``.
        """
        check_relay_token(self._secret, hello.token, hello.session, self._clock)
        return self.find(hello.session)

    def _close_connections(self) -> None:
        for connection in list(self.connections):
            connection.abort()


class Connection(asyncio.Protocol):
    """One worker's connection."""

    def __init__(self, server: RelayServer) -> None:
        self._server = server
        self._decoder = FrameDecoder(maximum=_INPUT_LIMIT)
        self._transport: asyncio.Transport | None = None
        self._feed: Feed | None = None
        self._subscription: Subscription | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._flush_timer: asyncio.TimerHandle | None = None
        self._picture_waits = False
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A worker is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(self)
        if len(self._server.connections) > CONNECTIONS_LIMIT:
            _log.warning("relay_full", limit=CONNECTIONS_LIMIT)
            self.abort()
            return
        self._transport.set_write_buffer_limits(high=_HIGH_WATER)
        self._deadline = asyncio.get_running_loop().call_later(HELLO_DEADLINE, self._malformed, "no hello")

    def connection_lost(self, error: Exception | None) -> None:
        """The worker is gone."""
        del error
        self._server.connections.discard(self)
        self._transport = None
        for timer in (self._deadline, self._flush_timer):
            if timer is not None:
                timer.cancel()
        if self._subscription is not None:
            self._subscription.close()

    def data_received(self, data: bytes) -> None:
        """The worker says something."""
        try:
            frames = self._decoder.feed(data)
        except FrameError as error:
            self._malformed(str(error))
            return
        for frame in frames:
            if self._transport is None:
                return
            if isinstance(frame, WantKeyframe) and self._feed is not None:
                self._feed.want_keyframe()
            elif isinstance(frame, Hello) and self._feed is None:
                self._hello(frame)
            else:
                self._malformed("an unexpected frame")
                return

    def pause_writing(self) -> None:
        """The worker reads more slowly than we write."""
        self._paused = True
        self._deadline = asyncio.get_running_loop().call_later(STALL_DEADLINE, self._stalled)

    def resume_writing(self) -> None:
        """The worker has read."""
        self._paused = False
        if self._deadline is not None:
            self._deadline.cancel()
        self._flush()

    def abort(self) -> None:
        """Cut the connection off now."""
        if self._transport is not None:
            self._transport.abort()

    def _hello(self, hello: Hello) -> None:
        assert self._transport is not None, "asked by data_received"
        if self._deadline is not None:
            self._deadline.cancel()
        try:
            self._feed = self._server.admit(hello)
        except Refused:
            self._server.refused += 1
            _log.warning("relay_refused", session=hello.session)
            self.abort()
            return
        if self._feed is None:
            self._transport.close()
            return
        self._subscription = self._feed.subscribe(hello.after, self._notify)
        _log.info("relay_opened", session=hello.session)
        self._write([Tracks(tracks=self._feed.tracks)])
        self._flush()

    def _notify(self, unit: AccessUnit | None) -> None:
        if self._paused:
            return
        picture = unit is not None and unit.kind is TrackKind.VIDEO
        if unit is None or (picture and (unit.keyframe or self._picture_waits)):
            self._flush()
        elif picture or self._flush_timer is None:
            if self._flush_timer is not None:
                self._flush_timer.cancel()
            self._picture_waits = picture
            self._flush_timer = asyncio.get_running_loop().call_later(COALESCE, self._flush)

    def _flush(self) -> None:
        self._picture_waits = False
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        subscription = self._subscription
        while subscription is not None and not self._paused and self._transport is not None and not self._transport.is_closing():
            items = subscription.take()
            if not items:
                return
            self._write(items)
            if isinstance(items[-1], End):
                self._transport.close()

    def _write(self, items: Sequence[AccessUnit | Control]) -> None:
        assert self._transport is not None, "asked by the callers"
        pieces = [encode_unit(item) if isinstance(item, AccessUnit) else encode_control(item) for item in items]
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._server.units += len(items)
        self._server.bytes += len(data)
        self._transport.write(data)

    def _malformed(self, reason: str) -> None:
        self._server.malformed += 1
        _log.warning("relay_malformed", reason=reason)
        self.abort()

    def _stalled(self) -> None:
        self._server.stalled += 1
        _log.warning("relay_stalled", seconds=STALL_DEADLINE)
        self.abort()


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
