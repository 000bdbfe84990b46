"""RTP timestamps that wrap and jump into ticks that do neither. Pure (RFC 3550 section 5.1)."""

from ingest.rtp import unwrap_timestamp

_JUMP_NS = 10_000_000_000
_BILLION = 1_000_000_000


class TickMapper:
    """32-bit RTP timestamps to ticks that start at 0 and never wrap.

    A timestamp that jumps by over ten seconds against the arrivals starts over where the arrivals say; ``epoch`` counts that.
    """

    __slots__ = ("_arrival_ns", "_base", "_jump", "_near", "_rate", "_restarted", "epoch")

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._jump = rate * _JUMP_NS // _BILLION
        self._base: int | None = None
        self._near = 0
        self._arrival_ns = 0
        self._restarted = False
        self.epoch = 0

    def restart(self) -> None:
        """The next timestamp has nothing to do with those before it."""
        self._restarted = self._base is not None

    def ticks(self, timestamp: int, arrival_ns: int) -> int:
        """Ticks of a unit; small steps back, as B-frames make them, are kept."""
        if self._base is None:
            self._base = self._near = timestamp
            self._arrival_ns = arrival_ns
            return 0
        extended = unwrap_timestamp(timestamp, self._near)
        delta = extended - self._near
        if self._restarted or not -self._jump < delta < self._jump:
            elapsed = (arrival_ns - self._arrival_ns) * self._rate // _BILLION
            if self._restarted or abs(delta - elapsed) > self._jump:
                self._base += delta - max(1, min(elapsed, self._jump))
                self._restarted = False
                self.epoch += 1
        self._near = extended
        self._arrival_ns = arrival_ns
        return max(0, extended - self._base)

    def at(self, timestamp: int) -> int | None:
        """Ticks a sender report speaks of, or ``None`` where it is more than ten seconds from the media."""
        if self._base is None or self._restarted:
            return None
        extended = unwrap_timestamp(timestamp, self._near)
        return extended - self._base if abs(extended - self._near) <= self._jump else None
