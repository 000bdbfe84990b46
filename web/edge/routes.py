"""What an address asks for. Pure: path and query in, a request record or an error out."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import parse_qsl

from storage.model.errors import BadInput, ErrorCode, NotFound
from storage.model.ids import BroadcastId, ChannelName, channel_name
from storage.model.rendition import RenditionName
from transcoder.hls.playlist import Skip

LONGEST_PATH = 200
LONGEST_QUERY = 2000
LARGEST_NUMBER = 2**63 - 1
"""A decimal-integer of a playlist is at most 2^64-1 (section 4.2); we never count further than this."""


@dataclass(frozen=True, slots=True)
class MultivariantRequest:
    """``/hls/<channel>/index.m3u8``."""

    channel: ChannelName


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """``/hls/<channel>/<rendition>/media.m3u8`` with its delivery directives (section 6.2.5). Without ``msn`` it is answered at once."""

    channel: ChannelName
    rendition: RenditionName
    msn: int | None = None
    part: int | None = None
    skip: Skip = Skip.NO


@dataclass(frozen=True, slots=True)
class InitRequest:
    """``…/<broadcast>/init-<n>.mp4``."""

    channel: ChannelName
    rendition: RenditionName
    broadcast: BroadcastId
    init: int


@dataclass(frozen=True, slots=True)
class SegmentRequest:
    """``…/<broadcast>/<msn>.m4s``."""

    channel: ChannelName
    rendition: RenditionName
    broadcast: BroadcastId
    msn: int


@dataclass(frozen=True, slots=True)
class PartRequest:
    """``…/<broadcast>/<msn>.<part>.m4s``."""

    channel: ChannelName
    rendition: RenditionName
    broadcast: BroadcastId
    msn: int
    part: int


@dataclass(frozen=True, slots=True)
class PosterRequest:
    """``/hls/<channel>/poster.jpg``."""

    channel: ChannelName


class OperationsRequest(StrEnum):
    """What every role answers for its operator."""

    HEALTH = "/healthz"
    READY = "/readyz"
    METRICS = "/metrics"


ChannelRequest = MultivariantRequest | MediaRequest | InitRequest | SegmentRequest | PartRequest | PosterRequest
Request = ChannelRequest | OperationsRequest

_OPERATIONS = frozenset(OperationsRequest)
_SKIPS = {skip.value: skip for skip in Skip}
_RENDITION = "|".join(RenditionName)
_BELOW_CHANNEL = re.compile(r"/hls/(?P<channel>[^/]+)/(?P<name>index\.m3u8|poster\.jpg)", re.ASCII)
_BELOW_RENDITION = re.compile(rf"/hls/(?P<channel>[^/]+)/(?P<rendition>{_RENDITION})/(?P<rest>.+)", re.ASCII)
_MEDIA = re.compile(r"(?P<broadcast>[0-9a-f]{16})/(?:init-(?P<init>\d{1,9})\.mp4|(?P<msn>\d{1,18})(?:\.(?P<part>\d{1,9}))?\.m4s)", re.ASCII)
_NUMBER = re.compile(r"\d{1,30}", re.ASCII)


def parse(path: str, query: str) -> Request:
    """Read an address.

    Raises:
        NotFound: ``NOT_FOUND``; nothing is or will be there.
        BadInput: ``BAD_REQUEST``; delivery directives no playlist can honour.
    """
    if len(path) <= LONGEST_PATH:
        if path in _OPERATIONS:
            return OperationsRequest(path)
        if match := _BELOW_CHANNEL.fullmatch(path):
            channel = _channel(match["channel"])
            return PosterRequest(channel) if match["name"] == "poster.jpg" else MultivariantRequest(channel)
        if match := _BELOW_RENDITION.fullmatch(path):
            return _rendition(_channel(match["channel"]), RenditionName(match["rendition"]), match["rest"], query)
    raise NotFound(ErrorCode.NOT_FOUND, "There is nothing at this address.")


def _channel(text: str) -> ChannelName:
    try:
        return channel_name(text)
    except BadInput:
        raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.") from None


def _rendition(channel: ChannelName, rendition: RenditionName, rest: str, query: str) -> Request:
    if rest != "media.m3u8":
        return _file(channel, rendition, rest)
    if len(query) > LONGEST_QUERY:
        raise BadInput(ErrorCode.BAD_REQUEST, "The query is too long.")
    return _media(channel, rendition, query)


@lru_cache(maxsize=1024)
def _file(channel: ChannelName, rendition: RenditionName, rest: str) -> Request:
    match = _MEDIA.fullmatch(rest)
    if match is None:
        raise NotFound(ErrorCode.NOT_FOUND, "There is nothing at this address.")
    broadcast = BroadcastId(match["broadcast"])
    if match["init"] is not None:
        return InitRequest(channel, rendition, broadcast, int(match["init"]))
    if match["part"] is not None:
        return PartRequest(channel, rendition, broadcast, int(match["msn"]), int(match["part"]))
    return SegmentRequest(channel, rendition, broadcast, int(match["msn"]))


# Viewers ask for the same at the same time, so one request record does for all of them.
@lru_cache(maxsize=1024)
def _media(channel: ChannelName, rendition: RenditionName, query: str) -> MediaRequest:
    if not query:
        return MediaRequest(channel, rendition)
    directives: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in {"_HLS_msn", "_HLS_part", "_HLS_skip"} and directives.setdefault(name, value) != value:
            raise BadInput(ErrorCode.BAD_REQUEST, f"{name} is given twice.")
    msn, part = _number(directives, "_HLS_msn"), _number(directives, "_HLS_part")
    if part is not None and msn is None:
        raise BadInput(ErrorCode.BAD_REQUEST, "_HLS_part needs _HLS_msn.")
    return MediaRequest(channel, rendition, msn, part, _skip(directives.get("_HLS_skip", "")))


def _number(directives: dict[str, str], name: str) -> int | None:
    text = directives.get(name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise BadInput(ErrorCode.BAD_REQUEST, f"{name} is not a decimal-integer.")
    return min(int(text), LARGEST_NUMBER)


def _skip(text: str) -> Skip:
    # A value we don't know asks for something newer than we are: the whole playlist is always a right answer.
    return _SKIPS.get(text, Skip.NO)
