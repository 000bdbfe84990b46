"""A channel's emotes."""

from contextlib import suppress

from quart import request

from storage.access import Action
from storage.model.account import Actor, Scope
from storage.model.emote import emote_name
from storage.model.errors import ErrorCode, FanlightError, Unavailable
from storage.opening import Storage
from web import pictures
from web.api.route import Noun, Who
from web.picture_types import TYPES
from web.pictures import Pictures, Shape
from web.schema.chat import Emote, Emotes

NOUN = Noun("emotes", "The emotes of channels' chats.")
SHAPE = Shape(96, 96)
"""Three device pixels for each of the 32 it is shown in."""
LARGEST_EMOTE = 512 * 1024

_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)
_UPLOADS = (
    *_ERRORS,
    ErrorCode.EMOTE_EXISTS,
    ErrorCode.LIMIT_REACHED,
    ErrorCode.PICTURE_UNFIT,
    ErrorCode.SERVER_BUSY,
    ErrorCode.STORE_UNAVAILABLE,
)


class EmoteRoutes:
    """Whoever sees the channel sees its emotes; its owner makes them."""

    def __init__(self, storage: Storage, pictures: Pictures) -> None:
        self._storage = storage
        self._pictures = pictures

    @NOUN.route("GET", "/channels/{name}/emotes", errors=(ErrorCode.CHANNEL_NOT_FOUND,))
    async def emotes(self, name: str, actor: Actor) -> Emotes:
        """The channel's emotes, by name."""
        granted = await self._storage.access.require(actor, Action.SEE, name)
        found = await self._storage.emotes.list(granted.channel.id)
        return Emotes(emotes=tuple(Emote(name=one.name, picture=pictures.path(one.picture) or "") for one in found))

    @NOUN.route(
        "PUT",
        "/channels/{name}/emotes/{emote}",
        who=Who.ACCOUNT,
        scope=Scope.CHANNEL_WRITE,
        takes=tuple(TYPES),
        largest=LARGEST_EMOTE,
        errors=_UPLOADS,
    )
    async def add(self, name: str, emote: str, actor: Actor, body: bytes) -> None:
        """Add an emote: a picture of at most 512 KiB, made small."""
        granted = await self._storage.access.require(actor, Action.EDIT, name)
        checked = emote_name(emote)
        picture = await self._pictures.keep(body, request.mimetype, SHAPE)
        try:
            acted = await self._storage.emotes.add(granted.channel.id, checked, picture, by=actor.account.id if actor.account else None)
        except FanlightError:
            await self._pictures.forget(picture)
            raise
        with suppress(Unavailable):
            await self._storage.bus.tell_room(acted.hint)
        await self._storage.audit.write(actor, "emote.added", channel=granted.channel.id, subject=checked)

    @NOUN.route("DELETE", "/channels/{name}/emotes/{emote}", who=Who.ACCOUNT, scope=Scope.CHANNEL_WRITE, errors=_ERRORS)
    async def remove(self, name: str, emote: str, actor: Actor) -> None:
        """Remove an emote; messages show its name from then on."""
        granted = await self._storage.access.require(actor, Action.EDIT, name)
        picture, acted = await self._storage.emotes.remove(granted.channel.id, emote, by=actor.account.id if actor.account else None)
        with suppress(Unavailable):
            await self._storage.bus.tell_room(acted.hint)
        await self._pictures.forget(picture)
        await self._storage.audit.write(actor, "emote.removed", channel=granted.channel.id, subject=emote)
