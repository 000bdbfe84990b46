"""Messages that are held until the team decides."""

from chat.moderation import Moderation
from chat.team import Team
from storage.model.account import Actor, Scope
from storage.model.chat import ModerationAction
from storage.model.errors import ErrorCode
from web.api.chat_views import done, held_view
from web.api.paging import PageRequest
from web.api.route import Noun, Who
from web.schema.chat_moderation import Decision, Done, HeldMessage
from web.schema.paging import Page

NOUN = Noun("chat_queue", "Messages of channels' chats that wait for a decision.")
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)


class ChatQueueRoutes:
    """The team's."""

    def __init__(self, team: Team, moderation: Moderation) -> None:
        self._team = team
        self._moderation = moderation

    @NOUN.route("GET", "/channels/{name}/chat/queue", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def queue(self, name: str, actor: Actor, page: PageRequest) -> Page[HeldMessage]:
        """What waits, oldest first."""
        granted = await self._team.granted(actor, ModerationAction.LET_THROUGH, name)
        found = await self._team.records.queue.list(granted.channel.id, after=page.after, limit=page.limit + 1)
        return page.of(found, lambda one: one.message.id, held_view)

    @NOUN.route(
        "POST",
        "/channels/{name}/chat/queue/{message}",
        who=Who.ACCOUNT,
        scope=Scope.MODERATE,
        errors=(*_ERRORS, ErrorCode.MESSAGE_NOT_FOUND, ErrorCode.ALREADY_DECIDED),
    )
    async def decide(self, name: str, message: str, actor: Actor, body: Decision) -> Done:
        """Let a message through or not; of several who decide, the first does."""
        return done(await self._moderation.decide(actor, name, message, let_through=body.let_through, reason=body.reason))
