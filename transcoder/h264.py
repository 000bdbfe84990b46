"""H.264 as bytes: NAL units, parameter sets, slice types, and the form MP4 wants. Pure.

Sections are of ITU-T H.264 (08/2021) unless another document is named.
"""

from dataclasses import dataclass

_START = b"\x00\x00\x01"
_SLICE, _IDR, _SPS, _PPS = 1, 5, 7, 8
# Access unit delimiter, end of sequence, end of stream and filler carry no picture (section 7.4.1.2.3).
_DROPPED = frozenset({_SPS, _PPS, 9, 10, 11, 12, 13, 15})
# Profiles whose SPS and avcC carry chroma format and bit depths (section 7.3.2.1.1).
_HIGH = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


class BadStream(ValueError):
    """The bytes are not H.264 as we understand it."""


@dataclass(frozen=True, slots=True)
class Sps:
    """What a sequence parameter set says. ``width`` and ``height`` are the cropped picture in pixels; ``reorder`` is the most frames
    that may precede a frame in decoding and follow it in output, or -1 where the stream does not say.
    """

    profile: int
    constraints: int
    level: int
    width: int
    height: int
    coded_width: int
    coded_height: int
    chroma_format: int
    bit_depth: int
    progressive: bool
    poc_type: int
    reorder: int

    @property
    def codecs(self) -> str:
        """The RFC 6381 name, e.g. ``avc1.42C01F``."""
        return f"avc1.{self.profile:02X}{self.constraints:02X}{self.level:02X}"

    @property
    def may_reorder(self) -> bool:
        """Whether B-frames are possible by what the parameter set alone says (profile, picture order count type, VUI)."""
        return not (self.profile == 66 or self.poc_type == 2 or self.reorder == 0)


@dataclass(frozen=True, slots=True)
class Picture:
    """An access unit taken apart. ``payload`` is its NAL units but parameter sets, each behind its length in 32 bits (ISO/IEC 14496-15
    section 5.3.4).
    """

    payload: bytes
    idr: bool
    bidirectional: bool
    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]


