"""Whether a message may be written now: pure, and asked again whenever the room's version changed.

First who writes is judged (ban, timeout, warning, the room's modes), then what is written. Moderators and above are only refused what
can't be shown at all; what else each rank is spared stands in :class:`storage.chat.settings.Modes`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from chat import automod, limits
from chat.emoji import is_only_emotes
from chat.links import allow_list, hosts, is_allowed
from chat.normalise import Normal, key, normal
from chat.protocol import LARGEST_TEXT, LONGEST_TEXT
from chat.recent import Recent
from chat.terms import NO_TERMS, NOTHING_FOUND, Term, Terms
from storage.chat.events import MessageKind
from storage.chat.settings import Category, ChatSettings, LinkPolicy, Modes
from storage.model.channel import Standing
from storage.model.chat import NEWCOMER, Member, Rank, Suspicion, rank
from storage.model.errors import ErrorCode

LONGEST_REASON = 60
MOST_REASONS = 3
"""So many, of so many characters, are told of a message that is held."""


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


@dataclass(frozen=True)
class Draft:
    """What somebody wants to write. Make it once: what is found out about its text is kept when it is judged again.

    An ``edit`` of an own message is subject to neither slow mode nor unique-chat. ``scores`` are what an external classifier found
    (1 to 4 in each category); None where the built-in engine is to look.
    """

    text: str
    kind: MessageKind = MessageKind.TEXT
    edit: bool = False
    scores: Mapping[Category, int] | None = None

    @cached_property
    def normal(self) -> Normal:
        """What its words are looked for in."""
        return normal(self.text)

    @cached_property
    def key(self) -> str:
        """What it is compared with other messages by."""
        return key(self.text)

    @cached_property
    def repeats(self) -> int:
        """How often a character or word comes in a row at most."""
        return limits.repeats(self.text)

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """What it links to."""
        return hosts(self.text)


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
    """What a message's text is judged by beside the room's settings; see :func:`filters`. ``emotes`` are names, ``hosts`` allowed."""

    terms: Terms = NO_TERMS
    emotes: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()


NO_FILTERS = Filters()


def filters(settings: ChatSettings, terms: Iterable[Term] = (), *, emotes: Iterable[str] = (), own_hosts: Iterable[str] = ()) -> Filters:
    """Make ready what is the same for all messages of one version of a room; some milliseconds for a thousand terms.

    ``own_hosts`` are the instance's, to which everybody may link.
    """
    return Filters(Terms(terms), frozenset(emotes), allow_list((*settings.allowed_hosts, *own_hosts)))


def judge(draft: Draft, writer: Writer, settings: ChatSettings, filters: Filters, *, recent: Recent, now: datetime) -> Verdict:
    """Decide. Never raises, whatever the text."""
    found = writer.rank(now)
    modes = settings.effective
    refused = admit(writer, settings, now) or _paced(draft, found, modes, recent, now) or unfit(draft.text)
    if refused:
        return refused
    if found.is_team:
        return Accept()
    refused = _by_text(draft, found, modes, filters, recent)
    if refused:
        return refused
    terms = filters.terms.find(draft.normal) if filters.terms else NOTHING_FOUND
    if terms.block:
        return Refuse(ErrorCode.MESSAGE_BLOCKED, "The message holds what is not let through here.")
    reasons = [f"term: {term}" for term in terms.hold]
    reasons += _oddities(draft, settings)
    if writer.member.suspicion is Suspicion.RESTRICTED:
        reasons.append("suspicion")
    reasons += automod.held_for(_scores(draft, settings, filters, recent), settings.automod.levels)
    return Hold(tuple(reason[:LONGEST_REASON] for reason in reasons[:MOST_REASONS])) if reasons else Accept()


def unfit(text: str) -> Refuse | None:
    """What nobody may write."""
    if limits.is_impossible(text):
        return Refuse(ErrorCode.BAD_REQUEST, "The message has characters that are no text.")
    if len(text) > LONGEST_TEXT or len(text.encode()) > LARGEST_TEXT:
        return Refuse(ErrorCode.MESSAGE_TOO_LONG, f"A message has at most {LONGEST_TEXT} characters and {LARGEST_TEXT} bytes.")
    if limits.is_blank(text):
        return Refuse(ErrorCode.MESSAGE_EMPTY, "There is nothing to see in the message.")
    return None


def _by_text(draft: Draft, found: Rank, modes: Modes, filters: Filters, recent: Recent) -> Refuse | None:
    if modes.emote_only and not is_only_emotes(draft.text, filters.emotes):
        return Refuse(ErrorCode.EMOTE_ONLY, "Only emotes are taken at the moment.")
    if modes.unique and found < Rank.VIP and not draft.edit and draft.key in recent.texts:
        return Refuse(ErrorCode.NOT_UNIQUE, "The same was written here a moment ago.")
    if found < _LINKS_FROM[modes.links] and any(not is_allowed(host, filters.hosts) for host in draft.hosts):
        return Refuse(ErrorCode.LINKS_REFUSED, "Links are not taken from you here.")
    return None


_LINKS_FROM: Mapping[LinkPolicy, Rank] = {
    LinkPolicy.EVERYBODY: Rank.STRANGER,
    LinkPolicy.REGULARS: Rank.REGULAR,
    LinkPolicy.MODERATORS: Rank.VIP,
    LinkPolicy.NOBODY: Rank.MODERATOR,
}


def _oddities(draft: Draft, settings: ChatSettings) -> Iterator[str]:
    if limits.hides(draft.text):
        yield "hidden_characters"
    if settings.automod.repeats and draft.repeats > settings.automod.repeats:
        yield "repeats"
    yield from limits.excesses(draft.text, settings.automod)


def _scores(draft: Draft, settings: ChatSettings, filters: Filters, recent: Recent) -> Mapping[Category, int]:
    """How bad the message is. What automod does not hold is not looked for."""
    levels = settings.automod.levels
    if not any(levels.values()):
        return {}
    found = draft.scores
    if found is None:
        found = automod.scores(draft.normal)
        if found:
            found = automod.scores(filters.terms.uncovered(draft.normal))
    if levels.get(Category.SPAM):
        links = sum(not is_allowed(host, filters.hosts) for host in draft.hosts)
        spam = automod.spam(said_before=recent.said, links=links, repeats=draft.repeats)
        found = automod.worst([*found.items(), (Category.SPAM, spam)])
    return found


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
