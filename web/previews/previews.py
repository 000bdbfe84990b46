"""Looks links up: bounded in number, time and bytes, each once for everybody who sees it."""

import asyncio
from collections import OrderedDict

import httpx

from storage.clock import Clock
from storage.model.errors import BadInput, ErrorCode, NotFound, Unavailable
from web.outside import NotPublicError, Outside
from web.previews.head import Head, read_head
from web.webhooks.target import checked_url

SECONDS = 4.0
LARGEST = 128 * 1024
"""Bytes of a page that are read: its head."""
AT_ONCE = 8
WAITING = 64
REMEMBERED_SECONDS = 600.0
MOST_REMEMBERED = 2000

_HEADERS = {"Accept": "text/html", "User-Agent": "Fanlight-Preview/1", "Accept-Encoding": "identity"}


class Previews:
    """One for each web process. ``private`` lets addresses of private networks through."""

    def __init__(self, clock: Clock, *, private: bool) -> None:
        self._clock = clock
        self._private = private
        self._outside = Outside(private=private)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._known: OrderedDict[str, tuple[float, Head | None]] = OrderedDict()
        self._asking: dict[str, asyncio.Future[Head | None]] = {}

    async def of(self, url: str) -> Head:
        """What a link leads to.

        Raises:
            BadInput: ``BAD_REQUEST``; it is no https address of the public network.
            NotFound: ``NOT_FOUND``; there is no page that says what it is.
            Unavailable: ``SERVER_BUSY``.
        """
        try:
            checked_url(url, private=self._private)
        except BadInput:
            raise BadInput(ErrorCode.BAD_REQUEST, "Only links that begin with https:// are looked up.", field="url") from None
        found = await self._once(url)
        if found is None or not found.title:
            raise NotFound(ErrorCode.NOT_FOUND, "The link leads to nothing that says what it is.")
        return found

    async def _once(self, url: str) -> Head | None:
        known = self._known.get(url)
        if known is not None and known[0] > self._clock.monotonic():
            return known[1]
        asking = self._asking.get(url)
        if asking is not None:
            return await asyncio.shield(asking)
        if self._waiting >= WAITING:
            raise Unavailable(ErrorCode.SERVER_BUSY, "Too many links wait to be looked up.")
        future = self._asking[url] = asyncio.get_running_loop().create_future()
        self._waiting += 1
        found = None
        try:
            async with self._slots:
                found = await self._look(url)
        finally:
            self._waiting -= 1
            del self._asking[url]
            future.set_result(found)
        self._keep(url, found)
        return found

    async def _look(self, url: str) -> Head | None:
        try:
            async with asyncio.timeout(SECONDS), self._outside.ask("GET", url, _HEADERS, seconds=SECONDS) as response:
                kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                if response.status_code != 200 or kind not in {"text/html", "application/xhtml+xml"}:
                    return None
                data = bytearray()
                async for chunk in response.aiter_raw():
                    data += chunk
                    if len(data) >= LARGEST:
                        break
                return read_head(bytes(data[:LARGEST]).decode(_charset(response), errors="replace"))
        except (NotPublicError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, LookupError):
            return None

    def _keep(self, url: str, found: Head | None) -> None:
        self._known[url] = (self._clock.monotonic() + REMEMBERED_SECONDS, found)
        self._known.move_to_end(url)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)


def _charset(response: httpx.Response) -> str:
    return response.charset_encoding or "utf-8"
