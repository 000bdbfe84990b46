"""What an account is in a channel's chat, what can be done there, and who may do it to whom. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from types import MappingProxyType

from storage.model.channel import ChannelRole, Standing
from storage.model.permission import Action, may_act_on

NEW_FOR = timedelta(days=1)
"""After its first message an account is new to a room for so long."""
REGULAR_AFTER = timedelta(days=7)
REGULAR_MESSAGES = 50
"""Whoever first wrote that long ago, and so much since, is a regular."""
SHORTEST_TIMEOUT = timedelta(seconds=1)
LONGEST_TIMEOUT = timedelta(days=14)


class Rank(IntEnum):
    """What somebody is in a room, from least to most."""

    STRANGER = 0
    """Not signed in."""
    NEW = 1
    """Never wrote here, or for the first time within the last day."""
    MEMBER = 2
    REGULAR = 3
    VIP = 4
    MODERATOR = 5
    OWNER = 6
    OPERATOR = 7

    @property
    def is_team(self) -> bool:
        """Whether they moderate the room."""
        return self >= Rank.MODERATOR


class MessageState(StrEnum):
    """Where a message is."""

    VISIBLE = "visible"
    HELD = "held"
    """Waits for the team's decision."""
    DELAYED = "delayed"
    """Only the team sees it yet."""
    REJECTED = "rejected"
    """Was held, and not let through."""
    DELETED = "deleted"


class Suspicion(StrEnum):
    """How closely the team looks at an account."""

    NONE = "none"
    MONITORED = "monitored"
    """The team sees its messages marked."""
    RESTRICTED = "restricted"
    """All its messages are held."""


class TermForm(StrEnum):
    """How a term is written."""

    LITERAL = "literal"
    """A word or phrase, whole."""
    WILDCARD = "wildcard"
    """The same, where ``*`` is any number of a word's letters and ``?`` is one."""
    EXPRESSION = "expression"
    """A regular expression (RE2), found anywhere."""


class TermEffect(StrEnum):
    """What becomes of a message with the term."""

    BLOCK = "block"
    HOLD = "hold"
    PERMIT = "permit"
    """What it covers is neither blocked nor held by other terms and by automod's words."""


class AppealState(StrEnum):
    """What became of an appeal against a ban."""

    OPEN = "open"
    GRANTED = "granted"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Member:
    """What an account was and is in a room. All of it is empty before its first message."""

    first_at: datetime | None = None
    last_at: datetime | None = None
    messages: int = 0
    muted_until: datetime | None = None
    muted_for: str = ""
    warning: str = ""
    """What it must acknowledge before it writes again."""
    suspicion: Suspicion = Suspicion.NONE
    suspected_for: str = ""


NEWCOMER = Member()


def rank(standing: Standing, member: Member, now: datetime) -> Rank:
    """What somebody is in a room. Whoever is banned has no role there; the owner and operators can't be."""
    if standing.operator:
        return Rank.OPERATOR
    if standing.owner:
        return Rank.OWNER
    if not standing.signed_in:
        return Rank.STRANGER
    if not standing.banned:
        if standing.role is ChannelRole.MODERATOR:
            return Rank.MODERATOR
        if standing.role is ChannelRole.VIP:
            return Rank.VIP
    if member.first_at is None or now - member.first_at < NEW_FOR:
        return Rank.NEW
    if member.messages >= REGULAR_MESSAGES and now - member.first_at >= REGULAR_AFTER:
        return Rank.REGULAR
    return Rank.MEMBER


class ModerationAction(StrEnum):
    """What is done in a room and told in its log."""

    DELETE = "delete"
    PURGE = "purge"
    CLEAR = "clear"
    RESTORE = "restore"
    """Bring back what was deleted, purged or cleared away."""
    TIMEOUT = "timeout"
    UNTIMEOUT = "untimeout"
    BAN = "ban"
    UNBAN = "unban"
    WARN = "warn"
    UNWARN = "unwarn"
    SUSPECT = "suspect"
    UNSUSPECT = "unsuspect"
    NOTE = "note"
    UNNOTE = "unnote"
    LET_THROUGH = "let_through"
    REJECT = "reject"
    SETTINGS = "settings"
    """Modes, links, automod, limits."""
    SHIELD = "shield"
    UNSHIELD = "unshield"
    ADD_TERM = "add_term"
    REMOVE_TERM = "remove_term"
    PIN = "pin"
    UNPIN = "unpin"
    ANNOUNCE = "announce"
    OPEN_POLL = "open_poll"
    CLOSE_POLL = "close_poll"
    ADD_EMOTE = "add_emote"
    REMOVE_EMOTE = "remove_emote"
    GRANT_APPEAL = "grant_appeal"
    DENY_APPEAL = "deny_appeal"
    MAKE_VIP = "make_vip"
    UNMAKE_VIP = "unmake_vip"
    MAKE_MODERATOR = "make_moderator"
    UNMAKE_MODERATOR = "unmake_moderator"


POWERS: Mapping[ModerationAction, Action] = MappingProxyType(
    dict.fromkeys(ModerationAction, Action.MODERATE)
    | {
        ModerationAction.MAKE_VIP: Action.ROLES,
        ModerationAction.UNMAKE_VIP: Action.ROLES,
        ModerationAction.MAKE_MODERATOR: Action.ROLES,
        ModerationAction.UNMAKE_MODERATOR: Action.ROLES,
        ModerationAction.ADD_EMOTE: Action.EDIT,
        ModerationAction.REMOVE_EMOTE: Action.EDIT,
    }
)
"""What one must be able to do with the channel; ask ``storage.access`` for it."""

AGAINST_SOMEBODY = frozenset(
    {
        ModerationAction.DELETE,
        ModerationAction.PURGE,
        ModerationAction.RESTORE,
        ModerationAction.TIMEOUT,
        ModerationAction.UNTIMEOUT,
        ModerationAction.BAN,
        ModerationAction.UNBAN,
        ModerationAction.WARN,
        ModerationAction.UNWARN,
        ModerationAction.SUSPECT,
        ModerationAction.UNSUSPECT,
        ModerationAction.LET_THROUGH,
        ModerationAction.REJECT,
        ModerationAction.GRANT_APPEAL,
        ModerationAction.DENY_APPEAL,
        ModerationAction.MAKE_VIP,
        ModerationAction.UNMAKE_VIP,
        ModerationAction.MAKE_MODERATOR,
        ModerationAction.UNMAKE_MODERATOR,
    }
)
"""Done to an account, or to what it wrote: the powers are bounded by its rank too."""


def may(actor: Standing, action: ModerationAction, subject: Standing | None = None) -> bool:
    """Whether somebody may do it, to ``subject`` where it is done to somebody. The same answers as ``storage.access`` gives."""
    if actor.owner:
        allowed = True
    elif POWERS[action] is not Action.MODERATE:
        allowed = False
    else:
        allowed = actor.operator or (actor.role is ChannelRole.MODERATOR and not actor.banned)
    if subject is None or action not in AGAINST_SOMEBODY:
        return allowed
    return allowed and may_act_on(actor, subject)
