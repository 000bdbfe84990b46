"""Tries a filter on what was said before it is switched on: nothing is changed, and the work is bounded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chat.recent import NOTHING
from chat.rules import Accept, Draft, Filters, Hold, Writer, filters, judge
from chat.terms import Term
from storage.chat.events import Message, MessageKind
from storage.chat.settings import ChatSettings, Modes
from storage.clock import Clock, utc_now
from storage.model.channel import Standing
from storage.model.chat import Member

LOOKED_AT = 1000
"""Newest messages a filter is tried on."""
EXAMPLES = 25
AT_A_TIME = 50
"""Messages between which others get their turn."""


@dataclass(frozen=True, slots=True)
class Match:
    """A message that would be held, or refused; ``why`` names what it ran into."""

    message: Message
    held: bool
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would have become of ``looked_at`` messages; ``examples`` are the first of those that would not have been taken."""

    looked_at: int
    refused: int
    held: int
    examples: tuple[Match, ...]


async def try_out(
    messages: Sequence[Message], settings: ChatSettings, terms: Sequence[Term], *, emotes: Sequence[str], clock: Clock
) -> Outcome:
    """Judge messages anew by their text alone, as if a member had written each. Announcements are passed over."""
    now = utc_now(clock)
    text_only = _text_only(settings)
    made = filters(text_only, terms, emotes=emotes)
    writer = _member(now)
    refused = held = 0
    examples: list[Match] = []
    for count, message in enumerate(messages, 1):
        if count % AT_A_TIME == 0:
            await clock.sleep(0)
        match = None if message.kind is MessageKind.ANNOUNCEMENT else _match(message, writer, text_only, made, now)
        if match is None:
            continue
        held, refused = held + match.held, refused + (not match.held)
        if len(examples) < EXAMPLES:
            examples.append(match)
    return Outcome(len(messages), refused, held, tuple(examples))


def _match(message: Message, writer: Writer, settings: ChatSettings, made: Filters, now: datetime) -> Match | None:
    draft = Draft(message.text, message.kind)
    verdict = judge(draft, writer, settings, made, recent=NOTHING, now=now)
    if isinstance(verdict, Accept):
        return None
    if isinstance(verdict, Hold):
        return Match(message, held=True, why=verdict.reasons)
    blocked = made.terms.find(draft.normal).block
    return Match(message, held=False, why=tuple(f"term: {term}" for term in blocked) or (verdict.code.value,))


def _text_only(settings: ChatSettings) -> ChatSettings:
    """Without what is asked of the writer."""
    modes = settings.effective
    return ChatSettings(
        modes=Modes(emote_only=modes.emote_only, links=modes.links),
        automod=settings.automod,
        allowed_hosts=settings.allowed_hosts,
    )


def _member(now: datetime) -> Writer:
    long_ago = datetime.fromtimestamp(0, UTC)
    member = Member(first_at=now - timedelta(days=2), last_at=now - timedelta(days=1), messages=10)
    return Writer("member", Standing(signed_in=True), long_ago, member, verified=True, followed_at=long_ago)
