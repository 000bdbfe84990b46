"""Who asks: the actor of the current request, from its session's cookie or its bearer token."""

import hmac
from contextlib import suppress
from dataclasses import dataclass

from quart import Quart, current_app, g, request

from storage import secrets
from storage.clock import Clock, utc_now
from storage.database.sessions import TokenReused
from storage.model.account import EVERY_SCOPE, Account, Actor, Scope
from storage.model.errors import ErrorCode, NotFound, Refused
from storage.model.ids import AccountId, RecordId
from storage.model.session import AccountSession, SessionEnd, SessionKind, SignedIn
from storage.model.token import TokenType
from storage.node import every
from storage.opening import Storage
from storage.secrets import API_TOKEN, LONGEST_API_TOKEN
from storage.settings import Settings
from web.clients import Clients
from web.cookies import CSRF_HEADER, SAFE_METHODS, Cookies, Credential, check_csrf, credential, csrf_token
from web.schema.session import Tokens
from web.signed_in import SignedInSessions

_EXTENSION = "fanlight.authentication"
_CLIENTS = "fanlight.clients"
_NO_PROXIES = Clients(())


ACCESS_SECONDS = 600
SWEEP_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Begun:
    """A browser's new session: the ``Set-Cookie`` value, and what its pages show with what they change."""

    cookie: str
    csrf: str


