"""Channels, their stream keys, and what people are to them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.model.ids import AccountId, AccountName, ChannelId, ChannelName, RecordId


class Visibility(StrEnum):
    """Who may watch a channel."""

    PUBLIC = "public"
    """Anybody, and it is listed and found."""
    UNLISTED = "unlisted"
    """Anybody who has the address."""
    FOLLOWERS = "followers"
    """Accounts that follow it."""
    NAMED = "named"
    """Accounts that were given a role in it. Others are not told that it exists."""
    PASSWORD = "password"  # noqa: S105 - a name, not a secret
    """Whoever knows the channel's password."""

    @property
    def is_open(self) -> bool:
        """Whether media is given to anybody who asks, without a playback token."""
        return self in {Visibility.PUBLIC, Visibility.UNLISTED}


class ChannelRole(StrEnum):
    """What the owner made of an account."""

    MODERATOR = "moderator"
    VIP = "vip"
    VIEWER = "viewer"
    """May watch where only named accounts may."""


class ChannelPicture(StrEnum):
    """Which of a channel's pictures."""

    PICTURE = "picture"
    BANNER = "banner"
    OFFLINE_PICTURE = "offline_picture"


@dataclass(frozen=True, slots=True)
class Channel:
    """A place to broadcast to, known by its name in every address.

    ``owner`` is None where the operator made it by command. ``language`` is a BCP 47 tag or empty. The pictures are names of
    objects. ``version`` grows with every edit.
    """

    id: ChannelId
    name: ChannelName
    title: str
    created_at: datetime
    owner: AccountId | None = None
    description: str = ""
    category: str = ""
    language: str = ""
    mature: bool = False
    visibility: Visibility = Visibility.PUBLIC
    tags: tuple[str, ...] = ()
    picture: str | None = None
    banner: str | None = None
    offline_picture: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class StreamKey:
    """A secret that lets its holder publish to a channel. Only its SHA-256 is kept: a key has 160 random bits and needs no salt."""

    id: RecordId
    channel: ChannelName
    digest: bytes
    created_at: datetime
    revoked_at: datetime | None = None
    name: str = ""
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RoleGiven:
    """An account's role in a channel."""

    account: AccountId
    account_name: AccountName
    display_name: str
    role: ChannelRole
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChannelBan:
    """An account that may neither watch a channel's closed broadcasts nor take part in it. ``expires_at`` is None for ever."""

    account: AccountId
    account_name: AccountName
    display_name: str
    reason: str
    created_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is to a channel. A stranger is none of it."""

    signed_in: bool = False
    operator: bool = False
    owner: bool = False
    role: ChannelRole | None = None
    follows: bool = False
    banned: bool = False


STRANGER_STANDING = Standing()
