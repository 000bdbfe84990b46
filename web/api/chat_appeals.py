"""Appeals against bans: made by who is banned, answered by the team."""

from chat.moderation import Moderation
from chat.team import Team
from storage.access import Action
from storage.model.account import Account, Actor, Scope
from storage.model.chat import ModerationAction
from storage.model.errors import BadInput, ErrorCode, NotFound
from storage.model.ids import ChannelId, channel_name
from web.api.chat_views import appeal_view, done, own_appeal_view
from web.api.paging import PageRequest
from web.api.route import Noun, Who
from web.schema.chat_moderation import Appeal, AppealAnswer, AppealSearch, Done, NewAppeal, OwnAppeal
from web.schema.paging import Page

NOUN = Noun("chat_appeals", "Appeals against bans from channels.")
_TEAM = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)


class ChatAppealRoutes:
    """One is open for each account and channel."""

    def __init__(self, team: Team, moderation: Moderation) -> None:
        self._team = team
        self._moderation = moderation

    @NOUN.route("GET", "/channels/{name}/chat/appeal", who=Who.ACCOUNT, scope=Scope.CHAT, errors=(ErrorCode.CHANNEL_NOT_FOUND,))
    async def own(self, name: str, actor: Actor, account: Account) -> OwnAppeal:
        """Your last appeal in the channel, and what became of it."""
        channel = await self._channel(actor, name, account)
        return own_appeal_view(await self._team.records.appeals.newest(channel, account.id))

    @NOUN.route(
        "POST",
        "/channels/{name}/chat/appeal",
        who=Who.ACCOUNT,
        scope=Scope.CHAT,
        status=201,
        errors=(ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.APPEAL_OPEN),
    )
    async def appeal(self, name: str, actor: Actor, account: Account, body: NewAppeal) -> OwnAppeal:
        """Ask for your ban to be lifted."""
        channel = await self._channel(actor, name, account)
        _, acted = await self._team.records.appeals.appeal(channel, account.id, body.text)
        await self._team.tell(acted.hint)
        return own_appeal_view(await self._team.records.appeals.newest(channel, account.id))

    @NOUN.route("GET", "/channels/{name}/chat/appeals", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_TEAM)
    async def appeals(self, name: str, actor: Actor, query: AppealSearch, page: PageRequest) -> Page[Appeal]:
        """Appeals to the channel's team, oldest first; open ones unless said."""
        granted = await self._team.granted(actor, ModerationAction.GRANT_APPEAL, name)
        found = await self._team.records.appeals.list(granted.channel.id, query.state, after=page.after, limit=page.limit + 1)
        return page.of(found, lambda one: one.id, appeal_view)

    @NOUN.route(
        "POST",
        "/channels/{name}/chat/appeals/{appeal}",
        who=Who.ACCOUNT,
        scope=Scope.MODERATE,
        errors=(*_TEAM, ErrorCode.ALREADY_DECIDED),
    )
    async def answer(self, name: str, appeal: str, actor: Actor, body: AppealAnswer) -> Done:
        """Answer an appeal; what is granted lifts the ban."""
        return done(await self._moderation.answer(actor, name, appeal, granted=body.granted, text=body.text))

    async def _channel(self, actor: Actor, name: str, account: Account) -> ChannelId:
        """A channel one may see, or is banned from: that one knows of it."""
        storage = self._team.storage
        try:
            record = await storage.channels.get(channel_name(name))
        except BadInput:
            raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.") from None
        if not await storage.bans.is_banned(record.id, account.id):
            await storage.access.require(actor, Action.SEE, name)
        return record.id
