"""Memory of held reloads: ``python -m tests.bench.edge_waiters [--viewers N]``.

Viewers are bare connections. Each asks for something small first and then holds one request: what the wait adds to an open connection
is one figure, what both cost together the other.
"""

import argparse
import asyncio
import resource
import tempfile
from pathlib import Path

import httpx
import psutil

from tests.bench.edge import Server, broadcast

AT_ONCE = 200


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewers", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=4)
    arguments = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * arguments.viewers + 1000)), hard))
    with tempfile.TemporaryDirectory() as name:
        async with broadcast(Path(name), 2_000) as (server, publisher):
            await measure(server, f"/hls/demo/video/media.m3u8?_HLS_msn={publisher.msn + 1}", arguments.viewers)
            # Memory must come back: the same again, many times, may not grow.
            first = resident(server)
            for _ in range(arguments.rounds):
                await hold(server, f"/hls/demo/video/media.m3u8?_HLS_msn={publisher.msn + 1}", arguments.viewers)
            # What is free is given back within a second or two of use.
            for _ in range(30):
                await asyncio.sleep(0.1)
                await waiting(server, 0)
            print(f"edge memory after {arguments.rounds} more rounds of as many: {(resident(server) - first) / 1024:+.0f} KiB", flush=True)


def resident(server: Server) -> int:
    used: int = psutil.Process(server.pid).memory_info().rss
    return used


async def measure(server: Server, path: str, viewers: int) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        await client.get("/hls/demo/video/media.m3u8")
        await client.get("/metrics")
    before = resident(server)
    idle, held = await hold(server, path, viewers)
    print(f"edge memory per open connection: {(idle - before) / viewers / 1024:.2f} KiB of {viewers}", flush=True)
    print(f"edge memory per held reload beside its connection: {(held - idle) / viewers / 1024:.2f} KiB (target 4.00)", flush=True)


async def hold(server: Server, path: str, viewers: int) -> tuple[int, int]:
    """Open ``viewers`` connections, hold a request on each, hang up; memory while they were idle and while they were held, in bytes."""
    port = int(server.url.rpartition(":")[2])
    headers = "Host: edge\r\nUser-Agent: player\r\nAccept-Encoding: gzip\r\n\r\n"
    streams: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def connect() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /healthz HTTP/1.1\r\n{headers}".encode())
        await reader.readuntil(b"ok\n")
        streams.append((reader, writer))

    for start in range(0, viewers, AT_ONCE):
        await asyncio.gather(*(connect() for _ in range(min(AT_ONCE, viewers - start))))
    idle = resident(server)
    for start in range(0, viewers, AT_ONCE):
        for _, writer in streams[start : start + AT_ONCE]:
            writer.write(f"GET {path} HTTP/1.1\r\n{headers}".encode())
        await asyncio.sleep(0.02)
    await waiting(server, viewers)
    held = resident(server)
    for _, writer in streams:
        writer.close()
    await waiting(server, 0)
    return idle, held


async def waiting(server: Server, count: int) -> None:
    async with asyncio.timeout(20), httpx.AsyncClient(base_url=server.url) as client:
        while f"fanlight_edge_waiting {count}.0" not in (await client.get("/metrics")).text:
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main())
