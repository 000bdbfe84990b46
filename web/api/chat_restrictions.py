"""Timeouts, warnings and suspicion. Bans are a channel's, see :mod:`web.api.roles`."""

from chat.moderation import Moderation
from chat.team import Team
from storage.model.account import Actor, Scope
from storage.model.chat import ModerationAction, Suspicion
from storage.model.errors import ErrorCode
from web.api.chat_views import chatter_view, done
from web.api.paging import PageRequest
from web.api.route import Noun, Who
from web.schema.chat_moderation import Chatter, Done, Mute, Suspect, Warn
from web.schema.paging import Page

NOUN = Noun("chat_restrictions", "What teams lay on accounts in channels' chats.")
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)
_OVER = (*_ERRORS, ErrorCode.ACCOUNT_NOT_FOUND)


class ChatRestrictionRoutes:
    """The team's, but the acknowledgement."""

    def __init__(self, team: Team, moderation: Moderation) -> None:
        self._team = team
        self._moderation = moderation

    @NOUN.route("GET", "/channels/{name}/chat/mutes", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def mutes(self, name: str, actor: Actor, page: PageRequest) -> Page[Chatter]:
        """Whose timeout runs, by name."""
        granted = await self._team.granted(actor, ModerationAction.TIMEOUT, name)
        found = await self._team.records.people.muted(granted.channel.id, after=page.after, limit=page.limit + 1)
        return page.of(found, lambda one: one.account, chatter_view)

    @NOUN.route("PUT", "/channels/{name}/chat/mutes/{account}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_OVER)
    async def mute(self, name: str, account: str, actor: Actor, body: Mute) -> Done:
        """Keep an account from writing for a while from now on."""
        return done(await self._moderation.mute(actor, name, account, body.seconds, body.reason))

    @NOUN.route("DELETE", "/channels/{name}/chat/mutes/{account}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_OVER)
    async def unmute(self, name: str, account: str, actor: Actor) -> Done:
        """End an account's timeout."""
        return done(await self._moderation.unmute(actor, name, account))

    @NOUN.route("PUT", "/channels/{name}/chat/warnings/{account}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_OVER)
    async def warn(self, name: str, account: str, actor: Actor, body: Warn) -> Done:
        """Warn an account; it writes again once it says that it read that."""
        return done(await self._moderation.warn(actor, name, account, body.reason))

    @NOUN.route("DELETE", "/channels/{name}/chat/warnings/{account}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_OVER)
    async def unwarn(self, name: str, account: str, actor: Actor) -> Done:
        """Take a warning back that was not acknowledged."""
        return done(await self._moderation.unwarn(actor, name, account))

    @NOUN.route(
        "POST",
        "/channels/{name}/chat/acknowledgement",
        who=Who.ACCOUNT,
        scope=Scope.CHAT,
        errors=(ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_FOUND),
    )
    async def acknowledge(self, name: str, actor: Actor) -> None:
        """Say that you read the warning the channel's team gave you."""
        await self._moderation.acknowledge(actor, name)

    @NOUN.route("GET", "/channels/{name}/chat/suspicions", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def suspicions(self, name: str, actor: Actor, page: PageRequest) -> Page[Chatter]:
        """Whom the team watches, by name."""
        granted = await self._team.granted(actor, ModerationAction.SUSPECT, name)
        found = await self._team.records.people.suspicious(granted.channel.id, after=page.after, limit=page.limit + 1)
        return page.of(found, lambda one: one.account, chatter_view)

    @NOUN.route("PUT", "/channels/{name}/chat/suspicions/{account}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_OVER)
    async def suspect(self, name: str, account: str, actor: Actor, body: Suspect) -> Done:
        """Watch an account: its messages are marked for the team, or held."""
        return done(await self._moderation.suspect(actor, name, account, body.level, body.reason))

    @NOUN.route("DELETE", "/channels/{name}/chat/suspicions/{account}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_OVER)
    async def unsuspect(self, name: str, account: str, actor: Actor) -> Done:
        """Watch an account no longer."""
        return done(await self._moderation.suspect(actor, name, account, Suspicion.NONE))
