"""From the publisher's POST to the first part a viewer has: ``python -m tests.bench.first_part [--runs N]``."""

import argparse
import asyncio
import time
from fractions import Fraction

import httpx

from ingest.outgoing.client import Publisher
from ingest.outgoing.http import Answer
from ingest.outgoing.pattern import Pattern
from storage.clock import SystemClock
from storage.model.media import Codec
from tests.bench.load import QUIET, median
from tests.e2e.playlist import parse
from tests.fixtures.platform import Platform, running_platform


class _Timed(Publisher):
    """A publisher that remembers when it asked."""

    posted = 0.0

    async def _ask(self, method: str, url: str, body: bytes | None = None, content_type: str = "") -> Answer:
        if method == "POST":
            type(self).posted = time.monotonic()
        return await super()._ask(method, url, body, content_type)


async def first_part(platform: Platform, codec: Codec) -> float:
    """Seconds from the POST until the first part of a new broadcast is downloaded."""
    source = Pattern(width=1280, height=720, fps=Fraction(30), codec=codec, bitrate=2_500_000)
    stop = asyncio.Event()
    publisher = _Timed(platform.whip, platform.key, source, SystemClock(), lambda _event: None)
    async with asyncio.TaskGroup() as group, httpx.AsyncClient(timeout=10) as client:
        group.create_task(publisher.run(stop))
        media = platform.hls.replace("index.m3u8", "video/media.m3u8")
        while True:
            answer = await client.get(media)
            parts = parse(answer.text, media) if answer.status_code == 200 and "#EXT-X-ENDLIST" not in answer.text else None
            if parts and parts.items and (await client.get(parts.items[0].uri)).status_code == 200:
                lasted = time.monotonic() - _Timed.posted
                stop.set()
                return lasted
            await asyncio.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with running_platform(**QUIET) as platform:
        time.sleep(2)
        for codec in (Codec.H264, Codec.VP8):
            times = []
            for _ in range(runs):
                times.append(asyncio.run(first_part(platform, codec)))
                platform.wait_for_state("ended", "offline")
            print(f"POST to first playable part, {codec}: {median(times):.2f} s (longest {max(times):.2f})")


if __name__ == "__main__":
    main()
