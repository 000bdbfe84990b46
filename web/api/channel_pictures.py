"""The pictures of channels: the one beside the name, the banner, and what is shown off the air."""

from collections.abc import Mapping
from types import MappingProxyType

from quart import request

from storage.access import Action
from storage.model.account import Actor, Scope
from storage.model.channel import ChannelPicture
from storage.model.errors import ErrorCode, NotFound
from storage.opening import Storage
from web.api.channel_views import ChannelViews
from web.api.route import Noun, Who
from web.picture_types import TYPES
from web.pictures import BANNER, CHANNEL_PICTURE, LARGEST_UPLOAD, OFFLINE_PICTURE, Pictures, Shape

NOUN = Noun("channel_pictures", "The pictures of channels: picture, banner, offline-picture.")

_KINDS: Mapping[str, tuple[ChannelPicture, Shape]] = MappingProxyType(
    {
        "picture": (ChannelPicture.PICTURE, CHANNEL_PICTURE),
        "banner": (ChannelPicture.BANNER, BANNER),
        "offline-picture": (ChannelPicture.OFFLINE_PICTURE, OFFLINE_PICTURE),
    }
)
_OWNERS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)
_UPLOADS = (*_OWNERS, ErrorCode.PICTURE_UNFIT, ErrorCode.SERVER_BUSY, ErrorCode.STORE_UNAVAILABLE)


class ChannelPictureRoutes:
    """Owners set them and take them away; everybody who sees the channel is told where they are."""

    def __init__(self, storage: Storage, views: ChannelViews, pictures: Pictures) -> None:
        self._storage = storage
        self._views = views
        self._pictures = pictures

    @NOUN.route(
        "PUT",
        "/channels/{name}/pictures/{kind}",
        who=Who.ACCOUNT,
        scope=Scope.CHANNEL_WRITE,
        takes=tuple(TYPES),
        largest=LARGEST_UPLOAD,
        errors=_UPLOADS,
    )
    async def put(self, name: str, kind: str, actor: Actor, body: bytes) -> None:
        """Set the channel's picture, its banner, or the offline-picture, shown while it is off the air."""
        # First who may: making a picture anew costs more than asking.
        await self._storage.access.require(actor, Action.EDIT, name)
        which, shape = _known(kind)
        key = await self._pictures.keep(body, request.mimetype, shape)
        await self._set(actor, name, which, key)

    @NOUN.route("DELETE", "/channels/{name}/pictures/{kind}", who=Who.ACCOUNT, scope=Scope.CHANNEL_WRITE, errors=_OWNERS)
    async def delete(self, name: str, kind: str, actor: Actor) -> None:
        """Take a picture of the channel away."""
        which, _ = _known(kind)
        await self._set(actor, name, which, None)

    async def _set(self, actor: Actor, name: str, which: ChannelPicture, key: str | None) -> None:
        granted = await self._storage.access.require(actor, Action.EDIT, name)
        old = await self._storage.channels.set_picture(granted.channel.id, which, key)
        self._views.changed(granted.channel.name)
        await self._pictures.forget(old)


def _known(kind: str) -> tuple[ChannelPicture, Shape]:
    found = _KINDS.get(kind)
    if found is None:
        raise NotFound(ErrorCode.NOT_FOUND, f"A channel has these pictures: {', '.join(_KINDS)}.")
    return found
