"""A worker's connection to an ingest node's relay."""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

from ingest.frames import Control, FrameDecoder, FrameError, Hello, WantKeyframe, encode_control
from storage.model.errors import ErrorCode, Unavailable
from storage.model.media import AccessUnit

CONNECT_DEADLINE = 2.0

Receive = Callable[[Sequence[AccessUnit | Control]], None]


class RelayReader(asyncio.Protocol):
    """Frames of one session, as they come, to ``receive``; ``lost`` is set when the connection is over, for whatever reason."""

    def __init__(self, hello: Hello, receive: Receive) -> None:
        self._hello = hello
        self._receive = receive
        self._decoder = FrameDecoder()
        self._transport: asyncio.Transport | None = None
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say who we are and what we want."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(encode_control(self._hello))

    def connection_lost(self, error: Exception | None) -> None:
        """It is over."""
        del error
        self._transport = None
        self.lost.set()

    def data_received(self, data: bytes) -> None:
        """Frames came."""
        try:
            frames = self._decoder.feed(data)
        except FrameError:
            self.close()
            return
        if frames:
            self._receive(frames)

    def want_keyframe(self) -> None:
        """Ask the publisher for a keyframe; the node limits the rate."""
        if self._transport is not None:
            self._transport.write(encode_control(WantKeyframe()))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()


async def connect(relay: str, hello: Hello, receive: Receive) -> RelayReader:
    """Read a session from the relay at ``unix:/path`` or ``tcp:host:port``.

    Raises:
        Unavailable: ``NO_INGEST_NODE``; nobody listens there.
    """
    loop = asyncio.get_running_loop()
    scheme, _, address = relay.partition(":")
    try:
        async with asyncio.timeout(CONNECT_DEADLINE):
            if scheme == "unix":
                _, reader = await loop.create_unix_connection(lambda: RelayReader(hello, receive), address)
            else:
                host, _, port = address.rpartition(":")
                _, reader = await loop.create_connection(lambda: RelayReader(hello, receive), host.strip("[]"), int(port))
    except (OSError, ValueError, TimeoutError) as error:
        raise Unavailable(ErrorCode.NO_INGEST_NODE, "The ingest node's relay does not answer.", retry_after=0.2) from error
    return reader
