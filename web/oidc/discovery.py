"""What a provider says about itself: its addresses and keys, read over HTTPS and remembered for a while."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import msgspec

from storage.clock import Clock
from storage.model.errors import ErrorCode, Unavailable
from web.oidc.provider import Provider

KEPT = 3600.0
"""Seconds that a provider's description and keys are remembered."""

KEYS_AGAIN = 60.0
"""Seconds between two readings of the keys because a token named one that is not among them."""

DEADLINE = 5.0
LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Metadata:
    """Addresses of a provider. ``tells_issuer`` says that its answers carry ``iss`` (RFC 9207)."""

    authorization: str
    token: str
    keys: str
    tells_issuer: bool


class Discovery:
    """Reads one provider's description (OpenID Connect Discovery 1.0 section 4) and keys."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._lock = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._keys: Mapping[str, Any] = {}
        self._read_at = float("-inf")
        self._keys_at = float("-inf")

    async def metadata(self) -> Metadata:
        """Its addresses. Raises ``Unavailable(PROVIDER_UNAVAILABLE)``."""
        async with self._lock:
            if self._metadata is None or self._clock.monotonic() - self._read_at > KEPT:
                self._metadata = self._checked(await self._get(f"{self._provider.issuer.rstrip('/')}/.well-known/openid-configuration"))
                self._read_at = self._clock.monotonic()
            return self._metadata

    async def keys(self, *, anew: bool = False) -> Mapping[str, Any]:
        """Its key set (RFC 7517 section 5), read ``anew`` at most once a minute. Raises ``Unavailable(PROVIDER_UNAVAILABLE)``."""
        metadata = await self.metadata()
        async with self._lock:
            age = self._clock.monotonic() - self._keys_at
            if age > (KEYS_AGAIN if anew else KEPT):
                self._keys = await self._get(metadata.keys)
                self._keys_at = self._clock.monotonic()
            return self._keys

    def _checked(self, said: Mapping[str, Any]) -> Metadata:
        addresses = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        # A description that names another issuer is somebody else's (section 4.3).
        if said.get("issuer") != self._provider.issuer or not all(isinstance(address, str) for address in addresses):
            raise self._unavailable()
        authorization, token, keys = (str(address) for address in addresses)
        return Metadata(authorization, token, keys, said.get("authorization_response_iss_parameter_supported") is True)

    async def _get(self, url: str) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(DEADLINE), httpx2.AsyncClient(follow_redirects=False) as client:
                return msgspec.json.decode(await _body(client, url), type=dict[str, Any])
        except (httpx2.HTTPError, TimeoutError, ValueError):
            raise self._unavailable() from None

    def _unavailable(self) -> Unavailable:
        return Unavailable(ErrorCode.PROVIDER_UNAVAILABLE, f"{self._provider.label} does not answer as it should. Try again later.")


async def _body(client: httpx2.AsyncClient, url: str) -> bytes:
    body = bytearray()
    async with client.stream("GET", url) as response:
        response.raise_for_status()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > LARGEST:
                raise ValueError
    return bytes(body)
