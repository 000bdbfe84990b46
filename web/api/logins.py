"""Whom people may sign in with, and an account's logins there."""

from collections.abc import Mapping
from typing import NoReturn

from storage.database.identities import IdentityRepository
from storage.model.account import Account, Scope
from storage.model.errors import ErrorCode, NotFound
from web.api.account_views import unix_ms
from web.api.route import Noun, Who
from web.oidc.provider import Provider
from web.schema.login import Login, Logins, SignInProvider, SignInProviders

NOUN = Noun("logins", "Signing in with somebody who vouches for people (OpenID Connect).")


class LoginRoutes:
    """Linking happens in the browser, at ``/auth/<provider>/start``; here logins are shown and taken away."""

    def __init__(self, providers: Mapping[str, Provider], identities: IdentityRepository) -> None:
        self._providers = providers
        self._identities = identities

    @NOUN.route("GET", "/sign-in-providers")
    async def providers(self) -> SignInProviders:
        """Whom people may sign in with."""
        found = self._providers.values()
        return SignInProviders(
            providers=tuple(SignInProvider(name=one.name, label=one.label, start=f"/auth/{one.name}/start") for one in found)
        )

    @NOUN.route("GET", "/account/logins", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ)
    async def list(self, account: Account) -> Logins:
        """Your logins at providers."""
        by_issuer = {provider.issuer: provider for provider in self._providers.values()}
        return Logins(
            logins=tuple(
                Login(
                    provider=by_issuer[one.issuer].name,
                    label=by_issuer[one.issuer].label,
                    email=one.email,
                    created_ms=unix_ms(one.created_at),
                    used_ms=None if one.used_at is None else unix_ms(one.used_at),
                )
                for one in await self._identities.list(account.id)
                if one.issuer in by_issuer
            )
        )

    @NOUN.route("DELETE", "/account/logins/{provider}", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, errors=(ErrorCode.LAST_LOGIN,))
    async def remove(self, provider: str, account: Account) -> None:
        """Take a login away."""
        known = self._providers.get(provider)
        if known is None:
            _no_login()
        await self._identities.unlink(account.id, known.issuer)


def _no_login() -> NoReturn:
    raise NotFound(ErrorCode.NOT_FOUND, "There is no such way to sign in.")
