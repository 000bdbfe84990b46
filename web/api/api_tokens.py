"""Personal API tokens: for bots and automation."""

from datetime import timedelta

from storage.clock import Clock, utc_now
from storage.database import api_tokens as records
from storage.model.account import Account, Actor, Scope
from storage.model.errors import BadInput, ErrorCode, Refused
from storage.model.ids import RecordId
from web.api.account_views import unix_ms
from web.api.paging import PageRequest
from web.api.route import Noun, Who
from web.auth import account_changed
from web.schema.login import ApiToken, NewApiToken
from web.schema.paging import Page

NOUN = Noun("api_tokens", "Tokens for bots and automation, limited to scopes.")
LONGEST_DAYS = 3650


class ApiTokenRoutes:
    """The account's own."""

    def __init__(self, tokens: records.ApiTokenRepository, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock

    @NOUN.route("GET", "/account/api-tokens", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ)
    async def list(self, account: Account, page: PageRequest) -> Page[ApiToken]:
        """Your tokens that were not revoked, newest first."""
        found = [token for token in await self._tokens.list(account.id) if not page.after or token.id < page.after]
        return page.of(found[: page.limit + 1], lambda token: token.id, _view)

    @NOUN.route("POST", "/account/api-tokens", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, status=201, errors=(ErrorCode.LIMIT_REACHED,))
    async def create(self, account: Account, actor: Actor, body: NewApiToken) -> ApiToken:
        """A new token; its text is told this once."""
        try:
            scopes = frozenset(Scope(scope) for scope in body.scopes)
        except ValueError:
            raise BadInput(ErrorCode.BAD_REQUEST, f"A scope is one of {', '.join(Scope)}.") from None
        if more := scopes - actor.scopes:
            raise Refused(ErrorCode.SCOPE_REQUIRED, f"A token makes no token that may do more than itself: {', '.join(sorted(more))}.")
        if body.days is not None and not 1 <= body.days <= LONGEST_DAYS:
            raise BadInput(ErrorCode.BAD_REQUEST, f"A token is good for 1 to {LONGEST_DAYS} days, or until it is revoked.")
        expires = None if body.days is None else utc_now(self._clock) + timedelta(days=body.days)
        made, plain = await self._tokens.create(account.id, body.name, scopes, expires)
        return _view(made, plain)

    @NOUN.route("DELETE", "/account/api-tokens/{token}", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE)
    async def revoke(self, token: str, account: Account) -> None:
        """Let a token open nothing any more."""
        await self._tokens.revoke(account.id, RecordId(token))
        await account_changed(account.id)


def _view(token: records.ApiToken, plain: str | None = None) -> ApiToken:
    return ApiToken(
        id=token.id,
        name=token.name,
        scopes=tuple(sorted(token.scopes)),
        created_ms=unix_ms(token.created_at),
        expires_ms=None if token.expires_at is None else unix_ms(token.expires_at),
        used_ms=None if token.used_at is None else unix_ms(token.used_at),
        token=plain,
    )
