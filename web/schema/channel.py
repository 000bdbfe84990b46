"""Channels as viewers see them. Times are Unix milliseconds of the server's clock."""

from enum import StrEnum

import msgspec
from msgspec import UNSET, UnsetType

from storage.model.broadcast import BroadcastState
from storage.model.channel import Visibility
from web.schema.latency import Latency


class ChannelState(StrEnum):
    """A broadcast's state, or what a channel is without one."""

    OFFLINE = "offline"
    STARTING = "starting"
    LIVE = "live"
    INTERRUPTED = "interrupted"
    ENDED = "ended"


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """The video's size in pixels and its frames a second. ``lane`` is ``passthrough`` or ``encode``."""

    width: int
    height: int
    frame_rate: float
    lane: str


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel as whoever asks sees it.

    ``watch`` and ``embed`` are paths on this server; ``playlist`` and ``poster`` are addresses on the delivery edge, empty where
    there is nothing to fetch yet or the asker may not. ``avatar``, ``banner`` and ``offline_picture`` are paths on this server.
    ``owner`` is an account's name, null where the operator made the channel. ``can`` says what the asker may do with it.
    """

    channel: str
    title: str
    state: ChannelState
    started_ms: int
    viewers: int
    watch: str
    embed: str
    playlist: str
    poster: str
    picture: Picture | None = None
    latency: Latency | None = None
    description: str = ""
    category: str = ""
    tags: tuple[str, ...]
    language: str = ""
    mature: bool = False
    visibility: Visibility = Visibility.PUBLIC
    owner: str | None = None
    avatar: str | None = None
    banner: str | None = None
    offline_picture: str | None = None
    followers: int = 0
    following: bool = False
    can: tuple[str, ...]
    version: int = 1


class Broadcasts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be watched now, newest first."""

    broadcasts: tuple[Channel, ...]


class NewChannel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel to be made. Its title is its name unless said."""

    name: str
    title: str = ""


class ChannelChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New values for some fields. ``password`` is for the visibility ``password``."""

    name: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    category: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    language: str | UnsetType = UNSET
    mature: bool | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    password: str | UnsetType = UNSET


class ChannelSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is looked for. Every word of ``search`` must begin a word of the channel's name, title, category or tags."""

    search: str = ""
    category: str = ""
    tag: str = ""


class StreamKey(msgspec.Struct, frozen=True, kw_only=True):
    """A stream key. ``key`` is there in the answer that made it, and never again. ``used_ms`` is exact to the minute."""

    id: str
    name: str
    created_ms: int
    used_ms: int | None
    revoked_ms: int | None
    key: str | None = None


class NewStreamKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key to be made."""

    name: str = ""


class Broadcast(msgspec.Struct, frozen=True, kw_only=True):
    """A broadcast of a channel, running or past. ``end_reason`` is empty while it runs."""

    id: str
    title: str
    state: BroadcastState
    started_ms: int
    live_ms: int | None
    ended_ms: int | None
    end_reason: str
    peak_viewers: int
