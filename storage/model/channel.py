"""Channels and their stream keys."""

from dataclasses import dataclass
from datetime import datetime

from storage.model.ids import ChannelId, ChannelName, RecordId


@dataclass(frozen=True, slots=True)
class Channel:
    """A place to broadcast to, known by its name in every address."""

    id: ChannelId
    name: ChannelName
    title: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StreamKey:
    """A secret that lets its holder publish to a channel. Only its SHA-256 is kept: a key has 160 random bits and needs no salt."""

    id: RecordId
    channel: ChannelName
    digest: bytes
    created_at: datetime
    revoked_at: datetime | None = None
