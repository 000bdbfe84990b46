"""What the edge holds of one broadcast: its window, its rendered playlists, its parts' bytes and who waits for the next of each."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence

from storage.bus.messages import BroadcastInfo, InitEvent, PartEvent, StoredEvent, WindowBatch
from storage.bus.topics import init_key, part_key
from storage.model.rendition import RenditionName
from transcoder.hls.playlist import PARTS_LISTED, init_uri, part_uri, render_multivariant
from transcoder.hls.window import LiveWindow, Position, Segment
from web.edge import answers
from web.edge.answers import Answer, CacheRules, Playlist
from web.edge.audience import Audience
from web.edge.gate import Gate, Hall, Left
from web.edge.rendition import RenditionDelivery

Hot = MutableMapping[str, "RenditionDelivery | Answer"]
"""What can be answered by one look: a playlist's rendition or a whole response, by path."""

KEPT = 2 * PARTS_LISTED
"""Parts stay in memory until their segment is stored and this many target durations old: three after they are last listed (6.2.2)."""


class LiveBroadcast:
    """One broadcast, fed by its follower with batches and the bytes of their parts."""

    def __init__(self, info: BroadcastInfo, hall: Hall, hot: Hot, audience: Audience) -> None:
        self.info = info
        self.rules = CacheRules(info.target_duration)
        self.window = LiveWindow(seconds=info.window, part_target=info.part_target, on_removed=self._removed)
        self.parts_missing = 0
        self._hot = hot
        self._folder = f"/hls/{info.channel}"
        self._index: Playlist | None = None
        self._bytes: dict[RenditionName, dict[int, dict[int, bytes]]] = {name: {} for name in RenditionName}
        self._inits: dict[tuple[RenditionName, int], Answer] = {}
        self._parts: dict[RenditionName, Gate[tuple[int, int], Answer]] = {name: Gate(hall) for name in RenditionName}
        self.deliveries = {
            name: RenditionDelivery(name, info, window=self.window, gate=Gate(hall), audience=audience) for name in RenditionName
        }

    def update(self, info: BroadcastInfo) -> None:
        """Take over what the broadcast's register says now."""
        if info.renditions != self.info.renditions:
            self._index = None
        self.info = info

    # What is asked for.

    def multivariant(self) -> Playlist | None:
        """The multivariant playlist; nothing while no rendition can be played."""
        if self._index is None and self.info.renditions:
            self._index = answers.playlist(render_multivariant(self.info), self.rules.plain)
        return self._index

    def may_have(self, rendition: RenditionName) -> bool:
        """Whether there is or may yet be such a rendition: what the broadcast has is said before it can be played."""
        named = [info.name for info in self.info.renditions]
        return not named or rendition in named or self.window.rendition(rendition) is not None

    def part(self, rendition: RenditionName, msn: int, part: int) -> Answer | Position:
        """A part's bytes from memory, or how it stands: ``READY`` means that it is listed but not here."""
        data = self._bytes[rendition].get(msn, {}).get(part)
        if data is not None:
            return self.part_answer(rendition, data)
        return self.window.part_position(rendition, msn, part)

    def part_gate(self, rendition: RenditionName) -> Gate[tuple[int, int], Answer]:
        """Where requests for the hinted part wait."""
        return self._parts[rendition]

    def part_answer(self, rendition: RenditionName, data: bytes) -> Answer:
        """A part's response."""
        kind = answers.AUDIO_SEGMENT_TYPE if rendition is RenditionName.AUDIO else answers.SEGMENT_TYPE
        return answers.media(data, kind, self.rules.part)

    def init(self, rendition: RenditionName, init: int) -> Answer | None:
        """An init segment, if it is in memory."""
        return self._inits.get((rendition, init))

    def segment(self, rendition: RenditionName, msn: int) -> Segment | None:
        """A listed and complete segment."""
        window = self.window.rendition(rendition)
        segment = window.find(msn) if window else None
        return segment if segment and segment.complete and not segment.gap else None

    def joined(self, rendition: RenditionName, segment: Segment) -> bytes | None:
        """A segment's bytes, if all of its parts are in memory."""
        parts = self._bytes[rendition].get(segment.msn, {})
        if len(parts) != len(segment.parts):
            return None
        return b"".join(parts[number] for number in range(len(segment.parts)))

    def just_removed(self, rendition: RenditionName, msn: int) -> bool:
        """Whether a segment left the window so lately that its address must still work (section 6.2.2)."""
        window = self.window.rendition(rendition)
        return window is not None and 0 < window.media_sequence - msn <= len(window.segments) + 1

    # What comes in.

    def wanted(self, batches: Sequence[WindowBatch]) -> list[str]:
        """Keys of the bytes to fetch before ``batches`` may be seen: those of parts and inits not here that may be asked for."""
        stored = {(event.rendition, event.msn) for event in _events(batches) if isinstance(event, StoredEvent)}
        oldest = self._oldest_wanted(batches)
        keys: dict[str, None] = {}
        for event in _events(batches):
            if isinstance(event, PartEvent):
                if (event.rendition, event.init) not in self._inits:
                    keys[init_key(self.info.broadcast, event.rendition, event.init)] = None
                young = event.msn >= oldest[event.rendition] or (event.rendition, event.msn) not in stored
                if young and not event.gap and event.part not in self._bytes[event.rendition].get(event.msn, {}):
                    keys[part_key(self.info.broadcast, event.rendition, event.msn, event.part)] = None
            elif isinstance(event, InitEvent) and (event.rendition, event.init) not in self._inits:
                keys[init_key(self.info.broadcast, event.rendition, event.init)] = None
        return list(keys)

    def take(self, batches: Sequence[WindowBatch], blobs: Mapping[str, bytes | None]) -> None:
        """Make batches visible, with the bytes found for them."""
        for event in _events(batches):
            if isinstance(event, PartEvent):
                self._take_init(event.rendition, event.init, blobs)
                self._take_part(event, blobs)
            elif isinstance(event, InitEvent):
                self._take_init(event.rendition, event.init, blobs)
        changed: set[RenditionName] = set()
        for batch in batches:
            changed |= self.window.apply(batch)
        if not changed:
            return
        # Each playlist reports where the others are, so all of them changed.
        for name, delivery in self.deliveries.items():
            if name in self.window.renditions:
                self._hot[f"{self._folder}/{name}/media.m3u8"] = delivery
            delivery.changed()
        for name in changed:
            self._settle_parts(name)
            self._let_go(name)

    def retire(self) -> None:
        """Make way for the channel's next broadcast: whoever waits is to look again, media stays."""
        for name, delivery in self.deliveries.items():
            path = f"{self._folder}/{name}/media.m3u8"
            if self._hot.get(path) is delivery:
                del self._hot[path]
        self.dismiss(Left.RETRY)

    def dismiss(self, outcome: Left) -> None:
        """End every wait."""
        for name, delivery in self.deliveries.items():
            delivery.gate.settle_all(outcome)
            self._parts[name].settle_all(outcome)

    def close(self) -> None:
        """Let go of everything."""
        self.retire()
        for name in RenditionName:
            for msn in tuple(self._bytes[name]):
                self._drop(name, msn)
        for name, init in self._inits:
            self._hot.pop(self._path(name, init_uri(init)), None)
        self._inits.clear()

    def expire(self, now: float) -> None:
        """End the waits whose deadline is over."""
        for name, delivery in self.deliveries.items():
            delivery.gate.expire(now)
            self._parts[name].expire(now)

    @property
    def memory(self) -> int:
        """Bytes of parts held."""
        return sum(len(part) for segments in self._bytes.values() for parts in segments.values() for part in parts.values())

    def _path(self, rendition: RenditionName, name: str) -> str:
        return f"{self._folder}/{rendition}/{self.info.broadcast}/{name}"

    def _take_init(self, rendition: RenditionName, init: int, blobs: Mapping[str, bytes | None]) -> None:
        data = blobs.get(init_key(self.info.broadcast, rendition, init))
        if data and (rendition, init) not in self._inits:
            self.keep_init(rendition, init, data)

    def keep_init(self, rendition: RenditionName, init: int, data: bytes) -> Answer:
        """Hold an init segment for as long as the broadcast."""
        kind = answers.AUDIO_INIT_TYPE if rendition is RenditionName.AUDIO else answers.INIT_TYPE
        answer = answers.media(data, kind, CacheRules.IMMUTABLE)
        self._inits[rendition, init] = self._hot[self._path(rendition, init_uri(init))] = answer
        return answer

    def _take_part(self, event: PartEvent, blobs: Mapping[str, bytes | None]) -> None:
        held = self._bytes[event.rendition].get(event.msn, {})
        if event.gap or event.part in held or self.window.part_position(event.rendition, event.msn, event.part) is Position.GONE:
            return
        key = part_key(self.info.broadcast, event.rendition, event.msn, event.part)
        if key not in blobs:
            return
        data = blobs[key]
        if data is None or len(data) != event.size:
            self.parts_missing += 1
            return
        self._bytes[event.rendition].setdefault(event.msn, {})[event.part] = data
        self._hot[self._path(event.rendition, part_uri(event.msn, event.part))] = self.part_answer(event.rendition, data)

    def _settle_parts(self, rendition: RenditionName) -> None:
        gate = self._parts[rendition]
        for key in gate.wanted():
            found = self.part(rendition, *key)
            if isinstance(found, Answer):
                gate.settle(key, found)
            elif found is not Position.NOT_YET:
                gate.settle(key, Left.RETRY)

    def _let_go(self, rendition: RenditionName) -> None:
        window = self.window.renditions[rendition]
        held = self._bytes[rendition]
        behind = 0.0
        for segment in reversed(window.segments):
            if behind > KEPT * self.info.target_duration and segment.stored and segment.msn in held:
                self._drop(rendition, segment.msn)
            behind += segment.duration
        for msn in [msn for msn in held if msn < window.media_sequence]:
            self._drop(rendition, msn)

    def _removed(self, rendition: RenditionName, segment: Segment) -> None:
        self._drop(rendition, segment.msn)

    def _drop(self, rendition: RenditionName, msn: int) -> None:
        for part in self._bytes[rendition].pop(msn, {}):
            self._hot.pop(self._path(rendition, part_uri(msn, part)), None)

    def _oldest_wanted(self, batches: Sequence[WindowBatch]) -> dict[RenditionName, int]:
        reach = (PARTS_LISTED + 1) * self.info.target_duration
        behind = dict.fromkeys(RenditionName, 0.0)
        oldest = dict.fromkeys(RenditionName, 0)
        for batch in reversed(batches):
            for event in reversed(batch.events):
                if isinstance(event, PartEvent) and behind[event.rendition] <= reach:
                    behind[event.rendition] += event.duration
                    oldest[event.rendition] = event.msn
        return oldest


def _events(batches: Iterable[WindowBatch]) -> Iterator[object]:
    for batch in batches:
        yield from batch.events
