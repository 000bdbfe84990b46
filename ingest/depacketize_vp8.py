"""VP8 payloads (RFC 7741) into frames. Pure."""

from ingest.depacketize import UNIT_LIMIT, Emit
from ingest.rtp import Arrived

_START_CODE = b"\x9d\x01\x2a"


def payload_offset(packet: bytes, start: int, end: int) -> int:
    """Where the VP8 data begins behind the payload descriptor (section 4.2), or 0 where the descriptor does not fit."""
    position = start + 1
    if packet[start] & 0x80:
        if position >= end:
            return 0
        extension = packet[position]
        position += 1
        if extension & 0x80:
            if position >= end:
                return 0
            position += 2 if packet[position] & 0x80 else 1
        if extension & 0x40:
            position += 1
        if extension & 0x30:
            position += 1
    return position if position < end else 0


class Vp8Depacketizer:
    """See :class:`ingest.depacketize.Depacketizer`."""

    __slots__ = (
        "_arrival_ns",
        "_broken",
        "_emit",
        "_keyframe",
        "_parts",
        "_size",
        "_timestamp",
        "discarded",
        "height",
        "invalid",
        "waiting",
        "width",
    )

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._parts: list[bytes] = []
        self._size = 0
        self._timestamp = -1
        self._arrival_ns = 0
        self._keyframe = False
        self._broken = False
        self.waiting = True
        self.discarded = 0
        self.invalid = 0
        self.width = 0
        self.height = 0

    @property
    def receiving_keyframe(self) -> bool:
        """See :meth:`Depacketizer.receiving_keyframe`."""
        return self._keyframe and bool(self._parts)

    def push(self, arrived: Arrived) -> None:
        """See :meth:`Depacketizer.push`."""
        packet, start, end, timestamp, marker, arrival_ns = arrived
        if start == end:
            return
        parts = self._parts
        if timestamp != self._timestamp:
            if parts:
                self._finish()
            self._timestamp = timestamp
            self._arrival_ns = arrival_ns
            self._size = 0
            self._broken = False
        elif self._broken:
            return
        begin = payload_offset(packet, start, end)
        # S set in partition 0: the frame's first packet (section 4.2).
        first = packet[start] & 0x17 == 0x10
        self._size += end - begin
        if not begin or self._size > UNIT_LIMIT or (first and (parts or not self._begin(packet, begin, end))):
            self._spoil()
        elif not first and not parts:
            # Its first packet was lost, or never sent.
            self._broken = True
            self.waiting = True
        else:
            parts.append(packet[begin:end])
            if marker:
                self._finish()
                self._broken = True

    def lost(self, count: int) -> None:
        """See :meth:`Depacketizer.lost`."""
        del count
        if self._parts:
            self.discarded += 1
            self._parts.clear()
        self._broken = True
        self.waiting = True

    def starts_keyframe(self, packet: bytes, start: int, end: int) -> bool:
        """See :meth:`Depacketizer.starts_keyframe`."""
        if start >= end or packet[start] & 0x17 != 0x10:
            return False
        begin = payload_offset(packet, start, end)
        return bool(begin) and not packet[begin] & 1

    def _begin(self, packet: bytes, begin: int, end: int) -> bool:
        """The frame tag and, for a keyframe, the start code and the size (RFC 6386 section 9.1)."""
        self._keyframe = not packet[begin] & 1
        if self._keyframe:
            if end - begin < 10 or packet[begin + 3 : begin + 6] != _START_CODE:
                return False
            self.width = (packet[begin + 6] | packet[begin + 7] << 8) & 0x3FFF
            self.height = (packet[begin + 8] | packet[begin + 9] << 8) & 0x3FFF
        return True

    def _finish(self) -> None:
        parts = self._parts
        if self._keyframe or not self.waiting:
            self.waiting = False
            self._emit(b"".join(parts), self._timestamp, self._keyframe, self._arrival_ns)
        else:
            self.discarded += 1
        parts.clear()

    def _spoil(self) -> None:
        self.invalid += 1
        self.discarded += 1
        self._parts.clear()
        self._broken = True
        self.waiting = True
