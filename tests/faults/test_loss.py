"""Sound and picture stay together on a path that loses packets."""

import asyncio
import dataclasses
import re
from fractions import Fraction

import pytest

from ingest.outgoing.client import Publisher
from ingest.outgoing.http import Answer
from ingest.outgoing.pattern import Pattern
from storage.clock import SystemClock
from storage.model.media import Codec
from tests.e2e import analysis
from tests.e2e.probe import Probe
from tests.fixtures.platform import Platform
from tests.ingest.path import BadPath, open_path

pytestmark = [pytest.mark.faults, pytest.mark.timeout(150)]
LOSS = 0.03
SECONDS = 62.0


class _Detoured(Publisher):
    """A publisher that is told the bad path's port as the server's."""

    path: BadPath

    async def _ask(self, method: str, url: str, body: bytes | None = None, content_type: str = "") -> Answer:
        answer = await super()._ask(method, url, body, content_type)
        if method != "POST":
            return answer
        detour = re.sub(rb"(a=candidate:\S+ 1 udp \d+) \S+ \d+ typ host", rb"\1 127.0.0.1 %d typ host" % self.path.port, answer.body)
        return dataclasses.replace(answer, body=detour)


async def _publish(platform: Platform) -> tuple[Probe, int]:
    media = ("127.0.0.1", int(platform.instance.variables["FANLIGHT_MEDIA_PORT"]))
    source = Pattern(width=640, height=360, fps=Fraction(30), codec=Codec.H264, bitrate=800_000)
    stop = asyncio.Event()
    async with open_path(media, delay=0.02) as path:
        _Detoured.path = path
        publisher = _Detoured(platform.whip, platform.key, source, SystemClock(), lambda _event: None)
        async with asyncio.TaskGroup() as group:
            group.create_task(publisher.run(stop))
            await asyncio.to_thread(platform.wait_for_state, "live")
            path.loss = LOSS
            with Probe(platform.hls) as probe:
                await asyncio.sleep(SECONDS)
                path.loss = 0
                stop.set()
                await asyncio.to_thread(probe.wait_for_end, 15)
        return probe, path.dropped


async def test_sound_and_picture_are_within_40_ms_after_a_minute_of_three_percent_loss(platform: Platform) -> None:
    probe, dropped = await _publish(platform)
    skews = analysis.skews(probe.video, probe.audio)

    assert dropped > 50
    assert len(skews) > 50
    assert max(abs(skew) for _, skew in skews[:5]) <= 40, skews[:5]
    assert max(abs(skew) for _, skew in skews[-5:]) <= 40, skews[-5:]
    assert analysis.missing_msns(probe.video) == []
    assert analysis.lost_content(probe.video) <= 500
    assert analysis.stall(probe.video, hold_back=1.2) < 1
