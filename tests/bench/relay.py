"""What relaying costs: share of a core per broadcast of 80 access units a second, 2.5 Mbit/s, over a Unix socket.

Run: python -m tests.bench.relay
"""

import asyncio
import logging
import multiprocessing
import tempfile
import time
from pathlib import Path

import structlog
import uvloop

from ingest.feed import Feeds
from ingest.frames import Hello, encode_control
from ingest.relay import RelayServer
from storage.clock import SystemClock
from storage.model.ids import ChannelName, SessionId
from storage.model.media import AccessUnit, TrackKind
from storage.secrets import relay_token
from tests.ingest.packets import audio_track, video_track

BROADCASTS, SECONDS = 20, 8
SECRET = "s" * 32


def read(path: str) -> None:
    """Other processes' part: read everything."""

    async def one(number: int) -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        session = SessionId(f"node.{number}")
        hello = Hello(token=relay_token(SECRET, session, SystemClock()), channel=ChannelName("c"), session=session)
        writer.write(encode_control(hello))
        while await reader.read(1 << 20):
            pass
        writer.close()

    async def every() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(BROADCASTS):
                group.create_task(one(number))

    uvloop.run(every())


async def serve(path: Path) -> tuple[float, int]:
    feeds = Feeds()
    server = RelayServer(feeds.find, SECRET, SystemClock())
    opened = [feeds.open(SessionId(f"node.{number}"), (audio_track(), video_track()), lambda: None) for number in range(BROADCASTS)]
    process = multiprocessing.get_context("spawn").Process(target=read, args=(str(path),))
    async with server.serve(path=path):
        process.start()
        while len(server.connections) < BROADCASTS:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        began, cost = time.monotonic(), time.process_time()
        for tick in range(100 * SECONDS):
            await asyncio.sleep(max(0.0, began + tick / 100 - time.monotonic()))
            now = time.time_ns()
            for feed in opened:
                # 50 sounds and 30 pictures a second.
                if tick % 2 == 0:
                    feed.append(AccessUnit(TrackKind.AUDIO, tick + 1, tick * 480, now, True, True, bytes(160)))
                if tick * 3 // 10 != (tick - 1) * 3 // 10:
                    feed.append(AccessUnit(TrackKind.VIDEO, tick * 3 // 10 + 1, tick * 900, now, tick % 200 == 0, True, bytes(10_000)))
        spent = time.process_time() - cost
        units = server.units
    process.join(10)
    return spent / (time.monotonic() - began), units


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        share, units = uvloop.run(serve(Path(folder) / "relay.sock"))
    rate = units / BROADCASTS / SECONDS
    print(f"relay: {100 * share / BROADCASTS:.3f} % of a core a broadcast ({BROADCASTS} broadcasts, {rate:.0f} units/s each)")


if __name__ == "__main__":
    main()
