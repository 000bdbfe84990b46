"""Opus payloads (RFC 7587): one packet, one unit. Pure."""

from ingest.depacketize import Emit
from ingest.rtp import Arrived

_FRAME_TICKS = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4
_PACKET_TICKS = 5760


def packet_ticks(packet: bytes, start: int, end: int) -> int:
    """Duration in 1/48000 s from the table-of-contents byte, or 0 where the packet is not Opus (RFC 6716 section 3)."""
    if start >= end:
        return 0
    toc = packet[start]
    code = toc & 3
    if code < 2:
        frames = code + 1
    elif code == 2:
        frames = 2 if end - start >= 2 else 0
    else:
        frames = packet[start + 1] & 0x3F if end - start >= 2 else 0
    ticks = frames * _FRAME_TICKS[toc >> 3]
    return ticks if ticks <= _PACKET_TICKS else 0


class OpusDepacketizer:
    """See :class:`ingest.depacketize.Depacketizer`. Every packet stands for itself, so nothing is ever waited for."""

    __slots__ = ("_emit", "discarded", "height", "invalid", "waiting", "width")

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.waiting = False
        self.discarded = 0
        self.invalid = 0
        self.width = 0
        self.height = 0

    @property
    def receiving_keyframe(self) -> bool:
        """See :meth:`Depacketizer.receiving_keyframe`."""
        return False

    def push(self, arrived: Arrived) -> None:
        """See :meth:`Depacketizer.push`. The marker only starts a talkspurt (RFC 7587 section 4.1)."""
        packet, start, end, timestamp, _, arrival_ns = arrived
        if start == end:
            return
        if packet_ticks(packet, start, end):
            self._emit(packet[start:end], timestamp, True, arrival_ns)
        else:
            self.invalid += 1
            self.discarded += 1

    def lost(self, count: int) -> None:
        """See :meth:`Depacketizer.lost`."""
        self.discarded += count

    def starts_keyframe(self, packet: bytes, start: int, end: int) -> bool:
        """See :meth:`Depacketizer.starts_keyframe`."""
        del packet, start, end
        return False
