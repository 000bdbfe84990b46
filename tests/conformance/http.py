"""Rules of HTTP delivery that one response shows."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx

Found = Iterator[tuple[str, str]]

AT_ONCE = 4.0
"""Seconds within which an answer that need not wait must come, on any machine: less than half of how long a request may be held."""

PLAYLIST_TYPES = {"application/vnd.apple.mpegurl", "audio/mpegurl"}
MEDIA_TYPES = {"video/mp4", "audio/mp4", "video/iso.segment", "audio/iso.segment"}


def any_answer(response: httpx.Response) -> Found:
    if response.is_redirect:
        yield "HT7", f"redirected to {response.headers.get('location')}"
    if response.headers.get("access-control-allow-origin") != "*":
        yield "HT11", "no Access-Control-Allow-Origin: *"
    exposed = {name.strip().lower() for name in response.headers.get("access-control-expose-headers", "").split(",")}
    if not {"date", "age", "content-length"} <= exposed and "*" not in exposed:
        yield "HT11", f"exposes {sorted(exposed)} only"
    if response.url.scheme == "https" and response.http_version != "HTTP/2":
        yield "HT2", f"served by {response.http_version}"


def playlist(response: httpx.Response, target: int, *, blocking: bool) -> Found:
    """A playlist asked for with ``Accept-Encoding: gzip``. ``target`` in seconds."""
    yield from any_answer(response)
    if response.status_code != 200:
        return
    if response.headers.get("content-type", "").partition(";")[0].lower() not in PLAYLIST_TYPES:
        yield "HT8", f"type {response.headers.get('content-type')}"
    if response.headers.get("content-encoding") != "gzip":
        yield "HT1", "not compressed although asked for"
    if "accept-encoding" not in response.headers.get("vary", "").lower():
        yield "HT1", "no Vary: Accept-Encoding"
    wanted = 6 * target if blocking else target / 2
    age = _shared_age(response)
    if age is None or age > wanted or (blocking and age < wanted):
        yield "HT4", f"{'blocking' if blocking else 'plain'} playlist may be cached for {age} s, not {wanted} s"
    modified, date = response.headers.get("last-modified"), response.headers.get("date")
    if modified and date and (parsedate_to_datetime(date) - parsedate_to_datetime(modified)).total_seconds() > 3 * target:
        yield "HT12", f"last modified {modified}"


def media(response: httpx.Response, target: int) -> Found:
    """A part, segment or init section."""
    yield from any_answer(response)
    if response.status_code != 200:
        yield "PL7", f"status {response.status_code}"
        return
    if response.headers.get("content-type", "").partition(";")[0].lower() not in MEDIA_TYPES:
        yield "HT8", f"type {response.headers.get('content-type')}"
    age = _shared_age(response)
    if age is None or age < 6 * target:
        yield "HT4", f"media may be cached for {age} s, less than {6 * target} s"
    if "content-length" not in response.headers:
        yield "PH4", "sent in pieces: no Content-Length"


def refusal(response: httpx.Response, status: set[int], rule: str, what: str, seconds: float) -> Found:
    """An error that must come at once."""
    yield from any_answer(response)
    if response.status_code not in status:
        yield rule, f"{what}: status {response.status_code}"
    elif seconds > AT_ONCE:
        yield rule, f"{what}: refused after {seconds:.1f} s only"


def _shared_age(response: httpx.Response) -> float | None:
    """How long a shared cache may keep it (RFC 9111 section 5.2.2.10), in seconds."""
    directives = {}
    for item in response.headers.get("cache-control", "").lower().split(","):
        name, _, value = item.strip().partition("=")
        directives[name] = value
    if "no-store" in directives or "private" in directives:
        return 0.0
    text = directives.get("s-maxage", directives.get("max-age"))
    return float(text) if text else None
