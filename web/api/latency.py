"""``POST /api/v1/channels/<name>/latency``: a player's word about how old its picture is."""

from storage.model.errors import BadInput, ErrorCode
from storage.model.ids import channel_name
from web.api.route import Noun
from web.audience import Audience
from web.directory import Directory
from web.schema.latency import LatencyReport

LONGEST_LATENCY_MS = 120_000

NOUN = Noun("latency", "How old viewers' pictures are.")


class LatencyRoutes:
    """Reports for channels that are not on air are thrown away."""

    def __init__(self, directory: Directory, audience: Audience) -> None:
        self._directory = directory
        self._audience = audience

    @NOUN.route(
        "POST",
        "/channels/{name}/latency",
        errors=(ErrorCode.CHANNEL_NAME_INVALID,),
        limit=None,
    )
    async def report(self, name: str, body: LatencyReport) -> None:
        """A player says how old its picture is."""
        channel = channel_name(name)
        if not 8 <= len(body.player) <= 64 or not 0 <= body.latency_ms <= LONGEST_LATENCY_MS:
            raise BadInput(ErrorCode.BAD_REQUEST, "A player's name has 8 to 64 characters and its latency is 0 to 120000 ms.")
        if self._directory.entry(channel).watchable:
            self._audience.heard(channel, body.player, body.latency_ms)
