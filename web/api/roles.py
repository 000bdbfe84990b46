"""Who helps in a channel, and who is banned from it."""

from chat.moderation import Moderation
from storage.access import Action
from storage.model.account import Account, Actor, Scope
from storage.model.errors import BadInput, ErrorCode, NotFound
from storage.model.ids import account_name
from storage.opening import Storage
from web.api.chat_views import done
from web.api.paging import PageRequest
from web.api.route import Noun, Who
from web.api.views import milliseconds, milliseconds_or_none
from web.schema.chat_moderation import Done
from web.schema.paging import Page
from web.schema.people import Ban, BanChange, Role, RoleChange

NOUN = Noun("roles", "Roles in channels, and bans.")
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)
_CHANGES = (*_ERRORS, ErrorCode.ACCOUNT_NOT_FOUND, ErrorCode.LIMIT_REACHED)


class RoleRoutes:
    """Roles are the owner's to give, bans the moderators'."""

    def __init__(self, storage: Storage, moderation: Moderation) -> None:
        self._storage = storage
        self._moderation = moderation

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
        await self._moderation.give_role(actor, name, account, body.role)

    @NOUN.route("DELETE", "/channels/{name}/roles/{account}", who=Who.ACCOUNT, scope=Scope.CHANNEL_WRITE, errors=_CHANGES)
    async def take(self, name: str, account: str, actor: Actor) -> None:
        """Take an account's role away."""
        await self._moderation.take_role(actor, name, account)

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
    async def ban(self, name: str, account: str, actor: Actor, body: BanChange) -> Done:
        """Ban an account from the channel, or change its ban."""
        return done(await self._moderation.ban(actor, name, account, body.seconds, body.reason))

    @NOUN.route("DELETE", "/channels/{name}/bans/{account}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_CHANGES)
    async def lift(self, name: str, account: str, actor: Actor) -> Done:
        """Lift an account's ban."""
        return done(await self._moderation.unban(actor, name, account))


async def find_account(storage: Storage, name: str) -> Account:
    """An account by what a path says. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
    try:
        return await storage.accounts.by_name(account_name(name))
    except BadInput:
        raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.") from None
