"""What the team of a channel's chat does and sees. Times are Unix milliseconds of the server's clock; accounts are told by name."""

import msgspec

from storage.chat.events import Message
from storage.model.channel import ChannelRole
from storage.model.chat import AppealState, MessageState, ModerationAction, Suspicion, TermEffect, TermForm


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """It was done. ``line`` is its line in the moderation log, by which it can be undone; null where there was nothing to do."""

    line: str | None


class Because(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why; at most 300 characters, for the team."""

    reason: str = ""


class Purge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose messages, and why."""

    author: str
    reason: str = ""


class Mute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A timeout of a second to 14 days. Its account is told the reason."""

    seconds: int = 600
    reason: str = ""


class Warn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the account is told, in one to 300 characters."""

    reason: str


class Suspect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``monitored`` marks an account's messages for the team, ``restricted`` holds them all."""

    level: Suspicion = Suspicion.MONITORED
    reason: str = ""


class Chatter(msgspec.Struct, frozen=True, kw_only=True):
    """An account as the team sees it. ``first_ms`` is when it wrote here first; ``warning`` what it has not acknowledged."""

    account: str
    display_name: str
    colour: str
    role: ChannelRole | None
    messages: int
    first_ms: int | None
    last_ms: int | None
    muted_until_ms: int | None
    muted_for: str
    warning: str
    suspicion: Suspicion
    suspected_for: str


class UserCard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of an account at once. ``deleted`` of its messages are gone, ``actions`` says how often what was done to it here."""

    chatter: Chatter
    avatar: str | None
    created_ms: int
    verified: bool
    owner: bool
    operator: bool
    followed_ms: int | None
    banned: bool
    ban_reason: str
    banned_until_ms: int | None
    deleted: int
    notes: int
    actions: dict[str, int]
    rank: str
    can: tuple[ModerationAction, ...]
    """What the asker may do to it."""


class WrittenMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message, whatever became of it."""

    message: Message
    state: MessageState


class HeldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that waits for the team. ``why`` names categories, terms and limits."""

    message: Message
    why: tuple[str, ...]
    created_ms: int


class Decision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a held message becomes visible."""

    let_through: bool
    reason: str = ""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What the team wrote down about an account."""

    id: str
    author: str | None
    text: str
    created_ms: int


class NewNote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At most 500 characters."""

    text: str


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the moderation log. ``by`` is null where the room did it itself. ``undoes`` and ``undone_by`` name other lines."""

    id: str
    action: ModerationAction
    by: str | None
    account: str | None
    message: str | None
    reason: str
    data: dict[str, str | int | bool | None]
    undoes: str | None
    undone_by: str | None
    undoable: bool
    at_ms: int


class LogSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which lines: of an action, by an account, about an account, about a message; any unless said."""

    action: ModerationAction | None = None
    by: str = ""
    account: str = ""
    message: str = ""


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A term that is blocked, held or permitted."""

    id: str
    form: TermForm
    text: str
    effect: TermEffect
    by: str | None
    created_ms: int


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """All of a channel's, in the order they were made."""

    terms: tuple[Term, ...]


class NewTerm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A term of at most 200 characters; one that is there already gets this effect."""

    text: str
    form: TermForm = TermForm.LITERAL
    effect: TermEffect = TermEffect.BLOCK


class MadeTerm(msgspec.Struct, frozen=True, kw_only=True):
    """The term that was made or changed."""

    id: str


class FilterMatch(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the history that a filter would not have taken as it is. ``why`` names what it ran into."""

    message: Message
    held: bool
    why: tuple[str, ...]


class FilterOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What would have become of the newest ``looked_at`` messages that are visible; ``examples`` are the newest that would not."""

    looked_at: int
    refused: int
    held: int
    examples: tuple[FilterMatch, ...]


class NewAppeal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a ban should be lifted, in at most 1,000 characters."""

    text: str


class OwnAppeal(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an appeal."""

    id: str
    text: str
    state: AppealState
    answer: str
    created_ms: int
    answered_ms: int | None


class Appeal(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal as the team sees it. ``banned_for`` is the reason of the ban."""

    id: str
    account: str
    text: str
    state: AppealState
    answer: str
    answered_by: str | None
    banned_for: str
    created_ms: int
    answered_ms: int | None


class AppealSearch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which appeals."""

    state: AppealState = AppealState.OPEN


class AppealAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the ban is lifted, and what its account is told, in at most 500 characters."""

    granted: bool
    text: str = ""
