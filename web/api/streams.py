"""Event streams (HTML section 9.2) of a record that is sent again when it changed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from quart import Response

from storage.model.errors import ErrorCode, FanlightError, Unavailable
from web.directory import Directory
from web.metrics import STREAMS as STREAMS_OPEN

HEARTBEAT_SECONDS = 15.0
STREAMS = 5000

Read = Callable[[], Awaitable[msgspec.Struct]]


class Streams:
    """At most ``STREAMS`` at a time. Nothing is queued: a slow reader skips to the newest state."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._open = 0

    async def open(self, read: Read) -> Response:
        """A stream of what ``read`` gives, now and whenever it gives something else.

        Raises:
            Unavailable: ``TOO_MANY_REQUESTS``; a page can ask from time to time instead.
            FanlightError: What ``read`` raises at first; later errors end the stream, and the page asks again.
        """
        if self._open >= STREAMS:
            raise Unavailable(ErrorCode.TOO_MANY_REQUESTS, "Too many pages follow this server's events.", retry_after=30)
        version = self._directory.version
        first = await read()
        response = Response(
            self._events(version, first, read),
            content_type="text/event-stream",
            headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        response.timeout = None
        return response

    async def _events(self, version: int, last: msgspec.Struct, read: Read) -> AsyncIterator[bytes]:
        self._open += 1
        STREAMS_OPEN.inc()
        try:
            yield b"retry: 2000\n\n" + _event(last)
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        version = await self._directory.beyond(version)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                try:
                    now = await read()
                except FanlightError:
                    return
                if now != last:
                    last = now
                    yield _event(now)
        finally:
            self._open -= 1
            STREAMS_OPEN.dec()


def _event(record: msgspec.Struct) -> bytes:
    return b"data: " + msgspec.json.encode(record) + b"\n\n"
