"""What our publisher tells of when its frames were captured."""

import asyncio
from collections.abc import Iterable, Iterator
from fractions import Fraction
from statistics import median

import pytest

from ingest.outgoing.client import Publisher
from ingest.outgoing.pattern import Pattern
from ingest.outgoing.sample import Sample
from storage.clock import SystemClock
from storage.model.media import CLOCK_RATE, AccessUnit, Codec, TrackKind
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


def _on_one_clock(units: Iterable[AccessUnit]) -> list[AccessUnit]:
    """Units that came when both tracks had been reported of. The first report may be a second ahead of the other.

    The pictures just after it, whose time does not go back, are left out.
    """
    aligned = [unit for unit in units if unit.aligned]
    both = max((next((at for at, unit in enumerate(aligned) if unit.kind is kind), len(aligned)) for kind in TrackKind), default=0)
    pictures = [at for at, unit in enumerate(aligned) if at >= both and unit.kind is TrackKind.VIDEO]
    catching_up = round(LATE * 30) + 2
    return aligned[pictures[catching_up] :] if len(pictures) > catching_up else []


async def test_pictures_that_leave_late_are_as_old_as_the_sound_they_belong_to(rig: Rig) -> None:
    source = LatePictures(width=160, height=90, fps=Fraction(30), codec=Codec.H264, bitrate=100_000)
    publisher = Publisher(rig.url, rig.key, source, SystemClock(), lambda _event: None)
    stop = asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(publisher.run(stop))
        session = await rig.live()
        feed = rig.ingest.feeds.find(session.who.session)
        assert feed is not None
        aligned: list[AccessUnit] = []
        while sum(unit.kind is TrackKind.VIDEO for unit in aligned) < 30:
            await asyncio.sleep(0.05)
            aligned = _on_one_clock(feed.units)
        stop.set()
    await rig.over()

    rates = {TrackKind.VIDEO: CLOCK_RATE[Codec.H264], TrackKind.AUDIO: CLOCK_RATE[Codec.OPUS]}
    began = {
        kind: median(unit.capture_ns / 1e9 - unit.ticks / rate for unit in aligned if unit.kind is kind) for kind, rate in rates.items()
    }
    assert abs(began[TrackKind.VIDEO] - began[TrackKind.AUDIO]) < 0.03
