"""A rendition as it is announced: numbers for segments, parts and init segments, discontinuities, and bit rates. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from storage.bus.messages import InitEvent, PartEvent, RenditionInfo, SegmentEvent, WindowEvent
from storage.bus.topics import init_key, part_key
from storage.model.ids import BroadcastId
from storage.model.rendition import RenditionName
from transcoder.checkpoint import RenditionMark, TrackAnchor
from transcoder.cmaf.fragment import fragment
from transcoder.cut import Part


@dataclass(slots=True)
class Outbox:
    """What is to be announced together: events in order, and the bytes they name by bus key."""

    events: list[WindowEvent] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    inits: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """What the multivariant playlist says of a rendition besides bit rates."""

    codecs: str
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    channels: int = 0


class RenditionWriter:
    """Turns one rendition's parts into announcements.

    Args:
        broadcast: whose rendition it is.
        name: which one.
        rate: ticks a second of its parts.
        outbox: where announcements go.
        breaks: numbers of segments that follow a discontinuity, shared by both renditions so that they agree.
        program_ns: the capture time, in Unix nanoseconds, of a presentation time in nanoseconds.
        mark: how far another worker got.
    """

    def __init__(
        self,
        broadcast: BroadcastId,
        name: RenditionName,
        rate: int,
        *,
        outbox: Outbox,
        breaks: set[int],
        program_ns: Callable[[int], int],
        mark: RenditionMark | None = None,
    ) -> None:
        self._broadcast = broadcast
        self._name = name
        self._rate = rate
        self._outbox = outbox
        self._breaks = breaks
        self._program_ns = program_ns
        self.look = Look("")
        self.msn = mark.msn if mark else 0
        self.part = mark.part if mark else 0
        self.end = mark.end if mark else 0
        self._segment_start = mark.segment_start if mark else 0
        self._init = mark.init if mark else -1
        self._digest = mark.digest if mark else b""
        self._discontinuities = mark.discontinuities if mark else 0
        self._segment_bytes = mark.segment_bytes if mark else 0
        self._peak = mark.peak if mark else 0
        self._bits = mark.bits if mark else 0
        self._ticks = mark.ticks if mark else 0

    @property
    def in_segment(self) -> bool:
        """Whether parts of a segment are out that is not complete."""
        return self.part > 0

    def use_init(self, data: bytes, look: Look) -> bool:
        """Parts to come need this init segment. Returns whether it is another than before."""
        self.look = look
        digest = sha256(data).digest()[:8]
        if digest == self._digest:
            return False
        self._digest = digest
        self._init += 1
        self._outbox.inits[init_key(self._broadcast, self._name, self._init)] = data
        self._outbox.events.append(InitEvent(rendition=self._name, init=self._init))
        return True

    def would_change(self, data: bytes, look: Look) -> bool:
        """Whether this init segment is another than the one in use; takes the look where it is not."""
        if sha256(data).digest()[:8] != self._digest:
            return True
        self.look = look
        return False

    def break_here(self) -> None:
        """The next segment follows a discontinuity, in all renditions."""
        self._breaks.add(self.msn)

    def write(self, part: Part, *, all_sync: bool = False) -> None:
        """Announce a part, and its segment where it closes it."""
        payloads = [sample.payload for sample in part.samples]
        sync = None if all_sync else [sample.keyframe for sample in part.samples]
        data = fragment(self.msn << 8 | self.part & 0xFF, part.start, payloads, part.durations, sync)
        discontinuity = self.part == 0 and self.msn in self._breaks
        if self.part == 0:
            self._segment_start = part.start
            self._segment_bytes = 0
            self._discontinuities += discontinuity
        self._outbox.blobs[part_key(self._broadcast, self._name, self.msn, self.part)] = data
        self._outbox.events.append(
            PartEvent(
                rendition=self._name,
                msn=self.msn,
                part=self.part,
                duration=(part.end - part.start) / self._rate,
                size=len(data),
                independent=all_sync or part.independent,
                init=self._init,
                program_ms=self._program_ns(part.start * 1_000_000_000 // self._rate) // 1_000_000,
                discontinuity=discontinuity,
                discontinuity_sequence=self._discontinuities,
            )
        )
        self.part += 1
        self.end = part.end
        self._segment_bytes += len(data)
        self._bits += 8 * len(data)
        self._ticks += part.end - part.start
        if part.closes:
            self.close()

    def close(self) -> None:
        """The open segment is complete with the parts it has."""
        ticks = self.end - self._segment_start
        event = SegmentEvent(rendition=self._name, msn=self.msn, duration=ticks / self._rate, size=self._segment_bytes)
        self._outbox.events.append(event)
        # A peak is measured over at least half a target duration (Apple's authoring rule 1.28); a shorter rest says nothing.
        if ticks >= self._rate:
            self._peak = max(self._peak, 8 * self._segment_bytes * self._rate // ticks)
        self.msn += 1
        self.part = 0

    @property
    def info(self) -> RenditionInfo:
        """What the multivariant playlist says of it, bit rates as measured so far.

        A player reads it once, while a live encoder's peak may be yet to come, so BANDWIDTH is a quarter above the highest seen.
        """
        average = self._bits * self._rate // self._ticks if self._ticks else 0
        look = self.look
        return RenditionInfo(
            name=self._name,
            codecs=look.codecs,
            bandwidth=max(self._peak, average) * 5 // 4,
            average_bandwidth=average,
            width=look.width,
            height=look.height,
            frame_rate=look.frame_rate,
            channels=look.channels,
        )

    def mark(self, after: int, anchor: TrackAnchor | None) -> RenditionMark:
        """How far it is announced."""
        return RenditionMark(
            msn=self.msn,
            part=self.part,
            segment_start=self._segment_start,
            end=self.end,
            after=after,
            anchor=anchor,
            init=self._init,
            digest=self._digest,
            discontinuities=self._discontinuities,
            segment_bytes=self._segment_bytes,
            peak=self._peak,
            bits=self._bits,
            ticks=self._ticks,
        )
