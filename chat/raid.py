"""When a sudden crowd is a raid, and for how long it raises the shield. Pure; times are seconds of any clock that never steps."""

from collections import OrderedDict
from collections.abc import Collection
from itertools import islice

from storage.chat.settings import MOST_NEWCOMERS, Raid

WINDOW = 60.0
"""Seconds a newcomer counts for."""


class RaidDetector:
    """Counts accounts that are new to a room, each once however often it comes. Whoever has written here before is no newcomer.

    All nodes' newcomers are counted on the bus, so it also remembers which of its own are not told there yet.
    """

    def __init__(self) -> None:
        self.lowered_at: float | None = None
        """When the team took the shield down, until the bus knows."""
        self._newcomers: OrderedDict[str, float] = OrderedDict()
        self._untold: dict[str, None] = {}
        self._raised_until = float("-inf")

    def came(self, account: str, now: float) -> None:
        """A newcomer joined."""
        self._forget(now)
        if account in self._newcomers:
            return
        self._newcomers[account] = now
        self._untold[account] = None
        while len(self._newcomers) > MOST_NEWCOMERS:
            self._untold.pop(self._newcomers.popitem(last=False)[0], None)

    def crowd(self, now: float, settings: Raid) -> float | None:
        """For how many seconds to raise the shield by what came to this node, None if not to.

        While a shield is up, it says so again only after half of that time: a raid that goes on keeps it up.
        """
        self._forget(now)
        if not settings.joins or len(self._newcomers) <= settings.joins:
            return None
        seconds = raised_for(settings)
        if now < self._raised_until - seconds / 2:
            return None
        return seconds

    def raised(self, until: float) -> None:
        """The shield is up, whoever's newcomers raised it."""
        self._raised_until = until

    def lowered(self, now: float) -> None:
        """The team took the shield down: only those who come from now on count."""
        self._newcomers.clear()
        self._untold.clear()
        self._raised_until = float("-inf")
        self.lowered_at = now

    def untold(self, now: float, most: int) -> dict[str, float]:
        """Who came here and is not told on the bus yet, oldest first, and how many seconds ago."""
        self._forget(now)
        return {account: now - self._newcomers[account] for account in islice(self._untold, most)}

    def told(self, accounts: Collection[str]) -> None:
        """The bus knows these now."""
        self.lowered_at = None
        for account in accounts:
            self._untold.pop(account, None)

    def _forget(self, now: float) -> None:
        while self._newcomers:
            account, at = next(iter(self._newcomers.items()))
            if now - at <= WINDOW:
                return
            del self._newcomers[account]
            self._untold.pop(account, None)


def raised_for(settings: Raid) -> float:
    """Seconds a raid's shield stays up."""
    return settings.minutes * 60.0
