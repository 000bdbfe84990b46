"""Channels as viewers see them. Times are Unix milliseconds of the server's clock."""

import msgspec

from web.schema.latency import Latency


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
