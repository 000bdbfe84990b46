"""Channels and their stream keys."""

from dataclasses import dataclass
from datetime import datetime

from storage.model.ids import ChannelName


@dataclass(frozen=True, slots=True)
class Channel:
    """A place to broadcast to, known by its name in every address."""

    name: ChannelName
    title: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StreamKey:
    """A secret that lets its holder publish to a channel. Only its SHA-256 is kept: a key has 160 random bits and needs no salt."""

    channel: ChannelName
    digest: bytes
    created_at: datetime
    revoked_at: datetime | None = None
