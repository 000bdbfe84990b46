"""What our publisher tells of when its frames were captured."""

import asyncio
from collections.abc import Iterator
from fractions import Fraction
from statistics import median

import pytest

from ingest.outgoing.client import Publisher
from ingest.outgoing.pattern import Pattern
from ingest.outgoing.sample import Sample
from storage.clock import SystemClock
from storage.model.media import Codec, TrackKind
from tests.ingest.rig import Rig

pytestmark = pytest.mark.real_time
LATE = 0.3
"""Seconds a busy machine takes for each picture."""


class LatePictures(Pattern):
    def samples(self, start_ns: int) -> Iterator[Sample]:
        pictures: list[Sample] = []
        for sample in super().samples(start_ns):
            if sample.kind is TrackKind.VIDEO:
                pictures.append(sample)
                continue
            while pictures and pictures[0].due + LATE <= sample.due:
                yield pictures.pop(0)
            yield sample


async def test_pictures_that_leave_late_are_as_old_as_the_sound_they_belong_to(rig: Rig) -> None:
    source = LatePictures(width=160, height=90, fps=Fraction(30), codec=Codec.H264, bitrate=100_000)
    publisher = Publisher(rig.url, rig.key, source, SystemClock(), lambda _event: None)
    stop = asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(publisher.run(stop))
        session = await rig.live()
        feed = rig.ingest.feeds.find(session.who.session)
        assert feed is not None
        while sum(unit.aligned for unit in feed.units if unit.kind is TrackKind.VIDEO) < 30:
            await asyncio.sleep(0.05)
        aligned = [unit for unit in feed.units if unit.aligned]
        stop.set()
    await rig.over()

    lasts = {TrackKind.VIDEO: 1 / 30, TrackKind.AUDIO: 0.02}
    began = {
        kind: median(unit.capture_ns / 1e9 - (unit.sequence - 1) * seconds for unit in aligned if unit.kind is kind)
        for kind, seconds in lasts.items()
    }
    assert abs(began[TrackKind.VIDEO] - began[TrackKind.AUDIO]) < 0.03
