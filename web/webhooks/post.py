"""One POST to an address somebody else chose: to no address but a checked one, no redirect, no long wait, no large answer."""

import asyncio
import socket
import ssl
from dataclasses import dataclass

import httpx

from web.outside import NotPublicError, Outside

SECONDS = 10.0
"""For all of it: the name, the connection, the request, the answer's head."""

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
        self._outside = Outside(private=private, verify=verify)

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        """Send; whatever happens is an outcome. See :class:`web.outside.Outside`."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._post(url, body, headers)
        except TimeoutError:
            return Outcome(None, f"It did not answer within {SECONDS:g} s.")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return Outcome(None, _said(error))

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        told = {**headers, "Content-Type": "application/json", "User-Agent": _USER_AGENT}
        try:
            async with self._outside.ask("POST", url, told, seconds=SECONDS, body=body) as response:
                return Outcome(response.status_code, retry_after=_seconds(response.headers.get("Retry-After")))
        except NotPublicError:
            return Outcome(None, "Its name leads to no address on the public network.")


def _said(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "Its name is not known."
    text = "".join(character for character in str(error) if character.isprintable())
    return f"{type(error).__name__}: {text}"[:200]


def _seconds(header: str | None) -> float:
    return min(float(header), 86_400.0) if header and header.isascii() and header.isdigit() and len(header) < 9 else 0.0
