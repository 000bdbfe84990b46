"""A time stamp a program can read from a decoded picture: Unix milliseconds as big black and white cells. Pure.

The top of the picture holds two rows of 32 square-ish cells; each cell is a 32nd of the width wide and an 18th of the
height high, so it survives scaling and heavy compression. In reading order: four cells white, black, white, black, by which
a reader finds the levels of white and black; 44 bits of milliseconds, the highest first; 16 bits of CRC-16/CCITT over
those 44 bits. White is one. ``tests/clients/stamp.js`` reads the same thing from a canvas.
"""

from collections.abc import Sequence

COLUMNS = 32
ROWS = 2
ROWS_IN_HEIGHT = 18
"""A cell's height is the picture's divided by this."""
WHITE, BLACK = 235, 16
"""Luma of limited range (ITU-T H.273)."""
CALIBRATION = (True, False, True, False)
TIME_BITS = 44
CHECK_BITS = 16


def cells(unix_ms: int) -> tuple[bool, ...]:
    """The 64 cells for a time, true for white.

    Raises:
        ValueError: the time does not fit into 44 bits.
    """
    if not 0 <= unix_ms < 1 << TIME_BITS:
        raise ValueError(f"{unix_ms} does not fit into {TIME_BITS} bits")
    word = unix_ms << CHECK_BITS | _check(unix_ms)
    return CALIBRATION + tuple(bool(word >> bit & 1) for bit in reversed(range(TIME_BITS + CHECK_BITS)))


def time_of(levels: Sequence[float]) -> int | None:
    """The time 64 brightness levels say, or ``None`` when they are no stamp. Any scale of levels will do."""
    if len(levels) != COLUMNS * ROWS:
        return None
    white = (levels[0] + levels[2]) / 2
    black = (levels[1] + levels[3]) / 2
    if white <= black:
        return None
    middle = (white + black) / 2
    word = 0
    for level in levels[len(CALIBRATION) :]:
        word = word << 1 | (level > middle)
    unix_ms = word >> CHECK_BITS
    return unix_ms if _check(unix_ms) == word & (1 << CHECK_BITS) - 1 else None


def band(unix_ms: int, width: int, height: int, stride: int) -> bytes:
    """The luma rows of the stamp, from the picture's top: ``stride`` bytes a row, :func:`band_height` rows."""
    marks = cells(unix_ms)
    rows = []
    for row in range(ROWS):
        line = bytearray([BLACK]) * stride
        for column in range(COLUMNS):
            if marks[row * COLUMNS + column]:
                start, end = column * width // COLUMNS, (column + 1) * width // COLUMNS
                line[start:end] = bytes([WHITE]) * (end - start)
        rows.append(bytes(line) * ((row + 1) * height // ROWS_IN_HEIGHT - row * height // ROWS_IN_HEIGHT))
    return b"".join(rows)


def band_height(height: int) -> int:
    """Rows of luma the stamp takes in a picture of ``height`` rows."""
    return ROWS * height // ROWS_IN_HEIGHT


def read(luma: bytes | memoryview, width: int, height: int, stride: int) -> int | None:
    """The time stamped into a decoded picture's luma plane, or ``None`` when there is no readable stamp."""
    levels = []
    for row in range(ROWS):
        top, bottom = row * height // ROWS_IN_HEIGHT, (row + 1) * height // ROWS_IN_HEIGHT
        lines = range(top + (bottom - top) // 4, max(top + (bottom - top) // 4 + 1, bottom - (bottom - top) // 4), 2)
        for column in range(COLUMNS):
            left, right = column * width // COLUMNS, (column + 1) * width // COLUMNS
            start, end = left + (right - left) // 4, max(left + (right - left) // 4 + 1, right - (right - left) // 4)
            levels.append(sum(sum(luma[line * stride + start : line * stride + end]) for line in lines) / (len(lines) * (end - start)))
    return time_of(levels)


def _check(unix_ms: int) -> int:
    crc = 0xFFFF
    for byte in unix_ms.to_bytes(6, "big"):
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc
