"""A viewer that checks every rule it can see while it puts announcements together, and decodes what it got."""

import io
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import av
import av.logging

from storage.bus.messages import EndEvent, InitEvent, PartEvent, SegmentEvent, StoredEvent, TrackInfo, WindowEvent
from storage.bus.topics import init_key, part_key
from storage.model.ids import BroadcastId, SessionId
from storage.model.media import Codec, TrackKind
from storage.model.rendition import RenditionName
from tests.transcoder.media import SECOND, Arrival
from transcoder.cmaf.track import AUDIO_RATE
from transcoder.cut import AAC_FRAME
from transcoder.lane import Timing
from transcoder.packager import Packager

TIMING = Timing(part_target=0.42, segment_target=2.0, target_duration=3)
BROADCAST = BroadcastId("b")
H264_AND_OPUS = (TrackInfo(kind=TrackKind.VIDEO, codec=Codec.H264), TrackInfo(kind=TrackKind.AUDIO, codec=Codec.OPUS, channels=2))


@dataclass
class Seen:
    """A part as announced, with its bytes."""

    event: PartEvent
    data: bytes
    at: int


@dataclass
class Rendition:
    parts: list[Seen] = field(default_factory=list)
    segments: list[SegmentEvent] = field(default_factory=list)
    inits: dict[int, bytes] = field(default_factory=dict)

    def of(self, msn: int) -> list[Seen]:
        return [seen for seen in self.parts if seen.event.msn == msn]

    @property
    def discontinuities(self) -> list[int]:
        return [seen.event.msn for seen in self.parts if seen.event.discontinuity]

    def runs(self) -> list[bytes]:
        """Init and parts of each stretch of one init segment."""
        runs: list[bytes] = []
        current = None
        for seen in self.parts:
            if seen.event.init != current:
                current = seen.event.init
                runs.append(self.inits[current])
            runs[-1] += seen.data
        return runs


