"""What links in a channel's chat lead to."""

from storage.access import Action
from storage.limits import Limit
from storage.model.account import Actor
from storage.model.errors import ErrorCode, Refused
from storage.opening import Storage
from web.api.route import Noun
from web.previews.previews import Previews
from web.schema.chat import Link, Preview

NOUN = Noun("previews", "What links in channels' chats lead to.")
LOOKS = Limit("previews", 60, 60)


class PreviewRoutes:
    """Only in rooms whose team switched it on."""

    def __init__(self, storage: Storage, previews: Previews) -> None:
        self._storage = storage
        self._previews = previews

    @NOUN.route(
        "GET",
        "/channels/{name}/chat/preview",
        limit=LOOKS,
        public=False,
        errors=(
            ErrorCode.CHANNEL_NOT_FOUND,
            ErrorCode.NOT_FOUND,
            ErrorCode.SIGN_IN_REQUIRED,
            ErrorCode.NOT_ALLOWED,
            ErrorCode.CHANNEL_PASSWORD_REQUIRED,
            ErrorCode.SERVER_BUSY,
        ),
    )
    async def preview(self, name: str, actor: Actor, query: Link) -> Preview:
        """What a link leads to, in words. This server asks, so that nobody's browser is seen there."""
        granted = await self._storage.access.require(actor, Action.WATCH, name)
        room = (await self._storage.chat_log.rooms([granted.channel.id])).get(granted.channel.id)
        if room is None or not room.settings.previews:
            raise Refused(ErrorCode.NOT_ALLOWED, "Links are not looked up in this chat.")
        found = await self._previews.of(query.url)
        return Preview(title=found.title, description=found.description, site=found.site)
