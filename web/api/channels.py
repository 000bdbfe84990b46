"""Channels: found, made, edited."""

from contextlib import suppress

import msgspec
from msgspec import UnsetType
from quart import request

from storage.access import Action, Granted
from storage.announced_channels import announce_channel
from storage.database.search import Search
from storage.model.account import Account, Actor, Scope
from storage.model.channel import Visibility
from storage.model.channel_edit import ChannelEdit
from storage.model.errors import BadInput, Conflict, ErrorCode, Unavailable
from storage.model.ids import ChannelId, channel_name
from storage.opening import Storage
from web.api.channel_views import ChannelViews
from web.api.paging import PageRequest, cursor
from web.api.route import Answer, IfMatch, Noun, Who
from web.directory import Directory
from web.pictures import Pictures
from web.schema.channel import Channel, ChannelChange, ChannelSearch, NewChannel
from web.schema.paging import Page

NOUN = Noun("channels", "Channels, and what their owners change about them.")
SHORTEST_PASSWORD = 4
LONGEST_PASSWORD = 200
LONGEST_SEARCH = 200

_OWNERS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)


class ChannelRoutes:
    """What is asked about channels beyond whether they are live."""

    def __init__(self, storage: Storage, directory: Directory, views: ChannelViews, pictures: Pictures) -> None:
        self._storage = storage
        self._directory = directory
        self._views = views
        self._pictures = pictures

    @NOUN.route("GET", "/channels")
    async def find(self, actor: Actor, query: ChannelSearch, page: PageRequest) -> Page[Channel]:
        """Public channels, those that fit. A page may be shorter than asked for and not be the last."""
        if max(map(len, (query.search, query.category, query.tag))) > LONGEST_SEARCH:
            raise BadInput(ErrorCode.BAD_REQUEST, f"A search is at most {LONGEST_SEARCH} characters.", field="search")
        search = Search(query.search, query.category, query.tag)
        found = await self._storage.search.find(search, after=page.after, limit=page.limit)
        items = await self._views.several(actor, found.channels, request.host)
        return Page(items=items, next=cursor(page.list_name, found.next) if found.next else None)

    @NOUN.route(
        "POST",
        "/channels",
        who=Who.ACCOUNT,
        scope=Scope.CHANNEL_WRITE,
        status=201,
        errors=(ErrorCode.CHANNEL_NAME_INVALID, ErrorCode.CHANNEL_EXISTS, ErrorCode.LIMIT_REACHED),
    )
    async def create(self, actor: Actor, account: Account, body: NewChannel) -> Answer[Channel]:
        """A new channel of yours."""
        made = await self._storage.channels.create(channel_name(body.name), body.title, owner=account.id)
        self._views.changed(made.name)
        await self._storage.audit.write(actor, "channel.created", channel=made.id, subject=made.name)
        granted = await self._storage.access.require(actor, Action.EDIT, made.name)
        return Answer(await self._views.of(granted, request.host), {"Location": f"/api/v1/channels/{made.name}"})

    @NOUN.route("GET", "/account/channels", who=Who.ACCOUNT, scope=Scope.CHANNEL_READ)
    async def mine(self, actor: Actor, account: Account, page: PageRequest) -> Page[Channel]:
        """Your channels, by name."""
        records = [record for record in await self._storage.channels.of_owner(account.id) if record.name > page.after]
        views = await self._views.several(actor, records, request.host)
        return page.of(views[: page.limit + 1], lambda view: view.channel, lambda view: view)

    @NOUN.route(
        "PATCH",
        "/channels/{name}",
        who=Who.ACCOUNT,
        errors=(*_OWNERS, ErrorCode.CHANNEL_NAME_INVALID, ErrorCode.CHANNEL_EXISTS, ErrorCode.CHANNEL_ON_AIR, ErrorCode.SERVER_BUSY),
        scope=Scope.CHANNEL_WRITE,
    )
    async def edit(self, name: str, actor: Actor, body: ChannelChange, version: IfMatch) -> Channel:
        """Change a channel of yours. It is not renamed while it is on the air."""
        granted = await self._storage.access.require(actor, Action.EDIT, name)
        old = granted.channel
        edit = await self._edit_of(body)
        if edit.name not in (None, old.name):
            self._check_off_air(granted)
        new = await self._storage.channels.edit(old.id, edit, version=version)
        self._views.changed(old.name, new.name)
        if new.name != old.name:
            await self._storage.audit.write(actor, "channel.renamed", channel=new.id, subject=new.name, data={"before": old.name})
        if new.visibility is not old.visibility:
            await self._storage.audit.write(
                actor, "channel.opened_to", channel=new.id, subject=new.name, data={"visibility": str(new.visibility)}
            )
            await self._tell_chat(new.id)
        await announce_channel(self._storage.bus, new)
        return await self._views.of(await self._storage.access.require(actor, Action.EDIT, new.name), request.host)

    @NOUN.route("DELETE", "/channels/{name}", who=Who.ACCOUNT, scope=Scope.CHANNEL_WRITE, errors=(*_OWNERS, ErrorCode.CHANNEL_ON_AIR))
    async def delete(self, name: str, actor: Actor, version: IfMatch) -> None:
        """Delete a channel of yours, its keys, roles and the list of its broadcasts. Not while it is on the air."""
        granted = await self._storage.access.require(actor, Action.DELETE, name)
        record = await self._storage.channels.by_id(granted.channel.id)
        if record.version != version:
            raise Conflict(ErrorCode.PRECONDITION_FAILED, "The channel was changed meanwhile; read it again.")
        self._check_off_air(granted)
        await self._storage.channels.delete(record.id)
        self._views.changed(record.name)
        await self._storage.audit.write(actor, "channel.deleted", channel=record.id, subject=record.name)
        for picture in (record.picture, record.banner, record.offline_picture):
            await self._pictures.forget(picture)

    async def _edit_of(self, body: ChannelChange) -> ChannelEdit:
        values = {name: value for name, value in msgspec.structs.asdict(body).items() if not isinstance(value, UnsetType)}
        password = values.pop("password", None)
        if password is not None:
            if values.get("visibility", Visibility.PASSWORD) is not Visibility.PASSWORD:
                raise BadInput(ErrorCode.BAD_REQUEST, "A password belongs to the visibility 'password'.", field="password")
            if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
                detail = f"A channel's password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
                raise BadInput(ErrorCode.BAD_REQUEST, detail, field="password")
            values["password_hash"] = await self._storage.passwords.hash(password)
        if "name" in values:
            values["name"] = channel_name(values["name"])
        if "tags" in values:
            values["tags"] = tuple(values["tags"])
        return ChannelEdit(**values)

    async def _tell_chat(self, channel: ChannelId) -> None:
        """Who may read the channel's chat is decided anew at once."""
        hint = await self._storage.chat_log.hint(channel)
        if hint is not None:
            with suppress(Unavailable):
                await self._storage.bus.tell_room(hint)

    def _check_off_air(self, granted: Granted) -> None:
        if self._directory.entry(granted.channel.name).state not in {"offline", "ended"}:
            raise Conflict(ErrorCode.CHANNEL_ON_AIR, "The channel is on the air. End the broadcast first.")
