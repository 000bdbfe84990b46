"""What a source hands to the client: encoded frames with the moment each is due, in order."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from av.packet import Packet
from av.stream import Stream

from storage.model.media import Codec, TrackKind

EncodedPacket: TypeAlias = "Packet[Stream]"


@dataclass(frozen=True, slots=True)
class Sample:
    """An encoded frame. ``due`` is when it leaves, in seconds since the source began; the packet's pts says the same on its own clock."""

    kind: TrackKind
    due: float
    packet: EncodedPacket


class Source(Protocol):
    """Endless samples, encoded or read as they are asked for. Used by one thread at a time."""

    @property
    def codecs(self) -> dict[TrackKind, Codec]:
        """The tracks there are."""

    def samples(self, start_ns: int) -> Iterator[Sample]:
        """Begin. ``start_ns`` is the Unix time, in nanoseconds, at which ``due`` is zero."""

    def request_keyframe(self) -> None:
        """The next video frame should be a keyframe; may be called from another thread."""


def interleave(samples: Iterator[Sample], kinds: Sequence[TrackKind], limit: int = 400) -> Iterator[Sample]:
    """Put samples of several tracks into the order they are due, holding back at most ``limit`` of them."""
    waiting: dict[TrackKind, deque[Sample]] = {kind: deque() for kind in kinds}
    held = 0
    for sample in samples:
        waiting[sample.kind].append(sample)
        held += 1
        while held and (all(waiting.values()) or held > limit):
            yield min((queue for queue in waiting.values() if queue), key=lambda queue: queue[0].due).popleft()
            held -= 1
