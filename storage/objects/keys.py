"""Names of objects. Media names are immutable and lie in the broadcast's random folder; playlists are the only objects written twice."""

import re

from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import ChannelName, ObjectFolder
from storage.model.rendition import RenditionName

_STEP = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


def broadcast_prefix(channel: ChannelName, folder: ObjectFolder) -> str:
    """Where the objects of one broadcast run lie."""
    return f"live/{channel}/{folder}"


def init_object(channel: ChannelName, folder: ObjectFolder, rendition: RenditionName, init: int) -> str:
    """An init segment."""
    return f"{broadcast_prefix(channel, folder)}/{rendition}/init-{init}.mp4"


def segment_object(channel: ChannelName, folder: ObjectFolder, rendition: RenditionName, msn: int) -> str:
    """A whole segment."""
    return f"{broadcast_prefix(channel, folder)}/{rendition}/{msn}.m4s"


def media_playlist_object(channel: ChannelName, folder: ObjectFolder, rendition: RenditionName) -> str:
    """The plain media playlist of a rendition."""
    return f"{broadcast_prefix(channel, folder)}/{rendition}/media.m3u8"


def multivariant_playlist_object(channel: ChannelName, folder: ObjectFolder) -> str:
    """The plain multivariant playlist of one broadcast run."""
    return f"{broadcast_prefix(channel, folder)}/index.m3u8"


def channel_playlist_object(channel: ChannelName) -> str:
    """The plain multivariant playlist of a channel's newest broadcast, at an address that never changes."""
    return f"live/{channel}/index.m3u8"


def poster_object(channel: ChannelName, folder: ObjectFolder, number: int) -> str:
    """A still picture of a broadcast."""
    return f"{broadcast_prefix(channel, folder)}/poster-{number}.jpg"


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
