"""What a worker remembers of the window it announced: enough to announce it again, and to store segments. Pure."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from storage.bus.messages import EndEvent, InitEvent, PartEvent, SegmentEvent, StoredEvent, WindowEvent
from storage.bus.topics import part_key
from storage.model.ids import BroadcastId
from storage.model.rendition import RenditionName


@dataclass(slots=True)
class KeptSegment:
    """A segment as announced. ``data`` holds its parts' bytes by bus key, until they are of no use any more."""

    msn: int
    parts: list[PartEvent] = field(default_factory=list)
    complete: SegmentEvent | None = None
    stored: bool = False
    data: dict[str, bytes] = field(default_factory=dict)

    @property
    def whole(self) -> bytes | None:
        """The segment's bytes, while they are all here."""
        return b"".join(self.data.values()) if len(self.data) == len(self.parts) else None


class Retained:
    """The window, oldest first. ``seconds`` of segments are remembered, the bytes of those stored only for ``hot`` seconds."""

    def __init__(self, broadcast: BroadcastId, *, seconds: float, hot: float) -> None:
        self._broadcast = broadcast
        self._seconds = seconds
        self._hot = hot
        self._segments: dict[RenditionName, deque[KeptSegment]] = {name: deque() for name in RenditionName}
        self._entries: deque[tuple[str, int]] = deque()
        self._ended = False
        self.inits: dict[str, bytes] = {}
        self._init_numbers: dict[RenditionName, int] = {}

    def note(self, events: tuple[WindowEvent, ...], blobs: Mapping[str, bytes]) -> list[tuple[RenditionName, KeptSegment]]:
        """Events are about to be announced. Returns the segments that became complete by them."""
        complete: list[tuple[RenditionName, KeptSegment]] = []
        for event in events:
            match event:
                case PartEvent():
                    self._part(event, blobs)
                case SegmentEvent():
                    segment = self.find(event.rendition, event.msn)
                    if segment:
                        segment.complete = event
                        complete.append((event.rendition, segment))
                case StoredEvent():
                    segment = self.find(event.rendition, event.msn)
                    if segment:
                        segment.stored = True
                case InitEvent():
                    self._init_numbers[event.rendition] = event.init
                case EndEvent():
                    self._ended = True
        if complete:
            self._forget()
        return complete

    def find(self, rendition: RenditionName, msn: int) -> KeptSegment | None:
        """A segment that is remembered."""
        segments = self._segments[rendition]
        index = msn - segments[0].msn if segments else -1
        return segments[index] if 0 <= index < len(segments) else None

    def announced(self, entry: str) -> str | None:
        """A batch was announced as ``entry`` of the stream; returns the first entry that is still of use if others are not."""
        newest = max((segments[-1].msn for segments in self._segments.values() if segments), default=0)
        self._entries.append((entry, newest))
        oldest = min((segments[0].msn for segments in self._segments.values() if segments), default=0)
        useless = 0
        while len(self._entries) > 1 and self._entries[0][1] < oldest:
            self._entries.popleft()
            useless += 1
        return self._entries[0][0] if useless else None

    def again(self) -> tuple[tuple[WindowEvent, ...], dict[str, bytes]]:
        """Everything, as one batch for a stream that was lost."""
        self._entries.clear()
        events: list[WindowEvent] = [InitEvent(rendition=name, init=number) for name, number in self._init_numbers.items()]
        blobs: dict[str, bytes] = {}
        for name, segments in self._segments.items():
            for segment in segments:
                events += segment.parts
                blobs |= segment.data
                if segment.complete:
                    events.append(segment.complete)
                if segment.stored:
                    events.append(StoredEvent(rendition=name, msn=segment.msn))
        if self._ended:
            events.append(EndEvent())
        return tuple(events), blobs

    def incomplete_bytes(self) -> list[str]:
        """Keys of parts whose segments are not stored and whose bytes are not here: of another worker's time."""
        return [
            part_key(self._broadcast, name, segment.msn, part.part)
            for name, segments in self._segments.items()
            for segment in segments
            if not segment.stored
            for part in segment.parts
            if part_key(self._broadcast, name, segment.msn, part.part) not in segment.data
        ]

    def supply(self, found: Mapping[str, bytes]) -> list[tuple[RenditionName, KeptSegment]]:
        """Bytes of :meth:`incomplete_bytes`. Returns the complete segments that can now be stored."""
        ready: list[tuple[RenditionName, KeptSegment]] = []
        for name, segments in self._segments.items():
            for segment in segments:
                if segment.stored:
                    continue
                keys = [part_key(self._broadcast, name, segment.msn, part.part) for part in segment.parts]
                segment.data = {key: data for key in keys if (data := segment.data.get(key) or found.get(key)) is not None}
                if segment.complete and segment.whole is not None:
                    ready.append((name, segment))
        return ready

    def _part(self, event: PartEvent, blobs: Mapping[str, bytes]) -> None:
        segments = self._segments[event.rendition]
        if not segments or segments[-1].msn != event.msn:
            segments.append(KeptSegment(event.msn))
        segments[-1].parts.append(event)
        key = part_key(self._broadcast, event.rendition, event.msn, event.part)
        if key in blobs:
            segments[-1].data[key] = blobs[key]

    def _forget(self) -> None:
        for segments in self._segments.values():
            behind = 0.0
            for index in range(len(segments) - 1, -1, -1):
                segment = segments[index]
                if behind > self._hot and segment.stored:
                    if not segment.data:
                        break
                    segment.data = {}
                behind += sum(part.duration for part in segment.parts)
            total = sum(segment.complete.duration for segment in segments if segment.complete)
            while segments and segments[0].complete and total - segments[0].complete.duration > self._seconds:
                total -= segments[0].complete.duration
                segments.popleft()
