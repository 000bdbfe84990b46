"""How often something may be done in a call."""

from storage.limits import Limit
from storage.model.errors import ErrorCode, Unavailable
from storage.rate_limits import RateLimits


async def take(rates: RateLimits, limit: Limit, subject: str) -> None:
    """Count one try of ``subject``. Raises ``Unavailable(TOO_MANY_REQUESTS)``."""
    taken = await rates.take(limit, subject)
    if taken is not None and not taken.allowed:
        raise Unavailable(
            ErrorCode.TOO_MANY_REQUESTS, "That was too often; wait a little.", retry_after=max(0.1, round(taken.retry_after, 1))
        )
