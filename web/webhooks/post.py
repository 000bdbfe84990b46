"""One POST to an address somebody else chose: to no address but a checked one, no redirect, no long wait, no large answer."""

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from web.webhooks.target import Address, is_public, literal_address

SECONDS = 10.0
"""For all of it: the name, the connection, the request, the answer's head."""

_RESOLVE_SECONDS = 3.0
_USER_AGENT = "Fanlight-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``status`` of the answer, or None with the reason why there was none."""

    status: int | None
    error: str = ""
    retry_after: float = 0.0

    @property
    def taken(self) -> bool:
        """Whether the other side has it."""
        return self.status is not None and 200 <= self.status < 300


class Poster:
    """Keeps no connection and no cookie. ``private`` lets addresses of private networks through."""

    def __init__(self, *, private: bool, verify: ssl.SSLContext | bool = True) -> None:
        self._private = private
        self._verify = verify

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        """Send; whatever happens is an outcome. The name is looked up once, and what was checked is what is connected to."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._post(url, body, headers)
        except TimeoutError:
            return Outcome(None, f"It did not answer within {SECONDS:g} s.")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return Outcome(None, _said(error))

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        parts = urlsplit(url)
        host = parts.hostname or ""
        address = await self._address(host, parts.port or (443 if parts.scheme == "https" else 80))
        if address is None:
            return Outcome(None, "Its name leads to no address on the public network.")
        bare = f"[{address}]" if address.version == 6 else str(address)
        target = parts._replace(netloc=f"{bare}:{parts.port}" if parts.port else bare).geturl()
        told = {**headers, "Host": parts.netloc, "Content-Type": "application/json", "User-Agent": _USER_AGENT}
        async with (
            httpx.AsyncClient(verify=self._verify, trust_env=False, timeout=SECONDS, follow_redirects=False) as client,
            # The certificate is checked for the name, not for the address.
            client.stream("POST", target, content=body, headers=told, extensions={"sni_hostname": host}) as response,
        ):
            return Outcome(response.status_code, retry_after=_seconds(response.headers.get("Retry-After")))

    async def _address(self, host: str, port: int) -> Address | None:
        literal = literal_address(host)
        if literal is not None:
            return literal if self._private or is_public(literal) else None
        async with asyncio.timeout(_RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
        # One that is not public means that somebody plays with the name.
        if not self._private and not all(is_public(address) for address in addresses):
            return None
        # IPv4 first: far more servers have no working IPv6.
        return min(addresses, key=lambda address: address.version, default=None)


def _said(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "Its name is not known."
    text = "".join(character for character in str(error) if character.isprintable())
    return f"{type(error).__name__}: {text}"[:200]


def _seconds(header: str | None) -> float:
    return min(float(header), 86_400.0) if header and header.isascii() and header.isdigit() and len(header) < 9 else 0.0
