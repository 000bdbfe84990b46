"""The one message a channel's chat keeps above all others. What it is stands in the realtime socket's ``joined``."""

from chat.shows import Shows
from storage.model.account import Actor, Scope
from storage.model.errors import ErrorCode
from web.api.chat_views import done
from web.api.route import Noun, Who
from web.schema.chat_moderation import Done

NOUN = Noun("chat_pins", "Pinned messages of channels' chats.")
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)


class ChatPinRoutes:
    """The team's."""

    def __init__(self, shows: Shows) -> None:
        self._shows = shows

    @NOUN.route(
        "PUT",
        "/channels/{name}/chat/pin/{message}",
        who=Who.ACCOUNT,
        scope=Scope.MODERATE,
        errors=(*_ERRORS, ErrorCode.MESSAGE_NOT_FOUND),
    )
    async def pin(self, name: str, message: str, actor: Actor) -> Done:
        """Keep a message above all others, instead of the one before."""
        return done(await self._shows.pin(actor, name, message))

    @NOUN.route("DELETE", "/channels/{name}/chat/pin", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def unpin(self, name: str, actor: Actor) -> Done:
        """Take the pinned message down."""
        return done(await self._shows.unpin(actor, name))
