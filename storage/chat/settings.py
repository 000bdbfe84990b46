"""How a channel's room is run: its modes, filters and limits. Pure."""

from enum import StrEnum
from typing import Annotated

import msgspec

from storage.model.errors import BadInput, ErrorCode

LONGEST_SLOW = 3600
LONGEST_DELAY = 60
LONGEST_FOLLOWED = 90 * 24 * 60
MOST_HOSTS = 100
HIGHEST_LEVEL = 4

Seconds = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_SLOW)]
Level = Annotated[int, msgspec.Meta(ge=0, le=HIGHEST_LEVEL)]


class LinkPolicy(StrEnum):
    """Whose links are let through; hosts on the allow-list always are."""

    EVERYBODY = "everybody"
    REGULARS = "regulars"
    """Regulars and above."""
    MODERATORS = "moderators"
    """VIPs and above."""
    NOBODY = "nobody"
    """The team's only."""


class Category(StrEnum):
    """What automod looks for."""

    HARASSMENT = "harassment"
    HATE = "hate"
    PROFANITY = "profanity"
    SEXUAL = "sexual"
    SPAM = "spam"


class Modes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What everybody in the room is subject to, but moderators and above; VIPs are spared slow mode, unique-chat and, unless
    the team's only are taken, links.

    ``slow_seconds`` lie between two messages of one account. ``followers_minutes`` is how long one must have followed, None if one
    need not. ``delay_seconds`` is how long the team sees a message before everybody else does. ``account_age_minutes`` is how old
    an account must be.
    """

    slow_seconds: Seconds = 0
    followers_minutes: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_FOLLOWED)] | None = None
    verified_only: bool = False
    emote_only: bool = False
    unique: bool = False
    members_only: bool = False
    read_only: bool = False
    delay_seconds: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_DELAY)] = 0
    account_age_minutes: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_FOLLOWED)] = 0
    links: LinkPolicy = LinkPolicy.EVERYBODY


class Automod(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is held for the team to decide. A level of 0 is off, 4 the strictest. Limits of 0 are off.

    ``capitals_percent`` and ``symbols_percent`` are of a message's letters and characters; ``repeats`` is how often a character or
    word may come in a row.
    """

    levels: dict[Category, Level] = {}
    capitals_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    symbols_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    repeats: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    marks: Annotated[int, msgspec.Meta(ge=0, le=20)] = 3
    """Combining marks one character may carry (zalgo)."""
    mentions: Annotated[int, msgspec.Meta(ge=0, le=50)] = 5


MOST_NEWCOMERS = 20_000
"""Newcomers of a room that are remembered; more than any limit that can be set."""


class Raid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a sudden crowd raises the shield: more than ``joins`` accounts new to the room within a minute; 0 is off."""

    joins: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 10


class ChatSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything a channel's owner and moderators set. While the ``shield`` is up, ``shield_modes`` apply where they are stricter."""

    modes: Modes = Modes()
    shield: bool = False
    shield_until_ms: int | None = None
    """When a shield that raised itself comes down, in Unix milliseconds; None if it was raised by hand."""
    shield_modes: Modes = Modes(followers_minutes=10, account_age_minutes=60, slow_seconds=10, links=LinkPolicy.NOBODY)
    automod: Automod = Automod()
    allowed_hosts: Annotated[tuple[str, ...], msgspec.Meta(max_length=MOST_HOSTS)] = ()
    raid: Raid = Raid()
    join_notices: bool = False
    previews: bool = False
    anonymous_readers: bool = True

    @property
    def effective(self) -> Modes:
        """The modes in force now."""
        return stricter(self.modes, self.shield_modes) if self.shield else self.modes


_LINKS = tuple(LinkPolicy)


def stricter(one: Modes, other: Modes) -> Modes:
    """Of each mode the stricter."""
    followed = [minutes for minutes in (one.followers_minutes, other.followers_minutes) if minutes is not None]
    return Modes(
        slow_seconds=max(one.slow_seconds, other.slow_seconds),
        followers_minutes=max(followed) if followed else None,
        verified_only=one.verified_only or other.verified_only,
        emote_only=one.emote_only or other.emote_only,
        unique=one.unique or other.unique,
        members_only=one.members_only or other.members_only,
        read_only=one.read_only or other.read_only,
        delay_seconds=max(one.delay_seconds, other.delay_seconds),
        account_age_minutes=max(one.account_age_minutes, other.account_age_minutes),
        links=max(one.links, other.links, key=_LINKS.index),
    )


def settings_of(text: str) -> ChatSettings:
    """Settings as they are kept. What an older or newer release wrote and this one does not know is left at its default."""
    try:
        return msgspec.json.decode(text, type=ChatSettings)
    except msgspec.MsgspecError:
        return ChatSettings()


def changed(settings: ChatSettings, change: dict[str, object]) -> ChatSettings:
    """Settings with some of them replaced; records inside are merged, name by name.

    Raises:
        BadInput: ``BAD_REQUEST``; a name or value that can't be.
    """
    merged = _merged(msgspec.to_builtins(settings), change)
    try:
        return msgspec.convert(merged, ChatSettings)
    except msgspec.ValidationError as error:
        raise BadInput(ErrorCode.BAD_REQUEST, f"These settings can't be: {error}.") from None


def settings_text(settings: ChatSettings) -> str:
    """As they are kept."""
    return msgspec.json.encode(settings).decode()


def difference(old: ChatSettings, new: ChatSettings) -> dict[str, object]:
    """What of ``new`` is not as in ``old``: :func:`changed` makes ``new`` of ``old`` with it."""
    return _difference(msgspec.to_builtins(old), msgspec.to_builtins(new))


def _difference(old: dict[str, object], new: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in old.keys() | new.keys():
        # Only levels are left out, where they are 0.
        before, after = old.get(name, 0), new.get(name, 0)
        if isinstance(before, dict) and isinstance(after, dict):
            inner = _difference(before, after)
            if inner:
                found[name] = inner
        elif before != after:
            found[name] = after
    return found


def _merged(before: dict[str, object], change: dict[str, object]) -> dict[str, object]:
    merged = dict(before)
    for name, value in change.items():
        old = merged.get(name)
        merged[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
