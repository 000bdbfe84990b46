"""Calls: rooms where a few people talk from browser to browser. What is kept of one, and what its parts may be. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.model.errors import BadInput, ErrorCode
from storage.model.ids import AccountId, AccountName, CallId, CallName, RecordId

MOST_SEATS = 8
"""People in a call at the same time: everybody sends to everybody."""

LONGEST_TITLE = 100
LONGEST_SHOWN = 64
"""Characters of the name a guest gives themselves."""

SHORTEST_INVITE, LONGEST_INVITE = timedelta(minutes=1), timedelta(days=30)
DEFAULT_INVITE = timedelta(days=1)

LONGEST_SECRET = 64
"""Characters of an invite's secret that are looked at."""

MOST_FIGURES = 16
LONGEST_FIGURE = 32


class CallRole(StrEnum):
    """What somebody is in a call."""

    HOST = "host"
    """Whose call it is."""
    COHOST = "cohost"
    """Whom the host lets do the same, except ending and forgetting the call."""
    PERSON = "person"

    @property
    def may_direct(self) -> bool:
        """Whether they admit, remove, lock and invite."""
        return self is not CallRole.PERSON


class RelayRule(StrEnum):
    """Whose media goes through a TURN server only, so that nobody learns their address."""

    GUESTS = "guests"
    EVERYBODY = "everybody"
    NOBODY = "nobody"


class HowLeft(StrEnum):
    """How a stay in a call ended."""

    LEFT = "left"
    REMOVED = "removed"
    """By the host or a co-host."""
    LOST = "lost"
    """The connection broke, and they did not come back in time."""
    ENDED = "ended"
    """Together with the call."""


class HowEnded(StrEnum):
    """How a call ended."""

    EMPTY = "empty"
    """Everybody had left. It begins again when somebody enters."""
    ENDED = "ended"
    """Its host ended it for everybody; nobody enters it again."""
    LOST = "lost"
    """Everybody's connection broke. It begins again when somebody enters."""


@dataclass(frozen=True, slots=True)
class Call:
    """A room of an account, its host. ``name`` stands in its address and can't be guessed.

    ``lobby`` says whether people knock before they enter, ``locked`` that nobody new enters. ``started_at`` is when somebody
    first entered, ``ended_at`` and ``how_ended`` say how it ended last; None while it goes on, or before. ``version`` grows
    with every edit.
    """

    id: CallId
    name: CallName
    host: AccountId
    host_name: AccountName
    host_shown: str
    title: str
    lobby: bool
    relay_only: RelayRule
    locked: bool
    version: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    how_ended: HowEnded | None = None

    @property
    def is_over(self) -> bool:
        """Whether its host ended it, so that nobody enters it again."""
        return self.how_ended is HowEnded.ENDED


@dataclass(frozen=True, slots=True)
class Invite:
    """Lets its holder enter a call. Of its secret only the SHA-256 is kept.

    ``guests`` says whether it also lets in who has no account. ``uses_left`` is None where any number may use it. ``made_by`` is
    None where the account is gone.
    """

    id: RecordId
    call: CallId
    guests: bool
    uses_left: int | None
    made_by: AccountId | None
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """Somebody's time in a call, in its log. ``account`` is None for guests. ``left_at`` and ``how_left`` are None while they are there."""

    seat: str
    account: AccountName | None
    shown: str
    role: CallRole
    entered_at: datetime
    left_at: datetime | None
    how_left: HowLeft | None
    quality: Mapping[str, float]

    @property
    def guest(self) -> bool:
        """Whether they came without an account."""
        return self.account is None


def checked_title(text: str) -> str:
    """A call's title, trimmed: up to 100 printable characters, also none. Raises ``BadInput(BAD_REQUEST)``."""
    trimmed = text.strip()
    if len(trimmed) > LONGEST_TITLE or not trimmed.isprintable():
        raise BadInput(ErrorCode.BAD_REQUEST, f"A call's title has up to {LONGEST_TITLE} printable characters.", field="title")
    return trimmed


def checked_life(minutes: int | None) -> timedelta:
    """How long an invite is good; a day where nothing is said. Raises ``BadInput(BAD_REQUEST)``."""
    if minutes is None:
        return DEFAULT_INVITE
    if not 1 <= minutes <= LONGEST_INVITE // SHORTEST_INVITE:
        raise BadInput(ErrorCode.BAD_REQUEST, "An invite is good for a minute to thirty days.", field="minutes")
    return timedelta(minutes=minutes)


def checked_quality(figures: Mapping[str, float]) -> dict[str, float]:
    """What a browser tells of how a call was for it: up to 16 finite numbers by lower-case names. Raises ``BadInput(BAD_REQUEST)``."""
    for name, number in figures.items():
        letters = name.replace("_", "")
        named = name.isascii() and letters.isalnum() and name == name.lower() and len(name) <= LONGEST_FIGURE
        if not named or not math.isfinite(number) or len(figures) > MOST_FIGURES:
            raise BadInput(ErrorCode.BAD_REQUEST, f"A quality is up to {MOST_FIGURES} named numbers.", field="quality")
    return {name: round(float(number), 3) for name, number in figures.items()}
