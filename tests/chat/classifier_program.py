"""An operator's classifier, as ``FANLIGHT_CLASSIFIER_URL`` names one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

HATE = b'{"scores": {"hate": 3, "spam": 0}}'


class Program:
    """An operator's classifier: a real HTTP server that answers what it is told to."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.answer = HATE
        self.status = "200 OK"
        self.silent = asyncio.Event()
        self.silent.set()
        self.url = ""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                self.asked.append(await reader.readexactly(length))
                await self.silent.wait()
                writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.answer)}\r\n\r\n".encode() + self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def die(self) -> None:
        """Be gone: its connections are cut, and nothing listens any more."""
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._server = server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/classify"
        async with server:
            yield
            self.silent.set()
