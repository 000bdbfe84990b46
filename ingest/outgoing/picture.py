"""The test picture: colour bars, a moving textured band, a clock, a frame counter, the time stamp and the flash. Pure.

Pictures are I420 (one luma plane, two chroma planes of half size). Only the rows that change are written for each frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ingest.outgoing import stamp

FLASH_MS = 100
"""The flash and the beep last this many milliseconds from each whole second on."""

_BARS = ((235, 128, 128), (210, 16, 146), (170, 166, 16), (145, 54, 34), (106, 202, 222), (81, 90, 240), (41, 240, 110), (16, 128, 128))
"""Y, Cb and Cr of the eight bars of 100 % white, yellow, cyan, green, magenta, red, blue and black (ITU-R BT.601)."""

_SEGMENTS = {
    letter: frozenset(strokes)
    for letter, strokes in zip(
        "0123456789", ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg"), strict=True
    )
}
"""The strokes of a seven-segment display: a top, b upper right, c lower right, d bottom, e lower left, f upper left, g middle."""
_STROKES = tuple(
    (frozenset(left), middle, frozenset(right))
    for left, middle, right in (("af", "a", "ab"), ("f", "", "b"), ("feg", "g", "bcg"), ("e", "", "c"), ("ed", "d", "cd"))
)
"""Five kinds of rows make a line of seven-segment text, from the top: which strokes light its left, its middle and its right."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """A picture's size in pixels and the bytes a row of its luma and chroma planes takes in memory."""

    width: int
    height: int
    luma_stride: int
    chroma_stride: int


class TestPicture:
    """Draws one picture after the other into the same buffers. Invariant: all rows outside the moving ones never change."""

    __test__ = False  # no test of pytest's, for all its name

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self.luma, self.blue, self.red = _background(geometry)
        height = geometry.height
        self._texture = _texture(geometry.luma_stride)
        self._clock_top = height * 11 // 36
        self._counter_top = height * 19 // 36
        self._texture_top, self._texture_bottom = height * 13 // 18, height * 16 // 18

    def draw(self, unix_ms: int, number: int) -> None:
        """Draw the picture of the moment ``unix_ms``, the ``number``-th since the start."""
        geometry = self._geometry
        stride = geometry.luma_stride
        marks = stamp.band(unix_ms, geometry.width, geometry.height, stride)
        self.luma[: len(marks)] = marks
        moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
        self._write(self._clock_top, f"{moment:%H:%M:%S}.{unix_ms % 1000:03d}")
        self._write(self._counter_top, f"{number:08d}")
        level = stamp.WHITE if unix_ms % 1000 < FLASH_MS else stamp.BLACK
        flash = bytes([level]) * geometry.width + bytes([stamp.BLACK]) * (stride - geometry.width)
        top, bottom = geometry.height * 16 // 18, geometry.height
        self.luma[top * stride : bottom * stride] = flash * (bottom - top)
        for line in range(self._texture_top, self._texture_bottom):
            shift = (number * 4 + (line >> 3) * 31) % len(self._texture)
            row = (self._texture[shift:] + self._texture[:shift])[:stride]
            self.luma[line * stride : (line + 1) * stride] = row

    def _write(self, top: int, text: str) -> None:
        geometry = self._geometry
        glyph_height = geometry.height * 3 // 18
        stroke = max(2, glyph_height // 8)
        glyph_width = geometry.width * 2 // 32
        gap = max(2, glyph_width // 5)
        rows = _text_rows(text, glyph_width, gap, stroke)
        width = len(rows[0])
        left = max(0, (geometry.width - width) // 2)
        stride = geometry.luma_stride
        heights = (stroke, (glyph_height - 3 * stroke) // 2, stroke, (glyph_height - 3 * stroke) // 2, stroke)
        line = top
        for row, lines in zip(rows, heights, strict=True):
            cut = row[: geometry.width - left]
            for y in range(line, line + lines):
                start = y * stride + left
                self.luma[start : start + len(cut)] = cut
            line += lines


def flash_is_on(unix_ms: int) -> bool:
    """Whether the picture of this moment flashes and the beep sounds."""
    return unix_ms % 1000 < FLASH_MS


def _text_rows(text: str, width: int, gap: int, stroke: int) -> Sequence[bytes]:
    """The five kinds of rows of a line of text (see ``_STROKES``)."""
    on, off = bytes([stamp.WHITE]), bytes([stamp.BLACK])
    rows = [bytearray() for _ in _STROKES]
    for letter in text:
        for row, (left, middle, right) in zip(rows, _STROKES, strict=True):
            if letter in ":.":
                lit = middle == "d" or (middle == "g" and letter == ":")
                row.extend(off * gap + (on if lit else off) * stroke + off * gap)
                continue
            lit_strokes = _SEGMENTS[letter]
            row.extend((on if lit_strokes & left else off) * stroke)
            row.extend((on if middle in lit_strokes else off) * (width - 2 * stroke))
            row.extend((on if lit_strokes & right else off) * stroke + off * gap)
    return [bytes(row) for row in rows]


def _background(geometry: Geometry) -> tuple[bytearray, bytearray, bytearray]:
    height, stride, half = geometry.height, geometry.luma_stride, geometry.chroma_stride
    luma = bytearray([stamp.BLACK]) * (stride * height)
    blue, red = bytearray([128]) * (half * (height // 2)), bytearray([128]) * (half * (height // 2))
    bars_top, bars_bottom = height * 2 // 18, height * 5 // 18
    luma_line, blue_line, red_line = bytearray([stamp.BLACK]) * stride, bytearray([128]) * half, bytearray([128]) * half
    for index, (y, cb, cr) in enumerate(_BARS):
        left, right = index * geometry.width // len(_BARS), (index + 1) * geometry.width // len(_BARS)
        luma_line[left:right] = bytes([y]) * (right - left)
        blue_line[left // 2 : right // 2] = bytes([cb]) * (right // 2 - left // 2)
        red_line[left // 2 : right // 2] = bytes([cr]) * (right // 2 - left // 2)
    for line in range(bars_top, bars_bottom):
        luma[line * stride : (line + 1) * stride] = luma_line
    for line in range((bars_top + 1) // 2, bars_bottom // 2):
        blue[line * half : (line + 1) * half] = blue_line
        red[line * half : (line + 1) * half] = red_line
    return luma, blue, red


def _texture(length: int) -> bytes:
    """A line of smooth, repeatable noise, so that the encoder has motion to work on."""
    values, state, level = bytearray(), 1, 125
    for _ in range(length + 640):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        level = max(40, min(210, level + (state >> 16) % 31 - 15))
        values.append(level)
    return bytes(values)
