"""How a channel's chat is run: modes, filters and limits, and the shield."""

import msgspec

from chat.room_rules import RoomRules
from storage.model.account import Actor, Scope
from storage.model.errors import ErrorCode
from web.api.chat_views import done, settings_view
from web.api.route import IfMatch, Noun, Who
from web.schema.chat_moderation import Because, Done
from web.schema.chat_settings import ChatSettings, ChatSettingsChange, ShieldRaised

NOUN = Noun("chat_settings", "How channels' chats are run.")
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)


class ChatSettingsRoutes:
    """The team's to read and change."""

    def __init__(self, rules: RoomRules) -> None:
        self._rules = rules

    @NOUN.route("GET", "/channels/{name}/chat/settings", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def read(self, name: str, actor: Actor) -> ChatSettings:
        """All settings of the channel's chat."""
        return settings_view(*await self._rules.settings(actor, name))

    @NOUN.route("PATCH", "/channels/{name}/chat/settings", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def change(self, name: str, actor: Actor, body: ChatSettingsChange, version: IfMatch) -> ChatSettings:
        """Change some settings; in force for every message from then on."""
        await self._rules.change(actor, name, msgspec.to_builtins(body), version=version)
        return settings_view(*await self._rules.settings(actor, name))

    @NOUN.route("PUT", "/channels/{name}/chat/shield", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def raise_shield(self, name: str, actor: Actor, body: ShieldRaised) -> Done:
        """Raise the shield: the stricter modes of ``shield_modes`` apply."""
        return done(await self._rules.raise_shield(actor, name, body.seconds, body.reason))

    @NOUN.route("DELETE", "/channels/{name}/chat/shield", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def lower_shield(self, name: str, actor: Actor, query: Because) -> Done:
        """Lower the shield."""
        return done(await self._rules.lower_shield(actor, name, query.reason))