def split(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B byte stream, without start codes and trailing zeros."""
    nals: list[bytes] = []
    start = data.find(_START)
    while start >= 0:
        start += 3
        following = data.find(_START, start)
        end = len(data) if following < 0 else following
        while end > start and data[end - 1] == 0:
            end -= 1
        if end > start:
            nals.append(data[start:end])
        start = following
    return nals


def parse(data: bytes) -> Picture:
    """Take an Annex B access unit apart.

    Raises:
        BadStream: there is no slice in it.
    """
    payload: list[bytes] = []
    sps: list[bytes] = []
    pps: list[bytes] = []
    slices = 0
    idr = bidirectional = False
    for nal in split(data):
        kind = nal[0] & 0x1F
        if kind == _SPS:
            sps.append(nal)
        elif kind == _PPS:
            pps.append(nal)
        if kind in _DROPPED:
            continue
        if kind in {_SLICE, _IDR}:
            slices += 1
            idr = idr or kind == _IDR
            bidirectional = bidirectional or (kind == _SLICE and _slice_type(nal) == 1)
        payload.append(len(nal).to_bytes(4, "big"))
        payload.append(nal)
    if not slices:
        raise BadStream("an access unit without a slice")
    return Picture(b"".join(payload), idr, bidirectional, tuple(sps), tuple(pps))


def _slice_type(nal: bytes) -> int:
    """P 0, B 1, I 2 (table 7-6); first_mb_in_slice and slice_type lead the slice header (section 7.3.3)."""
    bits = _Bits(nal[1:12])
    bits.ue()
    return bits.ue() % 5


def avcc(sps: bytes, pps: bytes) -> bytes:
    """The content of an ``avcC`` box (ISO/IEC 14496-15 section 5.3.3.1) for one parameter set each."""
    record = bytes((1, sps[1], sps[2], sps[3], 0xFF, 0xE1)) + len(sps).to_bytes(2, "big") + sps
    record += b"\x01" + len(pps).to_bytes(2, "big") + pps
    if sps[1] in _HIGH - {44}:
        parsed = parse_sps(sps)
        record += bytes((0xFC | parsed.chroma_format, 0xF8 | (parsed.bit_depth - 8), 0xF8 | (parsed.bit_depth - 8), 0))
    return record


def parse_sps(nal: bytes) -> Sps:
    """Read a sequence parameter set (section 7.3.2.1.1).

    Raises:
        BadStream: it ends too early or holds impossible values.
    """
    if len(nal) < 5 or nal[0] & 0x1F != _SPS:
        raise BadStream("not a sequence parameter set")
    # Emulation prevention, section 7.4.1.
    bits = _Bits(nal[4:].replace(b"\x00\x00\x03", b"\x00\x00"))
    profile, constraints, level = nal[1], nal[2], nal[3]
    bits.ue()
    chroma, depth = _chroma(bits) if profile in _HIGH else (1, 8)
    bits.ue()
    poc_type = _picture_order(bits)
    bits.ue()
    bits.take(1)
    width = (bits.bounded(4095) + 1) * 16
    map_units = bits.bounded(4095) + 1
    progressive = bool(bits.take(1))
    height = map_units * 16 * (1 if progressive else 2)
    if not progressive:
        bits.take(1)
    bits.take(1)
    shown_width, shown_height = _crop(bits, width, height, chroma, progressive=progressive)
    reorder = _reorder(bits) if bits.take(1) else -1
    return Sps(profile, constraints, level, shown_width, shown_height, width, height, chroma, depth, progressive, poc_type, reorder)


def _chroma(bits: "_Bits") -> tuple[int, int]:
    """Chroma format and bit depth."""
    chroma = bits.bounded(3)
    if chroma == 3:
        bits.take(1)
    depth = 8 + max(bits.bounded(6), bits.bounded(6))
    bits.take(1)
    if bits.take(1):
        _skip_scaling(bits, 8 if chroma != 3 else 12)
    return chroma, depth


def _picture_order(bits: "_Bits") -> int:
    """Picture order count type."""
    kind = bits.bounded(2)
    if kind == 0:
        bits.ue()
    elif kind == 1:
        bits.take(1)
        bits.ue()
        bits.ue()
        for _ in range(bits.bounded(255)):
            bits.ue()
    return kind


def _crop(bits: "_Bits", width: int, height: int, chroma: int, *, progressive: bool) -> tuple[int, int]:
    if not bits.take(1):
        return width, height
    # Table 6-1 and equations 7-19 to 7-22.
    unit_x = 2 if chroma in {1, 2} else 1
    unit_y = (2 if chroma == 1 else 1) * (1 if progressive else 2)
    left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
    shown = width - unit_x * (left + right), height - unit_y * (top + bottom)
    if shown[0] <= 0 or shown[1] <= 0:
        raise BadStream("cropped to nothing")
    return shown


def _skip_scaling(bits: "_Bits", lists: int) -> None:
    """Section 7.3.2.1.1.1."""
    for index in range(lists):
        if not bits.take(1):
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last


def _reorder(bits: "_Bits") -> int:
    """max_num_reorder_frames of the VUI (section E.1.1), or -1."""
    if bits.take(1) and bits.take(8) == 255:
        bits.take(32)
    if bits.take(1):
        bits.take(1)
    if bits.take(1):
        bits.take(4)
        if bits.take(1):
            bits.take(24)
    if bits.take(1):
        bits.ue()
        bits.ue()
    if bits.take(1):
        bits.take(65)
    hrd = [_skip_hrd(bits) for _ in range(2)]
    if any(hrd):
        bits.take(1)
    bits.take(1)
    if not bits.take(1):
        return -1
    bits.take(1)
    for _ in range(4):
        bits.ue()
    return bits.ue()


def _skip_hrd(bits: "_Bits") -> bool:
    """Section E.1.2."""
    if not bits.take(1):
        return False
    count = bits.bounded(31) + 1
    bits.take(8)
    for _ in range(count):
        bits.ue()
        bits.ue()
        bits.take(1)
    bits.take(20)
    return True


class _Bits:
    """Reads bits from the most significant on."""

    __slots__ = ("_left", "_value")

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise BadStream("it ends too early")
        return (self._value >> self._left) & ((1 << count) - 1)

    def ue(self) -> int:
        """Section 9.1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise BadStream("an Exp-Golomb code without end")
        return (1 << zeros) - 1 + (self.take(zeros) if zeros else 0)

    def se(self) -> int:
        """Section 9.1.1."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)

    def bounded(self, maximum: int) -> int:
        value = self.ue()
        if value > maximum:
            raise BadStream("a value out of range")
        return value
