"""What an account follows, whom it blocks, and what it is told."""

from quart import request

from storage.access import Action
from storage.model.account import Account, Actor, Scope
from storage.model.errors import ErrorCode
from storage.model.ids import ChannelName
from storage.opening import Storage
from web.api.channel_views import ChannelViews
from web.api.paging import PageRequest, cursor
from web.api.roles import find_account
from web.api.route import Noun, Who
from web.api.views import milliseconds, milliseconds_or_none
from web.schema.paging import Page
from web.schema.people import Blocked, Follow, FollowChange, Notification

NOUN = Noun("follows", "Followed channels, blocked accounts and notifications.")


class FollowRoutes:
    """An account's own lists."""

    def __init__(self, storage: Storage, views: ChannelViews) -> None:
        self._storage = storage
        self._views = views

    @NOUN.route("GET", "/account/follows", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ)
    async def follows(self, actor: Actor, account: Account, page: PageRequest) -> Page[Follow]:
        """The channels you follow and may see. A page may be shorter than asked for and not be the last."""
        found = await self._storage.follows.list(account.id, after=page.after, limit=page.limit + 1)
        kept = found[: page.limit]
        notified = {one.channel.name: one.notify for one in kept}
        seen = await self._views.several(actor, [one.channel for one in kept], request.host)
        items = tuple(Follow(channel=view, notify=notified[ChannelName(view.channel)]) for view in seen)
        return Page(items=items, next=cursor(page.list_name, kept[-1].channel.id) if len(found) > page.limit else None)

    @NOUN.route(
        "PUT",
        "/account/follows/{channel}",
        who=Who.ACCOUNT,
        scope=Scope.ACCOUNT_WRITE,
        errors=(ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED, ErrorCode.LIMIT_REACHED),
    )
    async def follow(self, channel: str, actor: Actor, account: Account, body: FollowChange) -> None:
        """Follow a channel, or say whether its going live is told."""
        granted = await self._storage.access.require(actor, Action.FOLLOW, channel)
        await self._storage.follows.follow(account.id, granted.channel.id, notify=body.notify)
        self._views.changed(granted.channel.name)

    @NOUN.route("DELETE", "/account/follows/{channel}", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, errors=(ErrorCode.CHANNEL_NOT_FOUND,))
    async def unfollow(self, channel: str, actor: Actor, account: Account) -> None:
        """Follow a channel no more."""
        granted = await self._storage.access.require(actor, Action.SEE, channel)
        await self._storage.follows.unfollow(account.id, granted.channel.id)
        self._views.changed(granted.channel.name)

    @NOUN.route("GET", "/account/blocks", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ)
    async def blocks(self, account: Account, page: PageRequest) -> Page[Blocked]:
        """Whom you block, by name."""
        found = await self._storage.blocks.list(account.id, after=page.after, limit=page.limit + 1)
        return page.of(found, lambda one: one[0], lambda one: Blocked(account=one[0], display_name=one[1]))

    @NOUN.route(
        "PUT",
        "/account/blocks/{name}",
        who=Who.ACCOUNT,
        scope=Scope.ACCOUNT_WRITE,
        errors=(ErrorCode.ACCOUNT_NOT_FOUND, ErrorCode.LIMIT_REACHED),
    )
    async def block(self, name: str, account: Account) -> None:
        """Block an account."""
        await self._storage.blocks.block(account.id, (await find_account(self._storage, name)).id)

    @NOUN.route("DELETE", "/account/blocks/{name}", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, errors=(ErrorCode.ACCOUNT_NOT_FOUND,))
    async def unblock(self, name: str, account: Account) -> None:
        """Block an account no more."""
        await self._storage.blocks.unblock(account.id, (await find_account(self._storage, name)).id)

    @NOUN.route("GET", "/account/notifications", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ)
    async def notifications(self, account: Account, page: PageRequest) -> Page[Notification]:
        """What you were told in the last month, newest first."""
        found = await self._storage.notifications.list(account.id, before=page.after, limit=page.limit + 1)
        return page.of(
            found,
            lambda one: one.id,
            lambda one: Notification(
                id=one.id,
                kind=one.kind,
                channel=one.channel,
                text=one.text,
                created_ms=milliseconds(one.created_at),
                read_ms=milliseconds_or_none(one.read_at),
            ),
        )

    @NOUN.route("POST", "/account/notifications/read", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE)
    async def read(self, account: Account) -> None:
        """You read everything told so far."""
        await self._storage.notifications.read(account.id)
