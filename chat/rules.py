"""Whether a message may be written now: pure, and asked again whenever the room's version changed.

First who writes is judged (ban, timeout, warning, the room's modes), then what is written. Moderators and above are only refused what
can't be shown at all; what else each rank is spared stands in :class:`storage.chat.settings.Modes`.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from storage.chat.events import MessageKind
from storage.chat.settings import Category, ChatSettings, Modes
from storage.model.channel import Standing
from storage.model.chat import NEWCOMER, Member, Rank, Suspicion, rank
from storage.model.errors import ErrorCode

LONGEST_TEXT = 500
LARGEST_TEXT = 2048


@dataclass(frozen=True, slots=True)
class Accept:
    """It becomes visible."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The team decides first. ``reasons`` name categories, terms and limits."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """It is not taken. ``retry_after`` is in seconds, 0 where waiting does not help."""

    code: ErrorCode
    detail: str
    retry_after: float = 0


Verdict = Accept | Hold | Refuse


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to write. Make it once: a draft can be judged again.

    An ``edit`` of an own message is not subject to slow mode. ``scores`` are what an external classifier found (0 nothing to 4
    worst); None where the built-in engine is to look.
    """

    text: str
    kind: MessageKind = MessageKind.TEXT
    edit: bool = False
    scores: Mapping[Category, int] | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes. ``followed_at`` is None where they don't follow the channel, ``banned_until`` where a ban is for ever."""

    name: str
    standing: Standing
    created_at: datetime
    member: Member = NEWCOMER
    verified: bool = False
    followed_at: datetime | None = None
    banned_until: datetime | None = None

    def rank(self, now: datetime) -> Rank:
        """What they are in the room."""
        return rank(self.standing, self.member, now)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a room's content is judged by beside its settings, made ready once for each version of the room.

    ``emotes`` are the names of the channel's emotes.
    """

    emotes: frozenset[str] = frozenset()


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Recent:
    """What was written here lately. ``last_at`` is of the writer's last message."""

    last_at: datetime | None = None
    texts: Container[str] = field(default=())
    """Texts of the room, in the form of :func:`chat.normalise.key`."""


NOTHING = Recent()


def judge(draft: Draft, writer: Writer, settings: ChatSettings, filters: Filters, *, recent: Recent, now: datetime) -> Verdict:
    """Decide. Never raises."""
    found = writer.rank(now)
    refused = admit(writer, settings, now) or _paced(draft, found, settings.effective, recent, now)
    if refused:
        return refused
    if not draft.text.strip():
        return Refuse(ErrorCode.MESSAGE_EMPTY, "There is nothing in the message.")
    if len(draft.text) > LONGEST_TEXT or len(draft.text.encode(errors="replace")) > LARGEST_TEXT:
        return Refuse(ErrorCode.MESSAGE_TOO_LONG, f"A message has at most {LONGEST_TEXT} characters and {LARGEST_TEXT} bytes.")
    if found.is_team:
        return Accept()
    if settings.effective.emote_only and not all(word.strip(":") in filters.emotes for word in draft.text.split()):
        return Refuse(ErrorCode.EMOTE_ONLY, "Only emotes are taken at the moment.")
    if writer.member.suspicion is Suspicion.RESTRICTED:
        return Hold(("suspicion",))
    return Accept()


def admit(writer: Writer, settings: ChatSettings, now: datetime) -> Refuse | None:
    """Why an account can't write here now, whatever it writes; None if it can. Also what ``You.refused`` is made of."""
    found = writer.rank(now)
    if found is Rank.STRANGER:
        return Refuse(ErrorCode.SIGN_IN_REQUIRED, "Sign in to write here.")
    if found > Rank.MODERATOR:
        return None
    member = writer.member
    if writer.standing.banned:
        wait = (writer.banned_until - now).total_seconds() if writer.banned_until else 0
        return Refuse(ErrorCode.CHAT_BANNED, "You are banned from this channel.", max(wait, 0))
    if member.muted_until and member.muted_until > now:
        wait = (member.muted_until - now).total_seconds()
        why = f" ({member.muted_for})" if member.muted_for else ""
        return Refuse(ErrorCode.CHAT_MUTED, f"You may not write here for {spoken(wait)}{why}.", wait)
    if member.warning:
        return Refuse(ErrorCode.WARNING_PENDING, f"The team warned you: {member.warning} Say that you read it first.")
    return None if found.is_team else _by_modes(writer, settings.effective, now)


def _by_modes(writer: Writer, modes: Modes, now: datetime) -> Refuse | None:
    if modes.read_only:
        return Refuse(ErrorCode.READ_ONLY, "Only the team writes here at the moment.")
    if modes.members_only and writer.standing.role is None:
        return Refuse(ErrorCode.MEMBERS_ONLY, "Only accounts with a role in the channel write here.")
    if modes.followers_minutes is not None:
        wanted = timedelta(minutes=modes.followers_minutes)
        if writer.followed_at is None:
            since = f" for {spoken(wanted.total_seconds())}" if wanted else ""
            return Refuse(ErrorCode.FOLLOWERS_ONLY, f"Only accounts that have followed the channel{since} write here.")
        wait = (writer.followed_at + wanted - now).total_seconds()
        if wait > 0:
            return Refuse(ErrorCode.FOLLOWERS_ONLY, f"You have not followed the channel long enough: {spoken(wait)} to go.", wait)
    if modes.verified_only and not writer.verified:
        return Refuse(ErrorCode.VERIFIED_ONLY, "Only accounts with a proven e-mail address write here.")
    wait = (writer.created_at + timedelta(minutes=modes.account_age_minutes) - now).total_seconds()
    if modes.account_age_minutes and wait > 0:
        return Refuse(ErrorCode.ACCOUNT_TOO_NEW, f"Your account is too new to write here: {spoken(wait)} to go.", wait)
    return None


def _paced(draft: Draft, found: Rank, modes: Modes, recent: Recent, now: datetime) -> Refuse | None:
    if not modes.slow_seconds or found >= Rank.VIP or draft.edit or recent.last_at is None:
        return None
    wait = (recent.last_at + timedelta(seconds=modes.slow_seconds) - now).total_seconds()
    if wait <= 0:
        return None
    return Refuse(ErrorCode.SLOW_MODE, f"The room is in slow mode: {spoken(wait)} to go.", wait)


_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def spoken(seconds: float) -> str:
    """A time for a person, rounded up to the largest unit that tells it well: ``7 seconds``, ``3 hours``."""
    whole = max(1, -int(-seconds // 1))
    for size, name in _UNITS:
        if whole >= 2 * size or size == 1:
            count = -(-whole // size)
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return ""
