"""``/auth/<provider>/start`` and ``/auth/<provider>/callback``: to the provider and back."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from quart import Blueprint, Response, request

from storage.clock import Clock
from storage.model.errors import BadInput, ErrorCode, NotFound
from storage.sealing import Sealer
from web.auth import actor
from web.oidc.attempt import LIFE, Attempt, new_attempt, seal, unseal
from web.oidc.claims import Person, has_key, read_id_token
from web.oidc.discovery import Discovery
from web.oidc.exchange import authorization_url, id_token
from web.oidc.provider import Provider

SignIn = Callable[[Provider, Person, str], Awaitable[str]]
"""Takes whom a provider vouches for and the account they were signed in as (or nothing); returns the session's ``Set-Cookie``."""

COOKIE = "fanlight-sign-in"


def oidc_blueprint(providers: Mapping[str, Provider], public_url: str, sealer: Sealer, sign_in: SignIn, clock: Clock) -> Blueprint:
    """The two addresses. ``public_url`` is ours as the providers know it; redirects are exactly below it."""
    blueprint = Blueprint("oidc", __name__, url_prefix="/auth")
    oidc = _Oidc(providers, public_url.rstrip("/"), sealer, sign_in, clock)
    blueprint.add_url_rule("/<name>/start", "start", oidc.start, methods=["GET"])
    blueprint.add_url_rule("/<name>/callback", "callback", oidc.callback, methods=["GET"])
    return blueprint


class _Oidc:
    def __init__(self, providers: Mapping[str, Provider], origin: str, sealer: Sealer, sign_in: SignIn, clock: Clock) -> None:
        self._providers = providers
        self._discoveries = {name: Discovery(provider, clock) for name, provider in providers.items()}
        self._origin = origin
        self._sealer = sealer
        self._sign_in = sign_in
        self._clock = clock

    async def start(self, name: str) -> Response:
        provider = self._provider(name)
        metadata = await self._discoveries[name].metadata()
        account = (await actor()).account
        attempt = new_attempt(name, request.args.get("next", "/"), account.id if account else "", self._clock)
        response = _redirect(authorization_url(provider, metadata, attempt, self._redirect(name)))
        response.headers.add("Set-Cookie", self._cookie(name, seal(attempt, self._sealer), LIFE))
        return response

    async def callback(self, name: str) -> Response:
        provider = self._provider(name)
        attempt = unseal(request.cookies.get(COOKIE), name, request.args.get("state", ""), self._sealer, self._clock)
        metadata = await self._discoveries[name].metadata()
        issuer = request.args.get("iss")
        # RFC 9207 section 2.4: another provider's answer must not be taken for this one's.
        if issuer != provider.issuer and (issuer is not None or metadata.tells_issuer):
            raise BadInput(ErrorCode.EXTERNAL_SIGN_IN_FAILED, "The answer comes from somebody else. Begin again.")
        code = request.args.get("code", "")
        if not code or len(code) > 2048:
            raise BadInput(ErrorCode.EXTERNAL_SIGN_IN_FAILED, f"{provider.label} did not sign you in. Begin again.")
        person = await self._person(provider, attempt, await id_token(provider, metadata, attempt, self._redirect(name), code))
        # Once only: the same answer opened a second time finds no try it belongs to.
        response = _redirect(attempt.next)
        response.headers.add("Set-Cookie", self._cookie(name, "", 0))
        response.headers.add("Set-Cookie", await self._sign_in(provider, person, attempt.account))
        return response

    async def _person(self, provider: Provider, attempt: Attempt, token: str) -> Person:
        discovery = self._discoveries[provider.name]
        keys = await discovery.keys()
        if not has_key(keys, token):
            keys = await discovery.keys(anew=True)
        return read_id_token(token, keys, provider, attempt.nonce, self._clock.unix_ns() // 1_000_000_000)

    def _provider(self, name: str) -> Provider:
        provider = self._providers.get(name)
        if provider is None:
            raise NotFound(ErrorCode.NOT_FOUND, "There is no such way to sign in.")
        return provider

    def _redirect(self, name: str) -> str:
        return f"{self._origin}/auth/{name}/callback"

    def _cookie(self, name: str, value: str, seconds: int) -> str:
        secure = "; Secure" if self._origin.startswith("https://") else ""
        # Lax: the way back from the provider is a navigation from its site.
        return f"{COOKIE}={value}; Path=/auth/{name}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def _redirect(to: str) -> Response:
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": to, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
