"""Bit rate and frame rate over the last two seconds, from counters noted once a second. Pure."""

from collections import deque


class Rates:
    """A short history of two counters."""

    __slots__ = ("_notes",)

    def __init__(self) -> None:
        self._notes: deque[tuple[int, int, int]] = deque(maxlen=3)

    def note(self, now_ns: int, octets: int, frames: int) -> None:
        """Remember the counters. Called about once a second."""
        self._notes.append((now_ns, octets, frames))

    def at(self, now_ns: int, octets: int, frames: int) -> tuple[int, float]:
        """Bits a second and frames a second up to now, 0 before the first note."""
        for noted_ns, old_octets, old_frames in self._notes:
            seconds = (now_ns - noted_ns) / 1e9
            if 0.5 <= seconds <= 3.5:
                return max(0, int((octets - old_octets) * 8 / seconds)), max(0.0, round((frames - old_frames) / seconds, 2))
        return 0, 0.0
