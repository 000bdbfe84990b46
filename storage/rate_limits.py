"""Limits that all nodes count together on the bus, and each alone while that is away."""

from functools import cache

from storage.bus.redis import Bus
from storage.clock import Clock
from storage.limits import Limit, LocalLimits, Taken, outcome
from storage.model.errors import ErrorCode, Unavailable

ALONE_SECONDS = 3.0
"""How long the bus is not asked after it did not answer: requests don't wait for it one by one."""


class RateLimits:
    """``factor`` multiplies every limit; 0 takes away those that guard no password."""

    def __init__(self, bus: Bus, clock: Clock, *, factor: float = 1.0) -> None:
        self._bus = bus
        self._clock = clock
        self._factor = factor
        self._local = LocalLimits()
        self._alone_until = 0.0

    async def take(self, limit: Limit, subject: str) -> Taken | None:
        """Count one try of ``subject`` (an account's id, an address); None where there is no limit. Never raises."""
        if self._factor == 0 and not limit.guards:
            return None
        limit = _scaled(limit, self._factor or 1.0)
        now = self._clock.monotonic()
        # Counted here in any case, so that a bus that goes away does not give everybody a new start.
        local = self._local.take(limit, subject, now)
        # What is too often for one node is for all: so a bus that lost its data forgives nothing that is remembered here.
        if not limit.shared or not local.allowed or now < self._alone_until:
            return local
        try:
            used, allowed = await self._bus.take(f"{limit.name}:{subject}", limit.seconds / limit.count, limit.seconds)
        except Unavailable:
            self._alone_until = self._clock.monotonic() + ALONE_SECONDS
            return local
        return outcome(limit, used, allowed=allowed)

    async def check(self, limit: Limit, subject: str) -> None:
        """Count one try of ``subject``. Raises ``Unavailable(TOO_MANY_REQUESTS)`` where it is one too many."""
        taken = await self.take(limit, subject)
        if taken is not None and not taken.allowed:
            raise too_often(taken)


def too_often(taken: Taken) -> Unavailable:
    """Why a try that is one too many does nothing."""
    wait = max(0.1, round(taken.retry_after, 1))
    return Unavailable(ErrorCode.TOO_MANY_REQUESTS, "That was too often; wait a little.", retry_after=wait)


@cache
def _scaled(limit: Limit, factor: float) -> Limit:
    return Limit(limit.name, max(1, round(limit.count * factor)), limit.seconds, shared=limit.shared, guards=limit.guards)
