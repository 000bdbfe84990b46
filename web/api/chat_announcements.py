"""Announcements in channels' chats."""

from chat.announcements import Announcements
from storage.model.account import Actor, Scope
from storage.model.errors import ErrorCode
from web.api.chat_views import done
from web.api.route import Noun, Who
from web.schema.chat import NewAnnouncement
from web.schema.chat_moderation import Done

NOUN = Noun("chat_announcements", "Announcements in channels' chats.")


class ChatAnnouncementRoutes:
    """The team's."""

    def __init__(self, announcements: Announcements) -> None:
        self._announcements = announcements

    @NOUN.route(
        "POST",
        "/channels/{name}/chat/announcements",
        who=Who.ACCOUNT,
        scope=Scope.MODERATE,
        status=201,
        errors=(
            ErrorCode.CHANNEL_NOT_FOUND,
            ErrorCode.NOT_ALLOWED,
            ErrorCode.MESSAGE_EMPTY,
            ErrorCode.MESSAGE_TOO_LONG,
            ErrorCode.CHAT_MUTED,
            ErrorCode.WARNING_PENDING,
        ),
    )
    async def announce(self, name: str, actor: Actor, body: NewAnnouncement) -> Done:
        """Say something to everybody, set off from the rest."""
        return done(await self._announcements.announce(actor, name, body.text))
