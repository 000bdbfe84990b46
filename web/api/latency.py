"""``POST /api/v1/channels/<name>/latency``: a player's word about how old its picture is."""

import msgspec
from quart import Blueprint, Response, request

from storage.model.errors import BadInput, ErrorCode
from storage.model.ids import channel_name
from web.api.replies import nothing
from web.audience import Audience
from web.directory import Directory
from web.schema import LatencyReport

LONGEST_LATENCY_MS = 120_000


def latency_blueprint(directory: Directory, audience: Audience) -> Blueprint:
    """Reports for channels that are not on air are thrown away."""
    blueprint = Blueprint("latency", __name__)

    @blueprint.post("/channels/<name>/latency")
    async def latency(name: str) -> Response:
        channel = channel_name(name)
        try:
            report = msgspec.json.decode(await request.get_data(), type=LatencyReport)
        except msgspec.DecodeError as error:
            raise BadInput(ErrorCode.BAD_REQUEST, f"A latency report is {{player, latency_ms}}: {error}.") from None
        if not 8 <= len(report.player) <= 64 or not 0 <= report.latency_ms <= LONGEST_LATENCY_MS:
            raise BadInput(ErrorCode.BAD_REQUEST, "A player's name has 8 to 64 characters and its latency is 0 to 120000 ms.")
        if directory.entry(channel).watchable:
            audience.heard(channel, report.player, report.latency_ms)
        return nothing()

    return blueprint
