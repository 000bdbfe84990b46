"""Who helps in a channel, and who is banned from it."""

from datetime import timedelta

from storage.access import Action
from storage.clock import Clock, utc_now
from storage.model.account import Account, Actor, Scope
from storage.model.channel import Channel
from storage.model.errors import BadInput, ErrorCode, NotFound
from storage.model.event import Event
from storage.model.ids import AccountId, account_name
from storage.opening import Storage
from web.api.channel_views import ChannelViews
from web.api.paging import PageRequest
from web.api.route import Noun, Who
from web.api.views import milliseconds, milliseconds_or_none
from web.schema.paging import Page
from web.schema.people import Ban, BanChange, Role, RoleChange
from web.webhooks.webhooks import Webhooks

NOUN = Noun("roles", "Roles in channels, and bans.")
LONGEST_BAN = 10 * 365 * 86_400
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)
_CHANGES = (*_ERRORS, ErrorCode.ACCOUNT_NOT_FOUND, ErrorCode.LIMIT_REACHED)


class RoleRoutes:
    """Roles are the owner's to give, bans the moderators'."""

    def __init__(self, storage: Storage, views: ChannelViews, webhooks: Webhooks, clock: Clock) -> None:
        self._storage = storage
        self._webhooks = webhooks
        self._views = views
        self._clock = clock

    @NOUN.route("GET", "/channels/{name}/roles", who=Who.ACCOUNT, errors=(*_ERRORS, ErrorCode.SCOPE_REQUIRED))
    async def roles(self, name: str, actor: Actor, page: PageRequest) -> Page[Role]:
        """Who has a role in the channel, by name."""
        granted = await self._storage.access.require(actor, Action.SEE_ROLES, name)
        found = await self._storage.roles.list(granted.channel.id, after=page.after, limit=page.limit + 1)
        return page.of(
            found, lambda one: one.account_name, lambda one: Role(account=one.account_name, display_name=one.display_name, role=one.role)
        )

    @NOUN.route("PUT", "/channels/{name}/roles/{account}", who=Who.ACCOUNT, scope=Scope.CHANNEL_WRITE, errors=_CHANGES)
    async def give(self, name: str, account: str, actor: Actor, body: RoleChange) -> None:
        """Give an account a role instead of the one it has."""
        granted = await self._storage.access.require(actor, Action.ROLES, name)
        by = actor.account.id if actor.account else None
        await self._storage.roles.give(granted.channel.id, await self._account(account), body.role, by=by)
        self._views.changed(granted.channel.name)
        await self._storage.audit.write(actor, "role.given", channel=granted.channel.id, subject=account, data={"role": str(body.role)})

    @NOUN.route("DELETE", "/channels/{name}/roles/{account}", who=Who.ACCOUNT, scope=Scope.CHANNEL_WRITE, errors=_CHANGES)
    async def take(self, name: str, account: str, actor: Actor) -> None:
        """Take an account's role away."""
        granted = await self._storage.access.require(actor, Action.ROLES, name)
        await self._storage.roles.take(granted.channel.id, await self._account(account), by=actor.account.id if actor.account else None)
        self._views.changed(granted.channel.name)
        await self._storage.audit.write(actor, "role.taken", channel=granted.channel.id, subject=account)

    @NOUN.route("GET", "/channels/{name}/bans", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def bans(self, name: str, actor: Actor, page: PageRequest) -> Page[Ban]:
        """Who is banned from the channel now, by name."""
        granted = await self._storage.access.require(actor, Action.MODERATE, name)
        found = await self._storage.bans.list(granted.channel.id, after=page.after, limit=page.limit + 1)
        return page.of(
            found,
            lambda one: one.account_name,
            lambda one: Ban(
                account=one.account_name,
                display_name=one.display_name,
                reason=one.reason,
                created_ms=milliseconds(one.created_at),
                expires_ms=milliseconds_or_none(one.expires_at),
            ),
        )

    @NOUN.route("PUT", "/channels/{name}/bans/{account}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_CHANGES)
    async def ban(self, name: str, account: str, actor: Actor, body: BanChange) -> None:
        """Ban an account from the channel, or change its ban."""
        granted = await self._storage.access.require(actor, Action.MODERATE, name)
        if body.seconds is not None and not 1 <= body.seconds <= LONGEST_BAN:
            raise BadInput(ErrorCode.BAD_REQUEST, "A ban lasts from a second to ten years, or for ever.", field="seconds")
        other = await self._account(account)
        await self._storage.access.require_over(granted, other)
        expires = None if body.seconds is None else utc_now(self._clock) + timedelta(seconds=body.seconds)
        by = actor.account.id if actor.account else None
        await self._storage.bans.ban(granted.channel.id, other, by=by, reason=body.reason, expires_at=expires)
        self._views.changed(granted.channel.name)
        await self._acted(actor, granted.channel, "ban.set", account, {"seconds": body.seconds})

    @NOUN.route("DELETE", "/channels/{name}/bans/{account}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_CHANGES)
    async def lift(self, name: str, account: str, actor: Actor) -> None:
        """Lift an account's ban."""
        granted = await self._storage.access.require(actor, Action.MODERATE, name)
        await self._storage.bans.lift(granted.channel.id, await self._account(account), by=actor.account.id if actor.account else None)
        self._views.changed(granted.channel.name)
        await self._acted(actor, granted.channel, "ban.lifted", account, {})

    async def _acted(self, actor: Actor, channel: Channel, action: str, account: str, data: dict[str, int | None]) -> None:
        await self._storage.audit.write(actor, action, channel=channel.id, subject=account, data=data)
        told = {"channel": channel.name, "action": action, "account": account, "by": actor.account.name if actor.account else None}
        await self._webhooks.emit(Event.MODERATION_ACTED, channel.id, told)

    async def _account(self, name: str) -> AccountId:
        return (await find_account(self._storage, name)).id


async def find_account(storage: Storage, name: str) -> Account:
    """An account by what a path says. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
    try:
        return await storage.accounts.by_name(account_name(name))
    except BadInput:
        raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.") from None
