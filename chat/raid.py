"""When a sudden crowd is a raid, and for how long it raises the shield. Pure; times are seconds of any clock that never steps."""

from collections import OrderedDict

from storage.chat.settings import Raid

WINDOW = 60.0
"""Seconds a newcomer counts for."""
MOST_REMEMBERED = 20_000
"""Newcomers of a room; more than any limit that can be set."""


class RaidDetector:
    """Counts accounts that are new to a room, each once however often it comes. Whoever has written here before is no newcomer."""

    def __init__(self) -> None:
        self._newcomers: OrderedDict[str, float] = OrderedDict()
        self._raised_until = float("-inf")

    def came(self, account: str, now: float, settings: Raid) -> float | None:
        """A newcomer joined or wrote its first message. Returns for how many seconds to raise the shield, None if not to.

        While a shield that it raised is up, it says so again only after half of that time: a raid that goes on keeps it up.
        """
        self._forget(now)
        self._newcomers.setdefault(account, now)
        while len(self._newcomers) > MOST_REMEMBERED:
            self._newcomers.popitem(last=False)
        if not settings.joins or len(self._newcomers) <= settings.joins:
            return None
        seconds = settings.minutes * 60.0
        if now < self._raised_until - seconds / 2:
            return None
        self._raised_until = now + seconds
        return seconds

    def lowered(self) -> None:
        """The team took the shield down: only those who come from now on count."""
        self._newcomers.clear()
        self._raised_until = float("-inf")

    def _forget(self, now: float) -> None:
        while self._newcomers:
            account, at = next(iter(self._newcomers.items()))
            if now - at <= WINDOW:
                return
            del self._newcomers[account]
