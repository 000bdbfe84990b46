"""The two steps of the authorization code flow (OAuth 2.1 section 4.1), by Authlib: the way there, and the code for a token."""

import asyncio

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from storage.model.errors import BadInput, ErrorCode, Unavailable
from web.oidc.attempt import Attempt
from web.oidc.discovery import Metadata
from web.oidc.provider import Provider

SCOPE = "openid profile email"
DEADLINE = 5.0
_METHOD = "client_secret_basic"


def authorization_url(provider: Provider, metadata: Metadata, attempt: Attempt, redirect: str) -> str:
    """Where the browser goes to: with state, nonce and the challenge of PKCE (RFC 7636, S256)."""
    client = _client(provider, redirect)
    url, _ = client.create_authorization_url(
        metadata.authorization, state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier, response_type="code"
    )
    return str(url)


async def id_token(provider: Provider, metadata: Metadata, attempt: Attempt, redirect: str, code: str) -> str:
    """Exchange a code for the ID token that comes with it.

    Raises:
        BadInput: ``EXTERNAL_SIGN_IN_FAILED``; the provider did not take the code, which is good for one try.
        Unavailable: ``PROVIDER_UNAVAILABLE``.
    """
    try:
        async with asyncio.timeout(DEADLINE), _client(provider, redirect) as client:
            answer = await client.fetch_token(metadata.token, code=code, code_verifier=attempt.verifier)
    except (httpx2.HTTPError, TimeoutError):
        raise Unavailable(ErrorCode.PROVIDER_UNAVAILABLE, f"{provider.label} does not answer as it should. Try again later.") from None
    except (AuthlibBaseError, ValueError):
        raise BadInput(ErrorCode.EXTERNAL_SIGN_IN_FAILED, f"{provider.label} did not confirm the sign-in. Begin again.") from None
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise BadInput(ErrorCode.EXTERNAL_SIGN_IN_FAILED, f"{provider.label} did not say who you are. Begin again.")
    return token


def _client(provider: Provider, redirect: str) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        provider.client_id,
        provider.client_secret,
        scope=SCOPE,
        redirect_uri=redirect,
        code_challenge_method="S256",
        token_endpoint_auth_method=_METHOD,
        follow_redirects=False,
    )
