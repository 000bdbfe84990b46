"""What the parts a probe kept show: delay, lost content, stalls, and how far sound and picture are apart."""

import io
import itertools
import statistics
from dataclasses import dataclass

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from ingest.outgoing import stamp
from tests.e2e.probe import Received, Watched


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: when it is shown on the media timeline, the time it shows, and when its part came (milliseconds)."""

    pts_ms: float
    shown_ms: int | None
    arrived_ms: float
    size: tuple[int, int]


Run = list[Received]
"""Parts without a discontinuity, a new init segment or a hole between them."""


def runs(watched: Watched) -> list[Run]:
    """Cut what was received where the timeline breaks."""
    result: list[Run] = []
    for item in watched.received:
        if not item.data:
            continue
        before = result[-1][-1].listed if result else None
        if before is None or item.listed.discontinuity or item.listed.init != before.init or item.listed.msn > before.msn + 1:
            result.append([])
        result[-1].append(item)
    return result


def missing_msns(watched: Watched) -> list[int]:
    """Media sequence numbers between the first and the last that never came."""
    seen = {item.listed.msn for item in watched.received}
    return sorted(set(range(min(seen), max(seen) + 1)) - seen) if seen else []


def discontinuities(watched: Watched) -> int:
    """Discontinuities met, the first segment's not counted."""
    return sum(item.listed.discontinuity for item in watched.received[1:])


def pictures(watched: Watched) -> list[list[Picture]]:
    """The decoded pictures of each run."""
    return [_pictures(run, watched.inits[run[0].listed.init]) for run in runs(watched)]


def _pictures(run: Run, init: bytes) -> list[Picture]:
    with av.open(io.BytesIO(init + b"".join(item.data for item in run)), "r", format="mp4") as container:
        frames = [frame for frame in container.decode(video=0) if isinstance(frame, VideoFrame) and frame.time is not None]
    if not frames:
        return []
    ends = list(itertools.accumulate(item.listed.duration for item in run))
    start = frames[0].time or 0.0
    found, index = [], 0
    for frame in frames:
        moment = frame.time or 0.0
        while index + 1 < len(ends) and moment - start > ends[index] - 0.005:
            index += 1
        plane = frame.planes[0]
        shown = stamp.read(bytes(plane), frame.width, frame.height, plane.line_size)
        found.append(Picture(moment * 1000, shown, run[index].arrived_ms, (frame.width, frame.height)))
    return found


def beeps(watched: Watched) -> list[list[float]]:
    """Of each run, when beeps begin, in milliseconds of the media timeline."""
    return [_beeps(run, watched.inits[run[0].listed.init]) for run in runs(watched)]


def _beeps(run: Run, init: bytes) -> list[float]:
    onsets: list[float] = []
    quiet = 0
    with av.open(io.BytesIO(init + b"".join(item.data for item in run)), "r", format="mp4") as container:
        resampler = av.AudioResampler("s16", "mono", 48_000)
        for frame in container.decode(audio=0):
            assert isinstance(frame, AudioFrame)
            for piece in resampler.resample(frame):
                assert piece.pts is not None
                assert piece.time_base is not None
                base = float(piece.pts * piece.time_base) * 1000
                for number, value in enumerate(memoryview(bytes(piece.planes[0])).cast("h")[: piece.samples]):
                    if abs(value) < 1500:
                        quiet += 1
                    else:
                        if quiet > 24_000:
                            onsets.append(base + number / 48)
                        quiet = 0
    return onsets


def skews(video: Watched, audio: Watched) -> list[tuple[float, float]]:
    """Of each beep of a broadcast of the test pattern, its place on the timeline and by how much it sounds too late, in milliseconds.

    Beeps belong to whole seconds, and every picture tells how the timeline maps to the publisher's clock.
    """
    found = []
    for run, onsets in zip(pictures(video), beeps(audio), strict=False):
        anchors = [(picture.pts_ms, picture.shown_ms - picture.pts_ms) for picture in run if picture.shown_ms is not None]
        for onset in onsets:
            near = [offset for pts, offset in anchors if abs(pts - onset) < 1000]
            if near:
                found.append((onset, (onset + statistics.median(near) + 500) % 1000 - 500))
    return found


def delays(watched: Watched) -> list[float]:
    """Of each part, from the moment its last picture was due at the publisher until the part was here, in milliseconds."""
    last: dict[float, int] = {}
    for run in pictures(watched):
        for picture in run:
            if picture.shown_ms is not None:
                last[picture.arrived_ms] = max(last.get(picture.arrived_ms, 0), picture.shown_ms)
    return [arrived - shown for arrived, shown in last.items()]


def lost_content(watched: Watched) -> float:
    """The longest step between the times two successive pictures show, in milliseconds."""
    shown = [picture.shown_ms for run in pictures(watched) for picture in run if picture.shown_ms is not None]
    return max((later - earlier for earlier, later in itertools.pairwise(shown)), default=0.0)


def stall(watched: Watched, *, hold_back: float) -> float:
    """Seconds a player stands still that keeps ``hold_back`` seconds from the live edge and never catches up."""
    received = [item for item in watched.received if item.data]
    starts = [0.0, *itertools.accumulate(item.listed.duration for item in received)]
    first = next((n for n, start in enumerate(starts[1:]) if start >= hold_back), len(received))
    stalled = 0.0
    for n in range(first + 1, len(received)):
        due = received[first].arrived_ms / 1000 + starts[n] + stalled
        stalled += max(0.0, received[n].arrived_ms / 1000 - due)
    return stalled
