"""What was said in a channel's chat: read back, searched, and replayed with a broadcast. Messages are written on the realtime socket."""

from storage.access import Action
from storage.chat.events import Message
from storage.database.chat_search import LONGEST_SEARCH, SHORTEST_WORD
from storage.model.account import Actor
from storage.model.errors import BadInput, ErrorCode, NotFound
from storage.model.ids import BroadcastId, account_name
from storage.opening import Storage
from web.api.paging import PageRequest, cursor
from web.api.route import Noun
from web.schema.chat import ChatMessage, MessageSearch, ReplayFrom
from web.schema.paging import Page

NOUN = Noun("messages", "What was said in channels' chats.")
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.SIGN_IN_REQUIRED, ErrorCode.NOT_ALLOWED, ErrorCode.CHANNEL_PASSWORD_REQUIRED)


class MessageRoutes:
    """Whoever may watch the channel may read what was said."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @NOUN.route("GET", "/channels/{name}/chat/messages", errors=(*_ERRORS, ErrorCode.ACCOUNT_NAME_INVALID))
    async def find(self, name: str, actor: Actor, query: MessageSearch, page: PageRequest) -> Page[ChatMessage]:
        """Messages, newest first. A page of a search can be short and yet not be the last."""
        granted = await self._storage.access.require(actor, Action.WATCH, name)
        if query.text and not SHORTEST_WORD <= len(query.text) <= LONGEST_SEARCH:
            raise BadInput(ErrorCode.BAD_REQUEST, f"A search is for {SHORTEST_WORD} to {LONGEST_SEARCH} characters.", field="text")
        found = await self._storage.chat_search.find(
            granted.channel.id,
            query.text,
            author=account_name(query.author) if query.author else None,
            before=_number(page.after),
            limit=page.limit,
        )
        following = None if found.before is None else cursor(page.list_name, str(found.before))
        return Page(items=tuple(_view(*one) for one in found.messages), next=following)

    @NOUN.route("GET", "/channels/{name}/broadcasts/{broadcast}/chat", errors=_ERRORS)
    async def replay(self, name: str, broadcast: str, actor: Actor, query: ReplayFrom, page: PageRequest) -> Page[ChatMessage]:
        """What was said during a broadcast, in the order of the pictures its authors saw."""
        granted = await self._storage.access.require(actor, Action.WATCH, name)
        record = await self._storage.broadcasts.get(BroadcastId(broadcast))
        if record is None or record.channel != granted.channel.id:
            raise NotFound(ErrorCode.NOT_FOUND, "The channel has no such broadcast.")
        time, _, message = page.after.partition(":")
        found = await self._storage.chat_search.of_broadcast(
            record.id, after_ms=(_number(time) or 0) if page.after else query.after_ms - 1, after=message, limit=page.limit + 1
        )
        return page.of(found, lambda one: f"{one[1].media or one[1].at}:{one[1].id}", lambda one: _view(*one))


def _view(seq: int, message: Message) -> ChatMessage:
    return ChatMessage(seq=seq, message=message)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
