"""What the REST interface says: one record per body. Times are Unix milliseconds of the server's clock, latencies milliseconds."""

import msgspec


class ServerTime(msgspec.Struct, frozen=True, kw_only=True):
    """The server's clock, for a page that wants to know how far its own is off."""

    unix_ms: int


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Glass-to-glass latency as the players of a channel report it; ``players`` is how many spoke up in the last seconds."""

    players: int
    p50_ms: int
    p95_ms: int


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """The video's size in pixels and its frames a second. ``lane`` is ``passthrough`` or ``encode``."""

    width: int
    height: int
    frame_rate: float
    lane: str


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel as viewers see it.

    ``state`` is ``offline``, ``starting``, ``live``, ``interrupted`` or ``ended``. ``watch`` and ``embed`` are paths on this
    server; ``playlist`` and ``poster`` are addresses on the delivery edge, empty where there is nothing to fetch yet.
    """

    channel: str
    title: str
    state: str
    started_ms: int
    viewers: int
    watch: str
    embed: str
    playlist: str
    poster: str
    picture: Picture | None = None
    latency: Latency | None = None


class Broadcasts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be watched now, newest first."""

    broadcasts: tuple[Channel, ...]


class SessionStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """How a publishing session is doing, seen from the server. Bit rates in bits a second, ``rtt_ms`` in milliseconds."""

    connected: bool
    bitrate: int
    packets: int
    lost: int
    recovered: int
    frames: int
    frames_given_up: int
    keyframes: int
    rtt_ms: float
    width: int
    height: int
    frame_rate: float
    codec: str
    nacks: int
    plis: int
    viewers: int
    latency: Latency | None = None


class LatencyReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A player's word about itself. ``player`` is a random name the page made up; it identifies nobody."""

    player: str
    latency_ms: int


class CurrentSession(msgspec.Struct, frozen=True, kw_only=True):
    """The id of the session publishing to a channel, or nothing. A publisher that was replaced sees another id than its own."""

    session: str
