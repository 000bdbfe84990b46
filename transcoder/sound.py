"""A sample-exact line of stereo sound. Pure: planar 32-bit float samples at 48 kHz go in at their times, whole AAC frames come out.

What is missing is filled with silence, what overlaps is trimmed, and a difference below a millisecond is taken up by
stretching the packet a few samples, so that nobody hears a clock being corrected.
"""

from array import array

from transcoder.cut import AAC_FRAME

SAMPLE_BYTES = 4
_FRAME_BYTES = AAC_FRAME * SAMPLE_BYTES
_STRETCH = 48
_FADE = 240


class SoundLine:
    """Sound from tick ``start`` (48 kHz) on. ``filled`` and ``trimmed`` count samples."""

    def __init__(self, start: int) -> None:
        self._left = bytearray()
        self._right = bytearray()
        self._frame_start = start
        self.end = start
        self.filled = 0
        self.trimmed = 0

    def write(self, pts: int, left: bytes, right: bytes) -> None:
        """Sound of a packet, shown at tick ``pts``."""
        count = len(left) // SAMPLE_BYTES
        gap = pts - self.end
        if gap > _STRETCH:
            self.silence(pts)
        elif gap < -_STRETCH:
            skip = min(count, -gap)
            self.trimmed += skip
            left, right = left[skip * SAMPLE_BYTES :], right[skip * SAMPLE_BYTES :]
            count -= skip
        elif gap and count >= 2 * _FADE + _STRETCH:
            left, right = stretched(left, gap), stretched(right, gap)
            count += gap
        self._left += left
        self._right += right
        self.end += count

    def silence(self, until: int) -> None:
        """Fill with silence up to tick ``until``."""
        count = until - self.end
        if count > 0:
            self._left += bytes(count * SAMPLE_BYTES)
            self._right += bytes(count * SAMPLE_BYTES)
            self.end = until
            self.filled += count

    def read(self, most: int) -> tuple[int, bytes, bytes] | None:
        """The next whole frames, up to ``most``, as (tick, left, right), or None."""
        count = min(most, len(self._left) // _FRAME_BYTES)
        if not count:
            return None
        size = count * _FRAME_BYTES
        frames = self._frame_start, bytes(self._left[:size]), bytes(self._right[:size])
        del self._left[:size], self._right[:size]
        self._frame_start += count * AAC_FRAME
        return frames


def stretched(plane: bytes, by: int) -> bytes:
    """The plane ``by`` samples longer (or shorter, negative): its middle is faded from one time into the other."""
    samples = array("f", plane)
    middle = len(samples) // 2
    # From reading at i to reading at i - by over _FADE samples.
    before = samples[:middle]
    step = 1.0 / _FADE
    blend = array(
        "f", (samples[i] * (1 - (i - middle) * step) + samples[i - by] * (i - middle) * step for i in range(middle, middle + _FADE))
    )
    return (before + blend + samples[middle + _FADE - by :]).tobytes()
