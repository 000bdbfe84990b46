"""Who asks: the actor of the current request, from its session's cookie or its bearer token."""

import hmac

from quart import Quart, current_app, g, request

from storage import secrets
from storage.clock import Clock
from storage.model.account import EVERY_SCOPE, STRANGER, Actor, Scope
from storage.model.errors import ErrorCode, Refused
from storage.model.ids import AccountId
from storage.model.session import SignedIn
from storage.opening import Storage
from storage.settings import Settings
from web.cookies import CSRF_HEADER, SAFE_METHODS, Cookies, Credential, check_csrf, credential
from web.signed_in import SignedInSessions

_EXTENSION = "fanlight.authentication"


class Authentication:
    """What the application needs to tell who asks; one for each web process."""

    def __init__(self, settings: Settings, storage: Storage, clock: Clock) -> None:
        self.cookies = Cookies(settings)
        self.sessions = SignedInSessions(storage.sessions, storage.bus, clock)

    def install(self, app: Quart) -> None:
        """Make :func:`actor` and :func:`account` work in the requests of ``app``."""
        app.extensions[_EXTENSION] = self

    async def run(self) -> None:
        """Keep up with what other nodes change, for ever."""
        await self.sessions.run()

    async def actor(self) -> Actor:
        """See :func:`actor`."""
        address = client_address()
        if "Authorization" in request.headers:
            raise Refused(ErrorCode.TOKEN_REFUSED, "The token is not valid.")
        found = await self.by_cookie()
        if found is None:
            return Actor(None, address=address)
        shown, signed_in = found
        if request.method not in SAFE_METHODS:
            self.check_same_site()
            check_csrf(shown.secret, request.headers.get(CSRF_HEADER))
        return Actor(signed_in.account, session=signed_in.session.id, scopes=EVERY_SCOPE, address=address)

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
    """The IP address the current request came from."""
    return (request.remote_addr or STRANGER.address)[:45]
