"""The moderation log of a channel, and the undoing of what stands in it."""

from chat.room_rules import RoomRules
from chat.team import Team
from storage.database.chat_actions import LogFilter
from storage.model.account import Actor, Scope
from storage.model.chat import ModerationAction
from storage.model.errors import ErrorCode
from storage.model.ids import AccountId
from web.api.chat_views import done, line_view
from web.api.paging import PageRequest
from web.api.route import Noun, Who
from web.schema.chat_moderation import Done, LogLine, LogSearch
from web.schema.paging import Page

NOUN = Noun("chat_log", "The moderation logs of channels.")
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)


class ChatLogRoutes:
    """The team's."""

    def __init__(self, team: Team, rules: RoomRules) -> None:
        self._team = team
        self._rules = rules

    @NOUN.route(
        "GET",
        "/channels/{name}/chat/log",
        who=Who.ACCOUNT,
        scope=Scope.MODERATE,
        errors=(*_ERRORS, ErrorCode.ACCOUNT_NOT_FOUND),
    )
    async def log(self, name: str, actor: Actor, query: LogSearch, page: PageRequest) -> Page[LogLine]:
        """Who did what to whom and why, newest first."""
        granted = await self._team.granted(actor, ModerationAction.NOTE, name)
        which = LogFilter(query.action, await self._account(query.by), await self._account(query.account), query.message or None)
        found = await self._team.records.actions.list(granted.channel.id, which, before=page.after, limit=page.limit + 1)
        return page.of(found, lambda line: line.id, line_view)

    @NOUN.route(
        "POST",
        "/channels/{name}/chat/log/{line}/undo",
        who=Who.ACCOUNT,
        scope=Scope.MODERATE,
        errors=(*_ERRORS, ErrorCode.NOT_UNDOABLE, ErrorCode.LIMIT_REACHED),
    )
    async def undo(self, name: str, line: str, actor: Actor) -> Done:
        """Do the reverse of what a line tells, where that still stands and you may do it."""
        return done(await self._rules.undo(actor, name, line))

    async def _account(self, name: str) -> AccountId | None:
        return (await self._team.account(name)).id if name else None
