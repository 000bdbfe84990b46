"""How many pictures a second a publisher sends, by its RTP timestamps: those are its own, however the packets came. Pure."""

from collections import deque
from statistics import median

from transcoder.cmaf.track import VIDEO_RATE

_KNOWN = (5.0, 7.5, 10.0, 12.0, 12.5, 15.0, 20.0, 24.0, 25.0, 30.0, 48.0, 50.0, 60.0)
_NTSC = {24.0: 23.976, 30.0: 29.97, 60.0: 59.94}
_HIGHEST = 60.0
_NEAR = 0.03
_STEADY = 0.15
_FEW, _SOME = 3, 8
_LONGEST_STEP = 2 * VIDEO_RATE
_KEPT = 240


class FrameRate:
    """Watches one video track's timestamps, in ticks of 90 kHz."""

    def __init__(self) -> None:
        self._steps: deque[int] = deque(maxlen=_KEPT)
        self._last: int | None = None

    def renew(self) -> None:
        """Another session's timestamps follow."""
        self._steps.clear()
        self._last = None

    def observe(self, ticks: int) -> None:
        """A picture came."""
        if self._last is not None and 0 < ticks - self._last < _LONGEST_STEP:
            self._steps.append(ticks - self._last)
        self._last = ticks

    @property
    def known(self) -> float:
        """The usual rate it keeps to, pictures it left out not counted; 0 while that can't be told, or where it keeps to none.

        A few pictures are enough when they are all evenly spaced, more must be so by half.
        """
        if len(self._steps) < _FEW:
            return 0.0
        middle = median(self._steps)
        steady = sum(abs(step - middle) <= _STEADY * middle for step in self._steps)
        if 2 * steady < len(self._steps) or (len(self._steps) < _SOME and steady < len(self._steps)):
            return 0.0
        rate = VIDEO_RATE / middle
        known = min(_KNOWN, key=lambda one: abs(one - rate))
        if abs(known - rate) > _NEAR * known:
            return 0.0
        if known in _NTSC:
            exact = VIDEO_RATE * 1.001 / known
            if all(abs(step - exact) <= 1 for step in self._steps):
                return _NTSC[known]
        return known

    @property
    def mean(self) -> float:
        """Whole pictures a second, on the average of the last four seconds or more; 0 before the second one."""
        return min(_HIGHEST, float(round(len(self._steps) * VIDEO_RATE / sum(self._steps)))) if self._steps else 0.0
