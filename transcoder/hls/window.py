"""The live window: what a playlist shows of a broadcast now, built from the events on its window stream.

Whoever applies the same events sees the same window, wherever in the stream it began to listen: segments leave by a rule
over what came after them, not by a clock. Nothing here ever goes back, whatever is announced twice.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum

from storage.bus.messages import EndEvent, InitEvent, PartEvent, SegmentEvent, StoredEvent, WindowBatch, WindowEvent
from storage.model.rendition import RenditionName

MICROSECONDS = 1_000_000


class Position(Enum):
    """How what a client asked for stands to what there is."""

    READY = "ready"
    """It is there (for a playlist: that, or anything later)."""
    NOT_YET = "not yet"
    """It will be there soon: hold the request."""
    TOO_FAR = "too far"
    """It is further ahead than a client may ask (section 6.2.5.2)."""
    GONE = "gone"
    """It was there, or never will be: its place in the sequence is behind us."""
    BAD = "bad"
    """No playlist can ever have it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a segment. ``duration`` in seconds, ``size`` in bytes; a ``gap`` has neither bytes nor an address worth asking."""

    duration: float
    size: int
    independent: bool
    gap: bool


@dataclass(slots=True)
class Segment:
    """A segment, open while ``complete`` is false. ``duration`` in seconds and ``size`` in bytes, of its parts so far."""

    msn: int
    init: int
    program_ms: int
    discontinuity: bool
    discontinuity_sequence: int
    parts: list[Part] = field(default_factory=list)
    duration: float = 0.0
    size: int = 0
    complete: bool = False
    stored: bool = False

    @property
    def gap(self) -> bool:
        """Whether media of this segment is missing."""
        return any(part.gap for part in self.parts)


@dataclass(slots=True)
class RenditionWindow:
    """One rendition's window, oldest segment first. ``version`` rises whenever its low-latency playlist changes.

    ``next_msn`` is the number of the next segment to begin, ``discontinuities`` how many there were up to the newest segment.
    """

    name: RenditionName
    segments: list[Segment] = field(default_factory=list)
    init: int = 0
    ended: bool = False
    version: int = 0
    next_msn: int = 0
    discontinuities: int = 0

    @property
    def media_sequence(self) -> int:
        """``EXT-X-MEDIA-SEQUENCE``: the number of the first segment listed, or that the next one will have."""
        return self.segments[0].msn if self.segments else self.next_msn

    @property
    def discontinuity_sequence(self) -> int:
        """``EXT-X-DISCONTINUITY-SEQUENCE``: how many discontinuities were removed with the segments before the first one listed."""
        if not self.segments:
            return self.discontinuities
        first = self.segments[0]
        return first.discontinuity_sequence - first.discontinuity

    @property
    def open_segment(self) -> Segment | None:
        """The segment still growing at the end."""
        return self.segments[-1] if self.segments and not self.segments[-1].complete else None

    @property
    def next_part(self) -> tuple[int, int]:
        """MSN and index of the part to come."""
        growing = self.open_segment
        return (growing.msn, len(growing.parts)) if growing else (self.next_msn, 0)

    @property
    def last_part(self) -> tuple[int, int] | None:
        """MSN and index of the newest part; nothing while there is none."""
        return (self.segments[-1].msn, len(self.segments[-1].parts) - 1) if self.segments else None

    def find(self, msn: int) -> Segment | None:
        """The listed segment with this number. Numbers are without holes, so this is one look."""
        index = msn - self.media_sequence
        return self.segments[index] if 0 <= index < len(self.segments) else None


class LiveWindow:
    """Applies window batches and answers where a client stands. ``seconds`` of complete segments are kept at least.

    ``on_removed`` is told every segment that leaves the window.
    """

    def __init__(self, *, seconds: float, part_target: float, on_removed: Callable[[RenditionName, Segment], None] | None = None) -> None:
        self.renditions: dict[RenditionName, RenditionWindow] = {}
        self.ended = False
        self._keep = round(seconds * MICROSECONDS)
        self._part_limit = -int(-3 // part_target) if part_target < 1 else 3
        self._on_removed = on_removed

    def apply(self, batch: WindowBatch) -> set[RenditionName]:
        """Take in one batch whole and return the renditions whose low-latency playlist it changed. What is known changes nothing."""
        changed: set[RenditionName] = set()
        for event in batch.events:
            changed.update(self._apply(event))
        for name in changed:
            window = self.renditions[name]
            self._trim(window)
            window.version += 1
        return changed

    def rendition(self, name: RenditionName) -> RenditionWindow | None:
        """A rendition's window once something was announced of it."""
        return self.renditions.get(name)

    def position(self, name: RenditionName, msn: int, part: int | None = None) -> Position:
        """Where a playlist request with ``_HLS_msn`` and maybe ``_HLS_part`` stands (section 6.2.5.2).

        The draft leaves two things open: an open parent counts as the last segment, and the part limit counts from the last
        part published, or from the first part of a segment not begun.
        """
        if msn < 0 or (part is not None and part < 0):
            return Position.BAD
        window = self.renditions.get(name)
        if window is None:
            return Position.READY if self.ended else Position.NOT_YET
        if window.ended:
            return Position.READY
        last_msn, last_part = window.last_part or (window.media_sequence - 1, -1)
        if msn > last_msn + 2:
            return Position.TOO_FAR
        if part is not None and part > (last_part if msn == last_msn else 0) + self._part_limit and msn >= last_msn:
            return Position.TOO_FAR
        if msn > last_msn:
            return Position.NOT_YET
        if msn < last_msn:
            # A segment was begun behind it, so it is complete or gone; a part beyond its end stands for part 0 of the next one.
            return Position.READY
        if part is None:
            return Position.READY if window.open_segment is None else Position.NOT_YET
        return Position.READY if part <= last_part else Position.NOT_YET

    def part_position(self, name: RenditionName, msn: int, part: int) -> Position:
        """Where a request for a part's bytes stands. Only the hinted one is ``NOT_YET``; others are ``GONE`` or ``TOO_FAR``."""
        window = self.renditions.get(name)
        if window is None:
            return Position.TOO_FAR
        segment = window.find(msn)
        if segment is not None and part < len(segment.parts):
            return Position.READY
        if (msn, part) < window.next_part:
            return Position.GONE
        if window.ended:
            return Position.GONE
        return Position.NOT_YET if (msn, part) == window.next_part else Position.TOO_FAR

    def _apply(self, event: WindowEvent) -> Iterable[RenditionName]:
        match event:
            case PartEvent():
                return self._part(event)
            case SegmentEvent():
                return self._segment(event)
            case InitEvent():
                window = self._open(event.rendition)
                if event.init > window.init:
                    window.init = event.init
                    return (event.rendition,)
            case StoredEvent():
                window = self._open(event.rendition)
                segment = window.find(event.msn)
                if segment is not None:
                    segment.stored = True
            case EndEvent():
                return self._end()
        return ()

    def _open(self, name: RenditionName) -> RenditionWindow:
        return self.renditions.setdefault(name, RenditionWindow(name))

    def _part(self, event: PartEvent) -> Iterable[RenditionName]:
        window = self._open(event.rendition)
        if window.ended or (event.msn, event.part) < window.next_part:
            return ()
        growing = window.open_segment
        if growing is None or event.msn != growing.msn:
            if event.part != 0:
                return self._forget(window, event.msn + 1)
            if event.msn != window.media_sequence + len(window.segments):
                self._forget(window, event.msn)
            elif growing is not None:
                growing.complete = True
            growing = Segment(event.msn, event.init, event.program_ms, event.discontinuity, event.discontinuity_sequence)
            window.segments.append(growing)
            window.next_msn = event.msn + 1
        elif event.part != len(growing.parts):
            return self._forget(window, event.msn + 1)
        window.init = max(window.init, event.init)
        window.discontinuities = event.discontinuity_sequence
        growing.parts.append(Part(event.duration, event.size, event.independent, event.gap))
        growing.duration += event.duration
        growing.size += event.size
        return (event.rendition,)

    def _segment(self, event: SegmentEvent) -> Iterable[RenditionName]:
        growing = self._open(event.rendition).open_segment
        if growing is None or growing.msn != event.msn:
            return ()
        growing.complete = True
        growing.duration = event.duration
        growing.size = event.size
        return (event.rendition,)

    def _forget(self, window: RenditionWindow, next_msn: int) -> Iterable[RenditionName]:
        # A hole: a playlist can't have one, so what was before it goes and the next whole segment begins it anew.
        changed = (window.name,) if window.segments else ()
        for segment in window.segments:
            self._removed(window, segment)
        window.segments.clear()
        window.next_msn = max(window.next_msn, next_msn)
        return changed

    def _end(self) -> Iterable[RenditionName]:
        if self.ended:
            return ()
        self.ended = True
        for window in self.renditions.values():
            if window.open_segment is not None:
                window.open_segment.complete = True
            window.ended = True
        return tuple(self.renditions)

    def _trim(self, window: RenditionWindow) -> None:
        kept = 0
        for index in range(len(window.segments) - 1, -1, -1):
            if kept >= self._keep:
                for segment in window.segments[: index + 1]:
                    self._removed(window, segment)
                del window.segments[: index + 1]
                return
            if window.segments[index].complete:
                kept += round(window.segments[index].duration * MICROSECONDS)

    def _removed(self, window: RenditionWindow, segment: Segment) -> None:
        if self._on_removed is not None:
            self._on_removed(window.name, segment)
