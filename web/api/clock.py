"""``GET /api/v1/time``: what a page needs to turn capture times into latency."""

from quart import Blueprint, Response

from storage.clock import Clock
from web.api.replies import json
from web.schema import ServerTime


def clock_blueprint(clock: Clock) -> Blueprint:
    """The server's clock."""
    blueprint = Blueprint("clock", __name__)

    @blueprint.get("/time")
    async def time() -> Response:
        return json(ServerTime(unix_ms=clock.unix_ns() // 1_000_000))

    return blueprint