class Authentication:
    """What the application needs to tell who asks; one for each web process."""

    def __init__(self, settings: Settings, storage: Storage, clock: Clock) -> None:
        self.cookies = Cookies(settings)
        self._clients = Clients(settings.proxies)
        self._storage = storage
        self._clock = clock
        self.sessions = SignedInSessions(storage.sessions, storage.bus, clock)

    def install(self, app: Quart) -> None:
        """Make :func:`actor` and :func:`account` work in the requests of ``app``."""
        app.extensions[_EXTENSION] = self
        app.extensions[_CLIENTS] = self._clients

    async def run(self) -> None:
        """Keep up with what other nodes change, for ever."""
        await self.sessions.run()

    async def sweep(self) -> None:
        """Forget sessions that are over for long, for ever."""
        await every(self._clock, SWEEP_SECONDS, self._storage.sessions.sweep, name="sessions")

    async def actor(self) -> Actor:
        """See :func:`actor`."""
        address = client_address()
        if header := request.headers.get("Authorization"):
            if header.partition(" ")[2].startswith(API_TOKEN):
                return await self._by_api_token(header, address)
            signed_in = await self._by_bearer(header)
            return Actor(signed_in.account, session=signed_in.session.id, scopes=EVERY_SCOPE, address=address)
        found = await self.by_cookie()
        if found is None:
            return Actor(None, address=address)
        shown, signed_in = found
        if request.method not in SAFE_METHODS:
            self.check_same_site()
            check_csrf(shown.secret, request.headers.get(CSRF_HEADER))
        return Actor(signed_in.account, session=signed_in.session.id, scopes=EVERY_SCOPE, address=address)

    async def begin_browser(self, account: Account) -> Begun:
        """A new session for the browser that asks, written down in the audit log; the one whose cookie it shows, if any, ends.

        Raises:
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        before = await self.by_cookie()
        session, secret = await self._storage.sessions.start(
            account, SessionKind.BROWSER, user_agent=_user_agent(), address=client_address()
        )
        await self._begun(account, session)
        if before is not None:
            with suppress(NotFound):
                _, old = before
                await self._storage.sessions.end(old.session.id, SessionEnd.REPLACED, account=old.account.id)
                await self.sessions.changed(old.account.id)
        return Begun(self.cookies.issue(request.host, Credential(session.id, secret)), csrf_token(secret))

    async def begin_tokens(self, account: Account) -> Tokens:
        """A new session for the program that asks, written down in the audit log. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        session, _ = await self._storage.sessions.start(account, SessionKind.TOKENS, user_agent=_user_agent(), address=client_address())
        await self._begun(account, session)
        return self._tokens(session)

    async def _begun(self, account: Account, session: AccountSession) -> None:
        actor = Actor(account, session=session.id, scopes=EVERY_SCOPE, address=session.address)
        await self._storage.audit.write(actor, "session.begun", subject=session.id, data={"kind": session.kind})

    async def refresh(self, token: str) -> Tokens:
        """The next tokens of a session.

        Raises:
            Refused: ``TOKEN_REFUSED``; the token is no refresh token of ours, its session is over, or it was exchanged before: then
                its session is over from now on.
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        shown = self._storage.tokens.read(TokenType.REFRESH, token)
        session, rotation = shown.claims.get("session"), shown.claims.get("rotation")
        if not isinstance(session, str) or not isinstance(rotation, int):
            raise _refused()
        try:
            found = await self._storage.sessions.exchange(RecordId(session), rotation)
        except TokenReused:
            await self.sessions.changed(AccountId(shown.subject))
            await self._storage.audit.write(Actor(None, address=client_address()), "session.token_reused", subject=session)
            raise
        return self._tokens(found.session)

    def _tokens(self, session: AccountSession) -> Tokens:
        left = (session.expires_at - utc_now(self._clock)).total_seconds()
        issue = self._storage.tokens.issue
        return Tokens(
            access=issue(TokenType.ACCESS, session.account, ACCESS_SECONDS, session=session.id),
            refresh=issue(TokenType.REFRESH, session.account, left, session=session.id, rotation=session.rotation),
            expires_in=ACCESS_SECONDS,
        )

    async def _by_api_token(self, header: str, address: str) -> Actor:
        scheme, _, token = header.partition(" ")
        found = await self._storage.api_tokens.verify(token) if scheme.lower() == "bearer" and len(token) <= LONGEST_API_TOKEN else None
        if found is None:
            raise _refused()
        token_id, account, scopes = found
        return Actor(account, scopes=scopes, address=address, token=token_id)

    async def _by_bearer(self, header: str) -> SignedIn:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise _refused()
        shown = self._storage.tokens.read(TokenType.ACCESS, token.strip())
        signed_in = await self.sessions.get(RecordId(str(shown.claims.get("session"))))
        if signed_in is None or signed_in.account.id != shown.subject or signed_in.session.kind is not SessionKind.TOKENS:
            raise _refused()
        return signed_in

    async def by_cookie(self) -> tuple[Credential, SignedIn] | None:
        """The session whose cookie the request shows, whatever it asks for; None for a cookie that proves nothing (any more)."""
        shown = credential(request.cookies.get(self.cookies.name(request.host)))
        if shown is None:
            return None
        signed_in = await self.sessions.get(shown.session)
        if signed_in is None or signed_in.digest is None:
            return None
        if not hmac.compare_digest(signed_in.digest, secrets.digest(shown.secret)):
            return None
        return shown, signed_in

    def check_same_site(self) -> None:
        """Refuse a request another site made a browser send. Raises ``Refused(CROSS_SITE_REFUSED)``."""
        headers = request.headers
        self.cookies.check_same_site(request.host, fetch_site=headers.get("Sec-Fetch-Site"), origin=headers.get("Origin"))


def _refused() -> Refused:
    return Refused(ErrorCode.TOKEN_REFUSED, "The token is not valid.")


def _user_agent() -> str:
    return request.headers.get("User-Agent", "")


def authentication() -> Authentication:
    """The one of the current application."""
    found = current_app.extensions[_EXTENSION]
    assert isinstance(found, Authentication)
    return found


async def actor() -> Actor:
    """Who sent the current request; a stranger where it shows nothing, or the cookie of a session that is over.

    Raises:
        Refused: ``TOKEN_REFUSED``; the bearer token is not valid. ``CROSS_SITE_REFUSED``; a request that changes something
            shows a session's cookie, but not that it comes from our pages.
        Unavailable: ``DATABASE_UNAVAILABLE``.
    """
    if "actor" not in g:
        g.actor = await authentication().actor()
    found: Actor = g.actor
    return found


async def account() -> Actor:
    """Who sent the current request, and has an account. Raises as :func:`actor`, and ``Refused(SIGN_IN_REQUIRED)``."""
    found = await actor()
    if found.account is None:
        raise Refused(ErrorCode.SIGN_IN_REQUIRED, "Sign in to do this.")
    return found


def require_scope(asker: Actor, scope: Scope) -> None:
    """Refuse an API token that was not made for this; sessions may do all their account may. Raises ``Refused(SCOPE_REQUIRED)``."""
    if asker.account is not None and scope not in asker.scopes:
        raise Refused(ErrorCode.SCOPE_REQUIRED, f"The token lacks the scope {scope}.")


async def account_changed(changed: AccountId) -> None:
    """Tell every node that an account, its role, its password or its sessions changed. Call it when the change is written."""
    await authentication().sessions.changed(changed)


def client_address() -> str:
    """The IP address the current request came from, also through our proxies."""
    clients: Clients = current_app.extensions.get(_CLIENTS) or _NO_PROXIES
    return clients.address(request.remote_addr, ",".join(request.headers.getlist("X-Forwarded-For")))
