"""Names of objects. Media names are immutable and carry the broadcast's random id; playlists are the only objects written twice."""

import re

from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import BroadcastId, ChannelName
from storage.model.rendition import RenditionName

_STEP = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def broadcast_prefix(channel: ChannelName, broadcast: BroadcastId) -> str:
    """The folder of one broadcast run."""
    return f"live/{channel}/{broadcast}"


def init_object(channel: ChannelName, broadcast: BroadcastId, rendition: RenditionName, init: int) -> str:
    """An init segment."""
    return f"{broadcast_prefix(channel, broadcast)}/{rendition}/init-{init}.mp4"


def segment_object(channel: ChannelName, broadcast: BroadcastId, rendition: RenditionName, msn: int) -> str:
    """A whole segment."""
    return f"{broadcast_prefix(channel, broadcast)}/{rendition}/{msn}.m4s"


def media_playlist_object(channel: ChannelName, broadcast: BroadcastId, rendition: RenditionName) -> str:
    """The plain media playlist of a rendition."""
    return f"{broadcast_prefix(channel, broadcast)}/{rendition}/media.m3u8"


def multivariant_playlist_object(channel: ChannelName, broadcast: BroadcastId) -> str:
    """The plain multivariant playlist of one broadcast run."""
    return f"{broadcast_prefix(channel, broadcast)}/index.m3u8"


def channel_playlist_object(channel: ChannelName) -> str:
    """The plain multivariant playlist of a channel's newest broadcast, at an address that never changes."""
    return f"live/{channel}/index.m3u8"


def poster_object(channel: ChannelName, broadcast: BroadcastId, number: int) -> str:
    """A still picture of a broadcast."""
    return f"{broadcast_prefix(channel, broadcast)}/poster-{number}.jpg"


def picture_object(name: str) -> str:
    """A picture somebody uploaded; ``name`` is random and never used again."""
    return f"pictures/{name}"


def check_key(key: str) -> None:
    """Refuse a key that could mean another place than its own: empty, ``.``-led or over-long steps, control characters, backslashes.

    Raises:
        NotFound: ``NOT_FOUND``; no object has such a key.
    """
    if len(key) > 900 or not all(_STEP.fullmatch(step) for step in key.split("/")):
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such object.")
