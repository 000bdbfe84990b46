"""H.264 payloads (RFC 6184, packetization modes 0 and 1) into Annex B access units. Pure."""

from ingest.depacketize import UNIT_LIMIT, Emit
from ingest.h264 import DELIMITER, FU_A, IDR, PPS, SLICE, SPS, STAP_A, parameter_set_id, picture_size
from ingest.rtp import Arrived

_START_CODE = b"\x00\x00\x00\x01"
_FRAGMENT_START = tuple(_START_CODE + bytes((header,)) for header in range(256))
_HAS_SLICE, _HAS_IDR, _HAS_SPS, _HAS_PPS = 1, 2, 4, 8
_FLAG = {SLICE: _HAS_SLICE, 2: _HAS_SLICE, IDR: _HAS_SLICE | _HAS_IDR, SPS: _HAS_SPS, PPS: _HAS_PPS}


class H264Depacketizer:
    """See :class:`ingest.depacketize.Depacketizer`. The parameter sets last seen are put in front of a keyframe that lacks them."""

    __slots__ = (
        "_arrival_ns",
        "_broken",
        "_done",
        "_emit",
        "_flags",
        "_fragment",
        "_gap",
        "_parts",
        "_pps",
        "_size",
        "_sps",
        "_timestamp",
        "_trust_marker",
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
        self._flags = 0
        self._timestamp = -1
        self._arrival_ns = 0
        self._fragment = False
        self._broken = False
        self._done = False
        self._gap = True
        self._trust_marker = True
        self._sps: dict[int, bytes] = {}
        self._pps: dict[int, bytes] = {}
        self.waiting = True
        self.discarded = 0
        self.invalid = 0
        self.width = 0
        self.height = 0

    @property
    def receiving_keyframe(self) -> bool:
        """See :meth:`Depacketizer.receiving_keyframe`."""
        return bool(self._parts and self._flags & (_HAS_IDR | _HAS_SPS))

    def push(self, arrived: Arrived) -> None:
        """See :meth:`Depacketizer.push`."""
        packet, start, end, timestamp, marker, arrival_ns = arrived
        if start == end:
            return
        if timestamp != self._timestamp:
            self._open(packet, start, end, timestamp, arrival_ns)
        elif self._done:
            self._after_marker(packet, start, end)
            return
        if self._broken:
            return
        self._size += end - start
        if self._size > UNIT_LIMIT or not self._take(packet, start, end):
            self._spoil()
        elif marker and self._trust_marker:
            if self._fragment:
                self._spoil()
            elif self._flags & _HAS_SLICE:
                self._finish()
                self._done = True

    def lost(self, count: int) -> None:
        """See :meth:`Depacketizer.lost`."""
        del count
        if self._parts:
            self.discarded += 1
        self._drop()
        self._gap = True
        self.waiting = True

    def starts_keyframe(self, packet: bytes, start: int, end: int) -> bool:
        """See :meth:`Depacketizer.starts_keyframe`: an access unit that starts with a sequence parameter set."""
        if start >= end:
            return False
        kind = packet[start] & 31
        if kind == STAP_A and start + 3 < end:
            kind = packet[start + 3] & 31
        return kind == SPS

    def _open(self, packet: bytes, start: int, end: int, timestamp: int, arrival_ns: int) -> None:
        """A new timestamp: the unit before it is over."""
        if self._parts:
            if self._fragment:
                self._spoil()
            else:
                self._finish()
        self._timestamp = timestamp
        self._arrival_ns = arrival_ns
        self._size = 0
        self._flags = 0
        self._fragment = False
        self._done = False
        self._broken = False
        if self._gap:
            # Behind a hole only these tell that nothing of the same unit was in the hole (H.264 section 7.4.1.2.3).
            self._gap = False
            kind = packet[start] & 31
            if not (self.starts_keyframe(packet, start, end) or kind == DELIMITER):
                self._broken = True

    def _take(self, packet: bytes, start: int, end: int) -> bool:
        """False where the payload can't stand here (RFC 6184 section 5.4)."""
        kind = packet[start] & 31
        if kind == FU_A:
            return self._add_fragment(packet, start, end)
        if self._fragment:
            return False
        if kind == STAP_A:
            return self._add_aggregate(packet, start + 1, end)
        if not 0 < kind < STAP_A:
            return False
        self._add(packet[start:end])
        return True

    def _add_fragment(self, packet: bytes, start: int, end: int) -> bool:
        """RFC 6184 section 5.8."""
        if end - start < 3:
            return False
        fragment = packet[start + 1]
        if fragment & 0x80:
            if self._fragment or fragment & 0x40:
                return False
            kind = fragment & 31
            self._fragment = True
            self._flags |= _FLAG.get(kind, 0)
            self._parts.append(_FRAGMENT_START[packet[start] & 0xE0 | kind])
        elif not self._fragment:
            return False
        elif fragment & 0x40:
            self._fragment = False
        self._parts.append(packet[start + 2 : end])
        return True

    def _add(self, nal: bytes) -> None:
        kind = nal[0] & 31
        flag = _FLAG.get(kind, 0)
        self._flags |= flag
        if flag & (_HAS_SPS | _HAS_PPS):
            self._remember(kind, nal)
        self._parts.append(_START_CODE)
        self._parts.append(nal)

    def _add_aggregate(self, packet: bytes, position: int, end: int) -> bool:
        """RFC 6184 section 5.7.1."""
        if position >= end:
            return False
        while position < end:
            if position + 2 > end:
                return False
            size = packet[position] << 8 | packet[position + 1]
            position += 2
            if not size or position + size > end or not 0 < packet[position] & 31 < STAP_A:
                return False
            self._add(packet[position : position + size])
            position += size
        return True

    def _remember(self, kind: int, nal: bytes) -> None:
        number = parameter_set_id(nal)
        if number is None:
            return
        if kind == PPS:
            if number < 256:
                self._pps[number] = nal
        elif number < 32 and self._sps.get(number) != nal:
            self._sps[number] = nal
            self.width, self.height = picture_size(nal) or (0, 0)

    def _finish(self) -> None:
        flags = self._flags
        parts = self._parts
        if flags & _HAS_SLICE:
            keyframe = bool(flags & _HAS_IDR)
            if keyframe and flags & (_HAS_SPS | _HAS_PPS) != _HAS_SPS | _HAS_PPS:
                parts[:0] = [piece for nal in (*self._sps.values(), *self._pps.values()) for piece in (_START_CODE, nal)]
                keyframe = bool(self._sps and self._pps)
                if not keyframe:
                    self.waiting = True
            if keyframe or not self.waiting:
                self.waiting = False
                self._emit(b"".join(parts), self._timestamp, keyframe, self._arrival_ns)
            else:
                self.discarded += 1
        parts.clear()

    def _after_marker(self, packet: bytes, start: int, end: int) -> None:
        """The marker was set before the unit's end, which RFC 6184 section 5.1 warns of: from now on only timestamps count."""
        kind = packet[start] & 31
        if kind == FU_A and start + 1 < end:
            kind = packet[start + 1] & 31
        elif kind == STAP_A and start + 3 < end:
            kind = packet[start + 3] & 31
        if kind in (SLICE, 2, IDR):
            self._trust_marker = False
            self.waiting = True
            self._broken = True

    def _spoil(self) -> None:
        self.invalid += 1
        self.discarded += 1
        self._drop()
        self._broken = True
        self.waiting = True

    def _drop(self) -> None:
        self._parts.clear()
        self._fragment = False
        self._done = False
        self._broken = True
        self._size = 0
