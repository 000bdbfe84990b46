"""How old a picture is. Milliseconds."""

import msgspec


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Glass-to-glass latency as the players of a channel report it; ``players`` is how many spoke up in the last seconds."""

    players: int
    p50_ms: int
    p95_ms: int


class LatencyReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A player's word about itself. ``player`` is a random name the page made up; it identifies nobody."""

    player: str
    latency_ms: int
