"""Taking messages away."""

from chat.moderation import Moderation
from storage.model.account import Actor, Scope
from storage.model.errors import ErrorCode
from web.api.chat_views import done
from web.api.route import Noun, Who
from web.schema.chat_moderation import Because, Done, Purge

NOUN = Noun("chat_deletions", "Taking messages of channels' chats away.")
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)


class ChatDeletionRoutes:
    """What is taken away can be brought back, by the log."""

    def __init__(self, moderation: Moderation) -> None:
        self._moderation = moderation

    @NOUN.route(
        "DELETE",
        "/channels/{name}/chat/messages/{message}",
        who=Who.ACCOUNT,
        scope=Scope.MODERATE,
        errors=(*_ERRORS, ErrorCode.MESSAGE_NOT_FOUND),
    )
    async def delete(self, name: str, message: str, actor: Actor, query: Because) -> Done:
        """Delete a message."""
        return done(await self._moderation.delete(actor, name, message, query.reason))

    @NOUN.route(
        "DELETE",
        "/channels/{name}/chat/messages",
        who=Who.ACCOUNT,
        scope=Scope.MODERATE,
        errors=(*_ERRORS, ErrorCode.ACCOUNT_NOT_FOUND),
    )
    async def purge(self, name: str, actor: Actor, query: Purge) -> Done:
        """Delete everything an account wrote."""
        return done(await self._moderation.purge(actor, name, query.author, query.reason))

    @NOUN.route("POST", "/channels/{name}/chat/clear", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def clear(self, name: str, actor: Actor, body: Because) -> Done:
        """Take everything away that was said so far."""
        return done(await self._moderation.clear(actor, name, body.reason))
