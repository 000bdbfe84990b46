"""The HTTP of a WHIP client: three kinds of requests, redirects followed with their method and body (RFC 9725 section 4.5)."""

import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

TIMEOUT = 10.0
"""Seconds a request may take to connect, and between bytes of its answer."""
MAXIMUM_ANSWER = 256 * 1024


class NotReachable(Exception):
    """Nobody answered at the address. Says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``url`` is where it came from, after redirects; header names are in lower case."""

    status: int
    url: str
    headers: dict[str, str]
    body: bytes


def request(method: str, url: str, key: str, *, body: bytes | None = None, content_type: str = "") -> Answer:
    """Ask and wait for the whole answer; blocks.

    Raises:
        NotReachable: no answer, or nothing HTTP.
    """
    for _ in range(5):
        answer = _once(method, url, key, body, content_type)
        if answer.status not in {301, 302, 307, 308} or "location" not in answer.headers:
            return answer
        target = urljoin(url, answer.headers["location"])
        if urlsplit(target).netloc != urlsplit(url).netloc and urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
            raise NotReachable(f"{_place(url)} redirects to an address without TLS; the stream key is not sent there.")
        url = target
    raise NotReachable(f"{_place(url)} redirects too often.")


def _once(method: str, url: str, key: str, body: bytes | None, content_type: str) -> Answer:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise NotReachable(f"{url!r} is no http:// or https:// address.")
    headers = {"Authorization": f"Bearer {key}", "User-Agent": "fanlight-publish", "Connection": "close"}
    if content_type:
        headers["Content-Type"] = content_type
    connection: http.client.HTTPConnection
    try:
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT, context=ssl.create_default_context())
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)
    except ValueError as error:
        raise NotReachable(f"{url!r} is no address: {error}.") from error
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
        response = connection.getresponse()
        data = response.read(MAXIMUM_ANSWER)
        return Answer(response.status, url, {name.lower(): value for name, value in response.getheaders()}, data)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise NotReachable(f"{_place(url)} does not answer: {reason}.") from error
    finally:
        connection.close()


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
