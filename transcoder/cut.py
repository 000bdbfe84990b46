"""Where parts and segments end. Pure, in integer ticks of the track's own clock.

RFC 8216bis section 4.4.4.9: no part is longer than PART-TARGET, none is shorter than 85 % of it but the last of a segment and
those holding a keyframe. Section 4.4.3.1: no segment rounds to more than TARGETDURATION. Segments begin with a keyframe.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from storage.model import part_rule
from storage.model.part_rule import SHORTEST_PERCENT, frames_per_part
from transcoder.cmaf.track import VIDEO_RATE

AAC_FRAME = part_rule.AAC_FRAME


SLIVER = 0.2
"""Seconds. hls.js takes a segment for buffered when no more than this is missing at its end; a last part that is shorter may never
be loaded, and the player stands still. Whoever chooses where a segment ends keeps its last part longer."""


class Obstacle(StrEnum):
    """Why a stream can't be cut as it is."""

    GAP = "a frame stands longer than a part can be"
    KEYFRAME = "no keyframe comes in time for the next segment"
    ORDER = "frames are not in the order they are shown in"


class CannotPass(Exception):
    """The sample that was pushed can't be cut by the rule; the cutter is as it was before it."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle)
        self.obstacle = obstacle


@dataclass(frozen=True, slots=True)
class Sample:
    """An encoded frame at its presentation time. ``sequence`` is the relay's, or 0 where we encoded it."""

    pts: int
    keyframe: bool
    payload: bytes
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Samples that go out together, shown from ``start`` to ``end``. ``closes`` where it is its segment's last."""

    samples: Sequence[Sample]
    start: int
    end: int
    closes: bool

    @property
    def durations(self) -> list[int]:
        """Of each sample; their sum is ``end - start``."""
        times = [sample.pts for sample in self.samples]
        return [after - before for before, after in zip(times, [*times[1:], self.end], strict=True)]

    @property
    def independent(self) -> bool:
        """Whether there is a keyframe in it (section 4.4.4.9, INDEPENDENT)."""
        return any(sample.keyframe for sample in self.samples)


