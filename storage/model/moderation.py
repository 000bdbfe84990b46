"""What a channel's team has to do with: its log, held messages, notes, terms, appeals, and who writes there. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.model.channel import ChannelRole
from storage.model.chat import AppealState, Member, ModerationAction, TermEffect, TermForm
from storage.model.errors import BadInput, ErrorCode
from storage.model.ids import AccountId, AccountName, RecordId

LONGEST_REASON = 300
"""Characters, as all of these."""
LONGEST_NOTE = 500
LONGEST_APPEAL = 1000
LONGEST_ANSWER = 500

Data = Mapping[str, str | int | bool | None]
"""What else matters of an act, to be shown."""


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """A line of the moderation log. ``actor`` is None where the room did it itself, or the account is gone; names, as ``subject``.

    ``undoes`` names the line this one undoes, ``undone_by`` the one that undid this.
    """

    id: RecordId
    action: ModerationAction
    actor: AccountName | None
    subject: AccountName | None
    message: RecordId | None
    reason: str
    data: Data
    undoes: RecordId | None
    undone_by: RecordId | None
    undoable: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NoteRecord:
    """What the team wrote down about an account. ``author`` is None where that account is gone."""

    id: RecordId
    author: AccountName | None
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TermRecord:
    """A term of a channel."""

    id: RecordId
    form: TermForm
    text: str
    effect: TermEffect
    created_by: AccountName | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AppealRecord:
    """An appeal against a ban, and what became of it. ``answered_by`` is a name."""

    id: RecordId
    account: AccountName
    account_id: AccountId
    text: str
    state: AppealState
    answer: str
    answered_by: AccountName | None
    created_at: datetime
    answered_at: datetime | None
    banned_for: str = ""
    """The reason of the ban that is in force now."""


@dataclass(frozen=True, slots=True)
class Chatter:
    """Somebody who wrote in a channel, or to whom its team did something."""

    account: AccountName
    display_name: str
    colour: str
    role: ChannelRole | None
    member: Member


@dataclass(frozen=True, slots=True)
class CardRecord:
    """Everything a team sees of an account at once. ``ban_reason`` is None where it is not banned, ``banned_until`` for ever."""

    chatter: Chatter
    avatar: str | None
    created_at: datetime
    verified: bool
    owner: bool
    operator: bool
    followed_at: datetime | None
    ban_reason: str | None
    banned_until: datetime | None
    deleted: int
    """Of its messages so many were deleted or rejected here, by the team or by itself."""
    notes: int
    actions: Mapping[ModerationAction, int]
    """How often what was done to it here."""


def checked_text(text: str, longest: int, field: str, *, empty: bool = False) -> str:
    """A text of printable characters without spaces around it. Raises ``BadInput(BAD_REQUEST)``."""
    text = text.strip()
    if len(text) > longest or not text.replace("\n", "").isprintable() or not (text or empty):
        least = "at most" if empty else "one to"
        raise BadInput(ErrorCode.BAD_REQUEST, f"{field.capitalize()} has {least} {longest} printable characters.", field=field)
    return text
