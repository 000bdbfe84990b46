"""Whether asking for what is missing still makes sense. Pure.

On a path that just became narrow, retransmissions take the place of new pictures: a sender that is asked for everything
sends nothing else for seconds, and too late. Then a keyframe is the smaller request.
"""

_WINDOW_NS = 100_000_000
_FEWEST = 16


class RepairWatch:
    """Watches one stream while packets of it are missing. ``limit_ns`` is how long a repair may take at the rate packets come now."""

    __slots__ = ("_limit_ns", "_packets", "_since_ns")

    def __init__(self, limit_ns: int) -> None:
        self._limit_ns = limit_ns
        self._since_ns: int | None = None
        self._packets = 0

    def whole(self) -> None:
        """Nothing is missing."""
        self._since_ns = None

    def hopeless(self, missing: int, packets: int, now_ns: int) -> bool:
        """Whether ``missing`` packets can't come in time; ``packets`` counts what came so far, repairs too."""
        since_ns = self._since_ns
        if since_ns is None or now_ns < since_ns:
            self._begin(packets, now_ns)
            return False
        elapsed = now_ns - since_ns
        if elapsed < _WINDOW_NS:
            return False
        came = packets - self._packets
        # Missing packets are as long as those that came, so their time is to the window as their number is to the number that came.
        verdict = missing >= _FEWEST and missing * elapsed > self._limit_ns * came
        self._begin(packets, now_ns)
        return verdict

    def _begin(self, packets: int, now_ns: int) -> None:
        self._since_ns = now_ns
        self._packets = packets