class Viewer:
    def __init__(self, timing: Timing = TIMING) -> None:
        self.timing = timing
        self.renditions: dict[RenditionName, Rendition] = {name: Rendition() for name in RenditionName}
        self.ended = False

    @property
    def video(self) -> Rendition:
        return self.renditions[RenditionName.VIDEO]

    @property
    def audio(self) -> Rendition:
        return self.renditions[RenditionName.AUDIO]

    def take(self, events: list[WindowEvent], blobs: dict[str, bytes], now: int = 0) -> None:
        for event in events:
            assert not self.ended or isinstance(event, StoredEvent)
            match event:
                case InitEvent():
                    self.renditions[event.rendition].inits[event.init] = blobs[init_key(BROADCAST, event.rendition, event.init)]
                case PartEvent():
                    self._part(event, blobs[part_key(BROADCAST, event.rendition, event.msn, event.part)], now)
                case SegmentEvent():
                    self._segment(event)
                case EndEvent():
                    self.ended = True
                case StoredEvent():
                    pass

    def _part(self, event: PartEvent, data: bytes, now: int) -> None:
        rendition = self.renditions[event.rendition]
        assert len(data) == event.size
        assert event.init in rendition.inits
        assert 0 < event.duration <= self.timing.part_target + 1e-9
        assert event.msn == len(rendition.segments)
        assert event.part == len(rendition.of(event.msn))
        before = rendition.parts[-1] if rendition.parts else None
        if event.part and before:
            assert event.init == before.event.init
            assert not event.discontinuity
            assert event.discontinuity_sequence == before.event.discontinuity_sequence
            # Not the last of its segment, so the one before must be long enough.
            assert before.event.independent or before.event.duration >= 0.85 * self.timing.part_target
        elif before:
            assert event.discontinuity_sequence == before.event.discontinuity_sequence + event.discontinuity
            if event.init != before.event.init:
                assert event.discontinuity
        if event.rendition is RenditionName.VIDEO and event.part == 0:
            assert event.independent
        rendition.parts.append(Seen(event, data, now))

    def _segment(self, event: SegmentEvent) -> None:
        rendition = self.renditions[event.rendition]
        parts = rendition.of(event.msn)
        assert event.msn == len(rendition.segments)
        assert event.size == sum(len(part.data) for part in parts)
        assert abs(event.duration - sum(part.event.duration for part in parts)) < 1e-6
        assert round(event.duration) <= self.timing.target_duration
        rendition.segments.append(event)

    def check(self, *, frames: int = 1) -> None:
        """Both renditions agree: same discontinuities, same times for same numbers, the sound's at most ``frames`` of its own later."""
        assert self.video.discontinuities == self.audio.discontinuities
        starts = {seen.event.msn: seen.event.program_ms for seen in self.audio.parts if seen.event.part == 0}
        for seen in self.video.parts:
            if seen.event.part == 0 and seen.event.msn in starts:
                difference = starts[seen.event.msn] - seen.event.program_ms
                assert -2 <= difference <= 4 + frames * 1000 * AAC_FRAME / AUDIO_RATE, (seen.event.msn, difference)

    def pictures(self) -> list[tuple[float, int, tuple[int, int]]]:
        """Every frame as (seconds, mean luma of its middle row, size), decoded without a warning."""
        found: list[tuple[float, int, tuple[int, int]]] = []
        for run in self.video.runs():
            for frame in decode(run, "video"):
                row = bytes(frame.planes[0])[frame.planes[0].line_size * (frame.height // 2) :][: frame.width]
                found.append((float(frame.pts * frame.time_base), sum(row) // len(row), (frame.width, frame.height)))
        return found

    def sound(self) -> tuple[float, Sequence[float]]:
        """When the sound starts, and its left channel."""
        samples = array("f")
        start = None
        for run in self.audio.runs():
            for frame in decode(run, "audio"):
                start = float(frame.pts * frame.time_base) if start is None else start
                samples.frombytes(bytes(frame.planes[0])[: frame.samples * 4])
        assert start is not None
        return start, samples


def decode(data: bytes, kind: Literal["video", "audio"]) -> list[Any]:
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture() as logs, av.open(io.BytesIO(data), "r", format="mp4") as container:
            frames = list(container.decode(container.streams.best(kind)))
    finally:
        av.logging.set_level(None)
    # An encoder that is collected meanwhile complains that it was not flushed.
    warnings = [entry for entry in logs if entry[0] <= av.logging.WARNING and "left in the queue" not in entry[2]]
    assert not warnings, warnings
    return frames


def run(
    arrivals: list[Arrival],
    *,
    tracks: tuple[TrackInfo, ...] = H264_AND_OPUS,
    timing: Timing = TIMING,
    until: float | None = None,
    packager: Packager | None = None,
    viewer: Viewer | None = None,
    step: float = 0.05,
    finish: bool = True,
    session: str = "s.1",
) -> tuple[Viewer, Packager]:
    """Feed a packager in virtual time."""
    viewer = viewer or Viewer(timing)
    packager = packager or Packager(timing, BROADCAST, 0)
    now = arrivals[0].at if arrivals else 0
    packager.open(SessionId(session), tracks, now)
    end = round(until * SECOND) if until is not None else arrivals[-1].at
    tick = round(step * SECOND)
    due = now + tick

    def collect() -> None:
        taken = packager.take()
        if taken:
            viewer.take(taken[0].events, taken[0].blobs | taken[0].inits, now)

    for arrival in arrivals:
        while due < arrival.at:
            now = due
            packager.tick(now)
            collect()
            due += tick
        now = arrival.at
        packager.unit(arrival.unit, now)
        collect()
    while due <= end:
        now = due
        packager.tick(now)
        collect()
        due += tick
    if finish:
        packager.finish()
        collect()
        viewer.check()
    return viewer, packager
