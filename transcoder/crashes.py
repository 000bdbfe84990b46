"""When a channel whose workers keep dying is left alone."""

from collections import deque
from dataclasses import dataclass, field

CRASHES = 3
"""So many crashes within the window are too many, or twice as many hangs: a hang is our guess, a crash is a fact."""
WINDOW = 60.0


@dataclass(slots=True)
class Crashes:
    """What became of one channel's workers lately. Times in seconds of a clock that never steps."""

    _weights: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=2 * CRASHES))

    def add(self, now: float, *, hung: bool) -> None:
        """A worker crashed, or was killed because it hung."""
        self._weights.append((now, 1 if hung else 2))

    def too_many(self, now: float) -> bool:
        """Whether the next worker would only die as well."""
        return sum(weight for when, weight in self._weights if now - when < WINDOW) >= 2 * CRASHES
