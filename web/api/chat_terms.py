"""What a channel's team blocks, holds and permits, and trying a filter before it is switched on."""

import msgspec

from chat.room_rules import RoomRules
from chat.team import Team
from chat.terms import Term as Filter
from chat.terms import check_together, checked
from chat.trial import LOOKED_AT, Outcome, try_out
from storage.access import Granted
from storage.chat.settings import ChatSettings, changed
from storage.clock import Clock
from storage.limits import Limit
from storage.model.account import Actor, Scope
from storage.model.chat import ModerationAction
from storage.model.errors import ErrorCode
from web.api.chat_views import done, term_view
from web.api.route import Noun, Who
from web.schema.chat_moderation import Because, Done, FilterMatch, FilterOutcome, MadeTerm, NewTerm, Terms
from web.schema.chat_settings import ChatSettingsChange

NOUN = Noun("chat_terms", "Filters of channels' chats.")
TRIALS = Limit("filter-trials", 20, 60)
"""A trial reads a thousand messages."""
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)
_TERMS = (*_ERRORS, ErrorCode.TERM_INVALID, ErrorCode.LIMIT_REACHED)


class ChatTermRoutes:
    """The team's."""

    def __init__(self, team: Team, rules: RoomRules, clock: Clock) -> None:
        self._team = team
        self._rules = rules
        self._clock = clock

    @NOUN.route("GET", "/channels/{name}/chat/terms", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def terms(self, name: str, actor: Actor) -> Terms:
        """All terms of the channel."""
        granted = await self._team.granted(actor, ModerationAction.ADD_TERM, name)
        return Terms(terms=tuple(term_view(term) for term in await self._team.records.terms.all(granted.channel.id)))

    @NOUN.route("POST", "/channels/{name}/chat/terms", who=Who.ACCOUNT, scope=Scope.MODERATE, status=201, errors=_TERMS)
    async def add(self, name: str, actor: Actor, body: NewTerm) -> MadeTerm:
        """Block, hold or permit a term."""
        return MadeTerm(id=await self._rules.add_term(actor, name, Filter(body.form, body.text, body.effect)))

    @NOUN.route("DELETE", "/channels/{name}/chat/terms/{term}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def remove(self, name: str, term: str, actor: Actor, query: Because) -> Done:
        """Remove a term."""
        return done(await self._rules.remove_term(actor, name, term, query.reason))

    @NOUN.route("POST", "/channels/{name}/chat/terms/test", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_TERMS, limit=TRIALS)
    async def try_term(self, name: str, actor: Actor, body: NewTerm) -> FilterOutcome:
        """What a term would have done to the newest thousand messages. Nothing is changed."""
        granted = await self._team.granted(actor, ModerationAction.ADD_TERM, name)
        term = checked(Filter(body.form, body.text.strip(), body.effect))
        kept = [one for one in await self._kept(granted) if (one.form, one.text) != (term.form, term.text)]
        permits = [one for one in kept if one.effect == "permit"]
        check_together([*kept, term])
        return await self._try_out(granted, ChatSettings(), [*permits, term])

    @NOUN.route("POST", "/channels/{name}/chat/automod/test", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS, limit=TRIALS)
    async def try_settings(self, name: str, actor: Actor, body: ChatSettingsChange) -> FilterOutcome:
        """What changed settings, with the channel's terms, would have done to the newest thousand messages. Nothing is changed."""
        granted = await self._team.granted(actor, ModerationAction.SETTINGS, name)
        settings, _ = await self._team.records.settings.get(granted.channel.id)
        return await self._try_out(granted, changed(settings, msgspec.to_builtins(body)), await self._kept(granted))

    async def _kept(self, granted: Granted) -> list[Filter]:
        return [Filter(term.form, term.text, term.effect) for term in await self._team.records.terms.all(granted.channel.id)]

    async def _try_out(self, granted: Granted, settings: ChatSettings, terms: list[Filter]) -> FilterOutcome:
        storage = self._team.storage
        found = await storage.chat_search.find(granted.channel.id, "", limit=LOOKED_AT)
        emotes = [emote.name for emote in await storage.emotes.list(granted.channel.id)]
        messages = [message for _, message in found.messages]
        return _outcome(await try_out(messages, settings, terms, emotes=emotes, clock=self._clock))


def _outcome(outcome: Outcome) -> FilterOutcome:
    examples = tuple(FilterMatch(message=one.message, held=one.held, why=one.why) for one in outcome.examples)
    return FilterOutcome(looked_at=outcome.looked_at, refused=outcome.refused, held=outcome.held, examples=examples)
