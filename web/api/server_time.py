"""``GET /api/v1/time``: what a page needs to turn capture times into latency."""

from storage.clock import Clock
from web.api.route import Noun
from web.schema.server_time import ServerTime

NOUN = Noun("time", "The server's clock.")


class TimeRoutes:
    """Tells the time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @NOUN.route("GET", "/time", limit=None)
    async def read(self) -> ServerTime:
        """The server's clock."""
        return ServerTime(unix_ms=self._clock.unix_ns() // 1_000_000)
