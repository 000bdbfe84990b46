"""What people are to channels and to each other. Times are Unix milliseconds of the server's clock."""

import msgspec

from storage.model.channel import ChannelRole
from web.schema.channel import Channel


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """An account's role in a channel. ``account`` is its name."""

    account: str
    display_name: str
    role: ChannelRole


class RoleChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The role to give."""

    role: ChannelRole


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """An account banned from a channel, for ever where ``expires_ms`` is null."""

    account: str
    display_name: str
    reason: str
    created_ms: int
    expires_ms: int | None


class BanChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ban. ``seconds`` says how long; for ever unless said."""

    reason: str = ""
    seconds: int | None = None


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """A channel you follow. ``notify`` says whether you are told when it goes live."""

    channel: Channel
    notify: bool


class FollowChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether to be told when the channel goes live."""

    notify: bool = True


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """An account somebody wants to hear nothing of."""

    account: str
    display_name: str


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell: ``kind`` is ``live`` (a followed channel went live; ``text`` is the broadcast's title) or
    ``unbanned`` (the channel's team lifted your ban).
    """

    id: str
    kind: str
    channel: str | None
    text: str
    created_ms: int
    read_ms: int | None


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token, good for ``expires_in`` seconds."""

    token: str
    expires_in: int


class PlaybackRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Asks for a playback token. ``password`` is for channels that open with one; ``renew`` is a playback token of the same channel
    that is still good and was got with the password.
    """

    password: str = ""
    renew: str = ""


class Nothing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty object."""
