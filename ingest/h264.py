"""The few facts of an H.264 bitstream that reception needs. Pure (ITU-T H.264 section 7.3)."""

SLICE, IDR, SEI, SPS, PPS, DELIMITER = 1, 5, 6, 7, 8, 9
STAP_A, FU_A = 24, 28

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


class _Bits:
    """Reads an RBSP: emulation prevention taken out (section 7.4.1)."""

    def __init__(self, nal: bytes) -> None:
        rbsp = nal[1:].replace(b"\x00\x00\x03", b"\x00\x00")
        self._value = int.from_bytes(rbsp, "big")
        self._left = 8 * len(rbsp)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("parameter set too short")
        return self._value >> self._left & (1 << count) - 1

    def unsigned(self) -> int:
        """ue(v) (section 9.1)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise ValueError("number too large")
        return (1 << zeros) - 1 + (self.take(zeros) if zeros else 0)

    def signed(self) -> int:
        """se(v) (section 9.1.1)."""
        number = self.unsigned()
        return (number + 1) // 2 if number & 1 else -(number // 2)


def parameter_set_id(nal: bytes) -> int | None:
    """The id of a sequence or picture parameter set, or ``None`` where it can't be read."""
    try:
        bits = _Bits(nal[:16])
        if nal[0] & 31 == SPS:
            bits.take(24)
        return bits.unsigned()
    except (ValueError, IndexError):
        return None


def picture_size(sps: bytes) -> tuple[int, int] | None:
    """Width and height in luma samples after cropping (section 7.4.2.1.1), or ``None`` where the set can't be read."""
    try:
        return _picture_size(_Bits(sps))
    except ValueError:
        return None


def _picture_size(bits: _Bits) -> tuple[int, int] | None:
    profile = bits.take(8)
    bits.take(16)
    bits.unsigned()
    chroma = _chroma_format(bits) if profile in _HIGH_PROFILES else 1
    bits.unsigned()
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()
    bits.unsigned()
    bits.take(1)
    width = 16 * (bits.unsigned() + 1)
    map_units = bits.unsigned() + 1
    frames_only = bits.take(1)
    height = 16 * map_units * (2 - frames_only)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        across = 2 if chroma in (1, 2) else 1
        down = (2 if chroma == 1 else 1) * (2 - frames_only)
        left, right, top, bottom = (bits.unsigned() for _ in range(4))
        width -= across * (left + right)
        height -= down * (top + bottom)
    return (width, height) if width > 0 and height > 0 else None


def _chroma_format(bits: _Bits) -> int:
    """Read chroma_format_idc and pass what follows it up to the scaling lists."""
    chroma = bits.unsigned()
    if chroma == 3:
        bits.take(1)
    bits.unsigned()
    bits.unsigned()
    bits.take(1)
    if bits.take(1):
        for index in range(12 if chroma == 3 else 8):
            if bits.take(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) & 0xFF
        last = following or last
