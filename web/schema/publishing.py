"""A publisher's session."""

import msgspec

from web.schema.latency import Latency


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


class CurrentSession(msgspec.Struct, frozen=True, kw_only=True):
    """The id of the session publishing to a channel, or nothing. A publisher that was replaced sees another id than its own."""

    session: str
