"""Memory of held reloads: ``python -m tests.bench.edge_waiters [--viewers N]``.

Viewers are bare connections. Each asks for a few small things first, as players do, so that its buffers have been used, and then holds one
request: what the wait adds to an open connection is one figure, what both cost together the other. Then they are answered and ask
again, all of them, time and again, as players do for as long as they watch.
"""

import argparse
import asyncio
import resource
import tempfile
from pathlib import Path

import httpx
import psutil

from tests.bench.edge import Server, broadcast
from tests.edge.publisher import Publisher

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

AT_ONCE = 200
SMALL_REQUESTS = 4
HEADERS = "Host: edge\r\nUser-Agent: player\r\nAccept-Encoding: gzip\r\n\r\n"


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewers", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=4)
    arguments = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * arguments.viewers + 1000)), hard))
    with tempfile.TemporaryDirectory() as name:
        async with broadcast(Path(name), 2_000) as (server, publisher):
            await measure(server, publisher, arguments.viewers, arguments.rounds)


def resident(server: Server) -> int:
    used: int = psutil.Process(server.pid).memory_info().rss
    return used


async def measure(server: Server, publisher: Publisher, viewers: int, rounds: int) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        await client.get("/hls/demo/video/media.m3u8")
        await client.get("/metrics")
    before = await at_rest(server)
    streams = await connect(server, viewers)
    idle = await at_rest(server)
    await hold(server, publisher, streams)
    held = await at_rest(server)
    print(f"edge memory per open connection: {(idle - before) / viewers / 1024:.2f} KiB of {viewers}", flush=True)
    print(f"edge memory per held reload beside its connection: {(held - idle) / viewers / 1024:.2f} KiB (target 4.00)", flush=True)
    for _ in range(rounds):
        await answer(publisher, streams)
        await hold(server, publisher, streams)
    again = await at_rest(server)
    print(f"the same after {rounds} answers and reloads each: {(again - idle) / viewers / 1024:.2f} KiB (target 4.00)", flush=True)
    for _, writer in streams:
        writer.close()
    await waiting(server, 0)
    first = await at_rest(server)
    # Memory must come back: the same again, many times, may not grow.
    for _ in range(rounds):
        streams = await connect(server, viewers)
        await hold(server, publisher, streams)
        for _, writer in streams:
            writer.close()
        await waiting(server, 0)
    print(f"edge memory after {rounds} more rounds of as many: {(await at_rest(server) - first) / 1024:+.0f} KiB", flush=True)


async def at_rest(server: Server) -> int:
    """Memory in bytes, once what is free was given back: within a second or two of use."""
    for _ in range(30):
        await asyncio.sleep(0.1)
        async with httpx.AsyncClient(base_url=server.url) as client:
            await client.get("/healthz")
    return resident(server)


async def connect(server: Server, viewers: int) -> list[Stream]:
    port = int(server.url.rpartition(":")[2])
    streams: list[Stream] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(SMALL_REQUESTS):
            writer.write(f"GET /healthz HTTP/1.1\r\n{HEADERS}".encode())
            await reader.readuntil(b"ok\n")
        streams.append((reader, writer))

    for start in range(0, viewers, AT_ONCE):
        await asyncio.gather(*(one() for _ in range(min(AT_ONCE, viewers - start))))
    return streams


async def hold(server: Server, publisher: Publisher, streams: list[Stream]) -> None:
    """Ask on every connection for the playlist that has the segment after the current one."""
    request = f"GET /hls/demo/video/media.m3u8?_HLS_msn={publisher.msn + 1} HTTP/1.1\r\n{HEADERS}".encode()
    for start in range(0, len(streams), AT_ONCE):
        for _, writer in streams[start : start + AT_ONCE]:
            writer.write(request)
        await asyncio.sleep(0.02)
    await waiting(server, len(streams))


async def answer(publisher: Publisher, streams: list[Stream]) -> None:
    """Publish what they wait for, and read it."""
    await publisher.segments(2)
    for reader, _ in streams:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert head.startswith("http/1.1 200"), head
        await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))


async def waiting(server: Server, count: int) -> None:
    async with asyncio.timeout(20), httpx.AsyncClient(base_url=server.url) as client:
        while f"fanlight_edge_waiting {count}.0" not in (await client.get("/metrics")).text:
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main())