@dataclass(frozen=True, slots=True)
class CutRule:
    """Bounds in ticks. ``shift`` is how far a frame may be moved in time so that a part can end at it."""

    part: int
    least: int
    segment: int
    earliest: int
    longest: int
    shift: int

    @staticmethod
    def of(part_target: float, segment_target: float, target_duration: int, rate: int = VIDEO_RATE) -> "CutRule":
        """The rule for declared durations in seconds."""
        part = int(part_target * rate)
        return CutRule(
            part=part,
            least=-(-part * SHORTEST_PERCENT // 100) + 1,
            segment=int(segment_target * rate),
            earliest=int(segment_target * rate * 0.75),
            longest=target_duration * rate,
            shift=part * 3 // 8,
        )


class VideoCutter:
    """Cuts one video track. ``push`` takes frames in order; a part is known when the frame behind it comes."""

    def __init__(self, rule: CutRule) -> None:
        self._rule = rule
        self._pending: list[Sample] = []
        self._interval = 0
        self._inside = False
        self.segment_start = 0
        self.part_start = 0

    @property
    def is_open(self) -> bool:
        """Whether a segment is open that has something in it not yet handed out."""
        return bool(self._pending)

    @property
    def interval(self) -> int:
        """Smoothed time between frames in ticks, 0 while unknown."""
        return self._interval

    @property
    def last_pts(self) -> int:
        """Of the newest frame pushed (moved or not)."""
        return self._pending[-1].pts if self._pending else self.part_start

    def reopen(self, segment_start: int, part_start: int) -> None:
        """Go on inside a segment whose parts up to ``part_start`` are out."""
        self._pending = []
        self._inside = part_start > segment_start
        self.segment_start, self.part_start = segment_start, part_start

    def begin(self, sample: Sample) -> None:
        """Open a segment with a keyframe; or go on in a reopened one with a frame that is shown from where its last part ended."""
        if self._inside:
            sample = replace(sample, pts=self.part_start)
        else:
            self.segment_start = self.part_start = sample.pts
        self._pending = [sample]
        self._inside = False

    def push(self, sample: Sample) -> list[Part]:
        """Take the next frame; return the parts that end before it.

        Raises:
            CannotPass: with the reason; the frame was not taken.
        """
        last = self._pending[-1]
        if sample.pts <= last.pts:
            raise CannotPass(Obstacle.ORDER)
        parts, pending, start, moved = self._fit(sample)
        length = sample.pts - self.segment_start
        if length >= self._rule.longest + (self._rule.part if sample.keyframe else 0):
            raise CannotPass(Obstacle.KEYFRAME)
        gap = sample.pts - last.pts
        self._interval += (gap - self._interval) // 8 if self._interval else gap
        if sample.keyframe and length >= self._rule.earliest:
            parts.append(Part(pending, start, moved.pts, closes=True))
            pending, start = [], moved.pts
            self.segment_start = moved.pts
        elif self._ends_here(moved.pts - start):
            parts.append(Part(pending, start, moved.pts, closes=False))
            pending, start = [], moved.pts
        self._pending, self.part_start = [*pending, moved], start
        return parts

    def finish(self, end: int) -> tuple[list[Part], int]:
        """Close the open segment at ``end``, or earlier where the last frame can't stand that long. Returns the parts and the real end."""
        if not self._pending:
            return [], self.part_start
        end = max(end, self._pending[-1].pts + 1)
        parts: list[Part] = []
        pending, start = self._pending, self.part_start
        while end - start > self._rule.part:
            index = self._boundary(pending, start)
            if index is None:
                end = max(start + self._rule.part, pending[-1].pts + 1)
                break
            parts.append(Part(pending[:index], start, pending[index].pts, closes=False))
            start, pending = pending[index].pts, pending[index:]
        parts.append(Part(pending, start, end, closes=True))
        self._pending, self.part_start, self.segment_start = [], end, end
        return parts, end

    def _ends_here(self, length: int) -> bool:
        return length >= self._rule.least and length + self._interval > self._rule.part

    def _boundary(self, pending: Sequence[Sample], start: int) -> int | None:
        """Index of the last frame at which a part from ``start`` may end by the rule."""
        for index in range(len(pending) - 1, 0, -1):
            if self._rule.least <= pending[index].pts - start <= self._rule.part:
                return index
        return None

    def _fit(self, sample: Sample) -> tuple[list[Part], list[Sample], int, Sample]:
        """Cut what must end before ``sample``, moving at most one frame each time so that a boundary falls where it is allowed."""
        parts: list[Part] = []
        pending, start = self._pending, self.part_start
        while sample.pts - start > self._rule.part:
            index = self._boundary(pending, start)
            if index is None:
                later = start + self._rule.least - pending[-1].pts if len(pending) > 1 else self._rule.shift + 1
                earlier = sample.pts - start - self._rule.part
                if min(later, earlier) > self._rule.shift:
                    raise CannotPass(Obstacle.GAP)
                if earlier <= later:
                    sample = replace(sample, pts=start + self._rule.part)
                    break
                index = len(pending) - 1
                pending = [*pending[:-1], replace(pending[-1], pts=start + self._rule.least)]
            parts.append(Part(pending[:index], start, pending[index].pts, closes=False))
            start, pending = pending[index].pts, pending[index:]
        return parts, pending, start, sample


class AudioCutter:
    """Cuts an AAC track in step with video: a segment ends at the first frame boundary at or behind the video's.

    ``frames`` of a part are as many as fit. ``push`` and ``boundary`` take what is known, ``drain`` returns what is decided.
    """

    def __init__(self, part_target: float, start: int) -> None:
        self._frames_per_part = frames_per_part(part_target)
        self._pending: deque[bytes] = deque()
        self._cuts: deque[int] = deque()
        self.part_start = self.segment_start = start

    @property
    def end(self) -> int:
        """Up to where there are frames."""
        return self.part_start + len(self._pending) * AAC_FRAME

    @property
    def wanted(self) -> int:
        """Up to where there must be frames for the next part."""
        full = self.part_start + self._frames_per_part * AAC_FRAME
        return min(full, self._cuts[0]) if self._cuts else full

    def reopen(self, segment_start: int, part_start: int) -> None:
        """Go on inside a segment whose parts up to ``part_start`` are out."""
        self.segment_start, self.part_start = segment_start, part_start

    def push(self, payload: bytes) -> None:
        """The next frame, behind :attr:`end`."""
        self._pending.append(payload)

    def boundary(self, at: int) -> int:
        """A segment ends at tick ``at`` or at the frame boundary behind it. Returns that boundary."""
        last = self._cuts[-1] if self._cuts else self.segment_start
        frames = max(1, -(-(at - last) // AAC_FRAME))
        self._cuts.append(max(last + frames * AAC_FRAME, self.part_start + AAC_FRAME))
        return self._cuts[-1]

    def drain(self, known: int) -> list[Part]:
        """The parts that are whole and that no boundary yet to come, all being behind tick ``known``, can fall into."""
        parts: list[Part] = []
        while True:
            end = self.wanted
            closes = bool(self._cuts) and self._cuts[0] == end
            if self.end < end or (not self._cuts and end > known):
                return parts
            parts.append(self._part(end, closes=closes))
            if closes:
                self._cuts.popleft()
                self.segment_start = end

    def _part(self, end: int, *, closes: bool) -> Part:
        start = self.part_start
        samples = [Sample(pts, keyframe=True, payload=self._pending.popleft()) for pts in range(start, end, AAC_FRAME)]
        self.part_start = end
        return Part(samples, start, end, closes=closes)
