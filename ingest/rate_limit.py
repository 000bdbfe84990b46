"""How often somebody may try: a token bucket per key. Pure: the time is given."""

from collections import OrderedDict

MOST_KEYS = 10_000
"""Keys remembered; beyond that the one used longest ago is forgotten."""


class RateLimit:
    """``burst`` at once, then ``per_minute`` a minute."""

    def __init__(self, *, burst: int, per_minute: float) -> None:
        self._burst = float(burst)
        self._rate = per_minute / 60
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now: float) -> float:
        """Count one try at ``now`` (seconds); returns 0.0 when it may go on, else the seconds until the next may."""
        level, then = self._buckets.pop(key, (self._burst, now))
        level = min(self._burst, level + max(0.0, now - then) * self._rate)
        allowed = level >= 1
        self._buckets[key] = (level - 1 if allowed else level, now)
        if len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - level) / self._rate
