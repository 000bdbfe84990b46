"""A server between the checker and a real edge that spoils answers on purpose."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx


@dataclass
class Answer:
    """What the edge answered; all of it may be changed."""

    path: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_playlist(self) -> bool:
        return self.path.partition("?")[0].endswith(".m3u8")

    @property
    def is_part(self) -> bool:
        return self.path.endswith(".m4s") and self.path.rpartition("/")[2].count(".") == 2

    @property
    def is_segment(self) -> bool:
        return self.path.endswith(".m4s") and not self.is_part


@dataclass
class Fault:
    """``ask`` changes what is asked of the edge, ``spoil`` what it answered."""

    ask: Callable[[str], str] = field(default=lambda path: path)
    spoil: Callable[[Answer], None] = field(default=lambda _: None)
    delay: float = 0.0


@asynccontextmanager
async def spoiling(edge: str, fault: Fault) -> AsyncIterator[str]:
    """The address of a proxy before ``edge`` while the block runs."""
    limits = httpx.Limits(max_connections=200)
    async with httpx.AsyncClient(base_url=edge, timeout=30, limits=limits, headers={"accept-encoding": "identity"}) as client:
        serving: set[asyncio.Task[None] | None] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            serving.add(asyncio.current_task())
            with suppress(asyncio.IncompleteReadError, ConnectionError, httpx.TransportError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    await _exchange(client, fault, head, writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        # The checker has closed its connections by now, so these end by themselves.
        async with asyncio.timeout(30):
            await asyncio.gather(*(task for task in serving if task is not None))


async def _exchange(client: httpx.AsyncClient, fault: Fault, head: str, writer: asyncio.StreamWriter) -> None:
    method, path, _ = head.split(" ", 2)
    response = await client.request(method, fault.ask(path))
    kept = {name: value for name, value in response.headers.items() if name not in {"content-length", "connection", "transfer-encoding"}}
    answer = Answer(path, response.status_code, kept, response.content)
    if answer.is_playlist and answer.status == 200 and "gzip" in head.lower():
        answer.headers["content-encoding"] = "gzip"
    fault.spoil(answer)
    await asyncio.sleep(fault.delay if answer.is_playlist else 0)
    body = gzip.compress(answer.body) if answer.headers.get("content-encoding") == "gzip" else answer.body
    fields = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
    writer.write(f"HTTP/1.1 {answer.status} X\r\n{fields}content-length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
