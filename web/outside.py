"""Requests to addresses somebody else chose: to no address but a checked one, no redirect, no cookie, no credentials of ours."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx

from web.webhooks.target import Address, is_public, literal_address

RESOLVE_SECONDS = 3.0


class NotPublicError(Exception):
    """The name leads to no address on the public network."""


class Outside:
    """Keeps no connection. ``private`` lets addresses of private networks through."""

    def __init__(self, *, private: bool, verify: ssl.SSLContext | bool = True) -> None:
        self._private = private
        self._verify = verify

    @asynccontextmanager
    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], *, seconds: float, body: bytes | None = None
    ) -> AsyncIterator[httpx.Response]:
        """An answer whose body is not read yet. The name is looked up once, and what was checked is what is connected to.

        Raises:
            NotPublicError: It must not be asked.
            httpx.HTTPError, httpx.InvalidURL, OSError, ValueError: It could not be asked.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        address = await self._address(host, parts.port or (443 if parts.scheme == "https" else 80))
        if address is None:
            raise NotPublicError
        bare = f"[{address}]" if address.version == 6 else str(address)
        target = parts._replace(netloc=f"{bare}:{parts.port}" if parts.port else bare).geturl()
        told = {**headers, "Host": parts.netloc}
        async with (
            httpx.AsyncClient(verify=self._verify, trust_env=False, timeout=seconds, follow_redirects=False) as client,
            # The certificate is checked for the name, not for the address.
            client.stream(method, target, content=body, headers=told, extensions={"sni_hostname": host}) as response,
        ):
            yield response

    async def _address(self, host: str, port: int) -> Address | None:
        literal = literal_address(host)
        if literal is not None:
            return literal if self._private or is_public(literal) else None
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
        # One that is not public means that somebody plays with the name.
        if not self._private and not all(is_public(address) for address in addresses):
            return None
        # IPv4 first: far more servers have no working IPv6.
        return min(addresses, key=lambda address: address.version, default=None)
