"""Prepared answers: everything of a response that does not depend on who asked, built once and shared."""

import gzip
from dataclasses import dataclass

from storage.model.errors import FanlightError
from web import errors

Headers = list[tuple[str, str]]

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
INIT_TYPE = "video/mp4"
AUDIO_INIT_TYPE = "audio/mp4"
SEGMENT_TYPE = "video/iso.segment"
AUDIO_SEGMENT_TYPE = "audio/mp4"
POSTER_TYPE = "image/jpeg"

CORS: Headers = [
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "Date, Age, Content-Length, Content-Range"),
]
PREFLIGHT: Headers = [
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
    ("access-control-allow-headers", "*, Authorization, Range"),
    ("access-control-max-age", "86400"),
    ("cache-control", "public, max-age=86400"),
]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response ready to be sent."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Playlist:
    """A rendered playlist, as it is and compressed."""

    plain: Answer
    gzipped: Answer


def playlist(text: str, cache: str) -> Playlist:
    """Prepare a playlist. It varies by ``Accept-Encoding`` whoever asks, so a cache keeps both (section 6.2.1)."""
    body = text.encode()
    headers = [("content-type", PLAYLIST_TYPE), ("cache-control", cache), ("vary", "Accept-Encoding"), *CORS]
    return Playlist(
        Answer(200, headers, body),
        Answer(200, [*headers, ("content-encoding", "gzip")], gzip.compress(body, compresslevel=5, mtime=0)),
    )


def media(body: bytes, content_type: str, cache: str) -> Answer:
    """Prepare a part, segment, init segment or picture."""
    return Answer(200, [("content-type", content_type), ("cache-control", cache), ("accept-ranges", "bytes"), *CORS], body)


def problem(error: FanlightError, cache: str, *extra: tuple[str, str]) -> Answer:
    """Prepare an error as ``application/problem+json`` (RFC 9457)."""
    body, status, headers = errors.answer(error)
    kept = [(name.lower(), value) for name, value in headers.items() if name != "Cache-Control"]
    return Answer(status, [*kept, ("cache-control", cache), *CORS, *extra], body)


class CacheRules:
    """``Cache-Control`` values by the draft's appendix B.1, from a target duration in seconds.

    Errors and blocking playlists last that long in shared caches only: a browser never asks for the same blocking playlist
    twice, but retries an error, and may not be shown yesterday's.
    """

    IMMUTABLE = "public, max-age=3600, immutable"
    NEVER = "no-store"

    def __init__(self, target_duration: int) -> None:
        self.blocking = f"public, max-age=1, s-maxage={6 * target_duration}"
        self.blocking_error = f"public, max-age=0, s-maxage={4 * target_duration}"
        self.plain = f"public, max-age={max(1, target_duration // 2)}"
        self.plain_error = f"public, max-age=0, s-maxage={target_duration}"
        self.part = f"public, max-age={6 * target_duration}, immutable"
        self.media_error = f"public, max-age=0, s-maxage={target_duration}"
