"""A channel's stream keys."""

from storage.access import Action
from storage.model.account import Actor, Scope
from storage.model.channel import StreamKey as KeyRecord
from storage.model.errors import ErrorCode
from storage.model.ids import RecordId
from storage.opening import Storage
from web.api.paging import PageRequest
from web.api.route import Noun, Who
from web.api.views import milliseconds, milliseconds_or_none
from web.schema.channel import NewStreamKey, StreamKey
from web.schema.paging import Page

NOUN = Noun("keys", "Stream keys, by which programs publish to a channel.")
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)


class StreamKeyRoutes:
    """The keys of a channel, for its owner."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @NOUN.route("GET", "/channels/{name}/keys", who=Who.ACCOUNT, scope=Scope.CHANNEL_WRITE, errors=_ERRORS)
    async def keys(self, name: str, actor: Actor, page: PageRequest) -> Page[StreamKey]:
        """The channel's keys, revoked ones too, oldest first."""
        granted = await self._storage.access.require(actor, Action.KEYS, name)
        found = [key for key in await self._storage.stream_keys.list(granted.channel.name) if key.id > page.after]
        return page.of(found[: page.limit + 1], lambda key: key.id, _view)

    @NOUN.route(
        "POST", "/channels/{name}/keys", who=Who.ACCOUNT, scope=Scope.CHANNEL_WRITE, status=201, errors=(*_ERRORS, ErrorCode.LIMIT_REACHED)
    )
    async def create(self, name: str, actor: Actor, body: NewStreamKey) -> StreamKey:
        """A new stream key; told this once."""
        granted = await self._storage.access.require(actor, Action.KEYS, name)
        record, plain = await self._storage.stream_keys.add(granted.channel.name, body.name)
        await self._storage.audit.write(actor, "key.created", channel=granted.channel.id, subject=record.id)
        return _view(record, plain)

    @NOUN.route("DELETE", "/channels/{name}/keys/{key}", who=Who.ACCOUNT, scope=Scope.CHANNEL_WRITE, errors=_ERRORS)
    async def revoke(self, name: str, key: str, actor: Actor) -> None:
        """Revoke a key; what it publishes ends within five seconds."""
        granted = await self._storage.access.require(actor, Action.KEYS, name)
        await self._storage.stream_keys.revoke(granted.channel.name, RecordId(key))
        await self._storage.audit.write(actor, "key.revoked", channel=granted.channel.id, subject=key)


def _view(record: KeyRecord, plain: str | None = None) -> StreamKey:
    return StreamKey(
        id=record.id,
        name=record.name,
        created_ms=milliseconds(record.created_at),
        used_ms=milliseconds_or_none(record.used_at),
        revoked_ms=milliseconds_or_none(record.revoked_at),
        key=plain,
    )
