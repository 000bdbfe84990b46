"""When media is due: the link between a wall clock that never steps and presentation time. Pure."""

_RISE = 0.05


class Pace:
    """Learns the smallest delay between what a unit shows and when it comes; a delay that grew is believed slowly (5 % of elapsed time)."""

    def __init__(self) -> None:
        self._delay_ns: int | None = None
        self._seen_ns = 0
        self._fresh = True

    @property
    def known(self) -> bool:
        """Whether anything was observed."""
        return self._delay_ns is not None

    @property
    def settled(self) -> bool:
        """Whether the source there is now was observed."""
        return self._delay_ns is not None and not self._fresh

    def renew(self) -> None:
        """Another source comes: its first unit sets the delay anew; until then the old delay holds."""
        self._fresh = True

    def observe(self, now_ns: int, media_ns: int) -> None:
        """A unit shown at ``media_ns`` of the presentation came at ``now_ns``."""
        sample = now_ns - media_ns
        if self._delay_ns is None or self._fresh or sample < self._delay_ns:
            self._delay_ns = sample
        else:
            self._delay_ns += min(sample - self._delay_ns, int((now_ns - self._seen_ns) * _RISE))
        self._fresh = False
        self._seen_ns = now_ns

    def due(self, now_ns: int) -> int:
        """Up to where, in presentation nanoseconds, units should have come by now."""
        return now_ns - (self._delay_ns or 0)
