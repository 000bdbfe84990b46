"""A parser of playlists, from draft-pantos-hls-rfc8216bis-22 section 4. Grammar errors are problems of HT10 or of the tag's own rule."""

import re
from dataclasses import dataclass, field
from datetime import datetime

Problems = list[tuple[str, str]]
Attributes = dict[str, str]

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s][^",]*)(?:,|$)')
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}(?:Z|[+-]\d\d:?\d\d)")


@dataclass
class Part:
    uri: str
    duration: float
    independent: bool
    gap: bool


@dataclass
class Segment:
    """``uri`` is empty while only parts of it are there. ``init`` is the address of the map that applies; dates in Unix seconds."""

    msn: int
    uri: str = ""
    duration: float = 0.0
    parts: list[Part] = field(default_factory=list)
    discontinuity: bool = False
    discontinuity_sequence: int = 0
    init: str = ""
    own_init: bool = False
    date: float | None = None
    gap: bool = False

    @property
    def length(self) -> float:
        return self.duration if self.uri else sum(part.duration for part in self.parts)


@dataclass
class MediaPlaylist:
    text: str
    problems: Problems = field(default_factory=list)
    version: int = 1
    target: int = 0
    media_sequence: int = 0
    discontinuity_sequence: int | None = None
    control: Attributes | None = None
    part_target: float | None = None
    kind: str = ""
    independent: bool = False
    ended: bool = False
    skip: Attributes | None = None
    segments: list[Segment] = field(default_factory=list)
    hints: list[Attributes] = field(default_factory=list)
    reports: list[Attributes] = field(default_factory=list)

    @property
    def skipped(self) -> int:
        return int(self.skip.get("SKIPPED-SEGMENTS", "0")) if self.skip else 0

    @property
    def complete(self) -> list[Segment]:
        return [segment for segment in self.segments if segment.uri]

    @property
    def last(self) -> tuple[int, int] | None:
        """MSN and part index of the newest thing listed; index -1 for a segment without parts."""
        if not self.segments:
            return None
        newest = self.segments[-1]
        return newest.msn, len(newest.parts) - 1

    def distance(self, index: int) -> float:
        """Seconds from the end of segment ``index`` of ``segments`` to the end of the playlist."""
        return sum(segment.length for segment in self.segments[index + 1 :])


@dataclass
class MultivariantPlaylist:
    text: str
    problems: Problems = field(default_factory=list)
    version: int = 1
    independent: bool = False
    variants: list[tuple[Attributes, str]] = field(default_factory=list)
    media: list[Attributes] = field(default_factory=list)
    iframes: list[Attributes] = field(default_factory=list)

    @property
    def addresses(self) -> list[str]:
        """Every media playlist, relative as written."""
        return list(dict.fromkeys([uri for _, uri in self.variants] + [media["URI"] for media in self.media if "URI" in media]))


def attributes(text: str, problems: Problems) -> Attributes:
    found: Attributes = {}
    position = 0
    for match in _ATTRIBUTE.finditer(text):
        if match.start() != position:
            break
        position = match.end()
        if match[1] in found:
            problems.append(("HT10", f"attribute {match[1]} twice in {text!r}"))
        found[match[1]] = match[2].strip('"')
    if position != len(text):
        problems.append(("HT10", f"malformed attribute list {text!r}"))
    return found


def lines(body: bytes, problems: Problems) -> list[str]:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        problems.append(("HT10", "not UTF-8"))
        text = body.decode("utf-8", "replace")
    if text.startswith("\ufeff"):
        problems.append(("HT10", "byte order mark"))
        text = text[1:]
    if re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]", text):
        problems.append(("HT10", "control characters"))
    found = text.split("\n")
    found = [line.removesuffix("\r") for line in found]
    if not found or found[0] != "#EXTM3U":
        problems.append(("HT10", "does not begin with #EXTM3U"))
    return [line for line in found if line]


def is_multivariant(body: bytes) -> bool:
    return b"#EXT-X-STREAM-INF:" in body


def parse_multivariant(body: bytes) -> MultivariantPlaylist:
    playlist = MultivariantPlaylist(body.decode("utf-8", "replace"))
    pending: Attributes | None = None
    for line in lines(body, playlist.problems):
        name, _, value = line.partition(":")
        match name:
            case "#EXT-X-VERSION":
                playlist.version = int(value)
            case "#EXT-X-INDEPENDENT-SEGMENTS":
                playlist.independent = True
            case "#EXT-X-STREAM-INF":
                pending = attributes(value, playlist.problems)
            case "#EXT-X-MEDIA":
                playlist.media.append(attributes(value, playlist.problems))
            case "#EXT-X-I-FRAME-STREAM-INF":
                playlist.iframes.append(attributes(value, playlist.problems))
            case _ if not line.startswith("#"):
                if pending is None:
                    playlist.problems.append(("HT10", f"address without EXT-X-STREAM-INF: {line}"))
                else:
                    playlist.variants.append((pending, line))
                pending = None
    return playlist


def parse_media(body: bytes) -> MediaPlaylist:
    """Parse a media playlist or a delta update; the segments of the latter begin behind the skipped ones."""
    playlist = MediaPlaylist(body.decode("utf-8", "replace"))
    reader = _MediaReader(playlist)
    for line in lines(body, playlist.problems):
        try:
            reader.line(line)
        except (ValueError, KeyError) as error:
            playlist.problems.append(("HT10", f"{line!r}: {type(error).__name__} {error}"))
    reader.finish()
    return playlist


class _MediaReader:
    def __init__(self, playlist: MediaPlaylist) -> None:
        self.playlist = playlist
        self.segment: Segment | None = None
        self.init = ""
        self.discontinuities = 0
        self.duration: float | None = None

    def line(self, line: str) -> None:
        if not line.startswith("#"):
            self.address(line)
            return
        name, _, value = line.partition(":")
        if not (self.of_head(name, value) or self.of_playlist(name, value)):
            self.of_segment(name, value)

    def of_head(self, name: str, value: str) -> bool:
        playlist, problems = self.playlist, self.playlist.problems
        match name:
            case "#EXT-X-VERSION":
                playlist.version = int(value)
            case "#EXT-X-TARGETDURATION":
                if not re.fullmatch(r"\d+", value):
                    problems.append(("PL1", f"target duration {value!r} is no integer"))
                playlist.target = int(float(value))
            case "#EXT-X-MEDIA-SEQUENCE":
                playlist.media_sequence = int(value)
            case "#EXT-X-PLAYLIST-TYPE":
                playlist.kind = value
            case "#EXT-X-INDEPENDENT-SEGMENTS":
                playlist.independent = True
            case "#EXT-X-DISCONTINUITY-SEQUENCE":
                playlist.discontinuity_sequence = int(value)
                self.discontinuities = int(value)
            case _:
                return False
        return True

    def of_playlist(self, name: str, value: str) -> bool:
        playlist, problems = self.playlist, self.playlist.problems
        match name:
            case "#EXT-X-SERVER-CONTROL":
                playlist.control = attributes(value, problems)
            case "#EXT-X-PART-INF":
                playlist.part_target = float(attributes(value, problems)["PART-TARGET"])
            case "#EXT-X-ENDLIST":
                playlist.ended = True
            case "#EXT-X-SKIP":
                if playlist.skip is not None or playlist.segments or self.segment:
                    problems.append(("DU3", "EXT-X-SKIP twice or behind a segment"))
                playlist.skip = attributes(value, problems)
            case "#EXT-X-PRELOAD-HINT":
                playlist.hints.append(attributes(value, problems))
            case "#EXT-X-RENDITION-REPORT":
                playlist.reports.append(attributes(value, problems))
            case _:
                return False
        return True

    def of_segment(self, name: str, value: str) -> None:
        problems = self.playlist.problems
        if name in {"#EXT-X-DISCONTINUITY", "#EXT-X-MAP", "#EXT-X-PROGRAM-DATE-TIME", "#EXT-X-KEY"} and self.segment and self.segment.parts:
            problems.append(("PT5", f"{name} behind the first part of segment {self.segment.msn}"))
        match name:
            case "#EXTINF":
                self.duration = float(value.partition(",")[0])
            case "#EXT-X-DISCONTINUITY":
                self.discontinuities += 1
                self.current.discontinuity = True
                self.current.discontinuity_sequence = self.discontinuities
            case "#EXT-X-MAP":
                self.init = attributes(value, problems)["URI"]
                self.current.init, self.current.own_init = self.init, True
            case "#EXT-X-PROGRAM-DATE-TIME":
                if not _DATE.fullmatch(value):
                    problems.append(("PL11", f"date without milliseconds or time zone: {value}"))
                self.current.date = datetime.fromisoformat(value).timestamp()
            case "#EXT-X-GAP":
                self.current.gap = True
            case "#EXT-X-PART":
                found = attributes(value, problems)
                part = Part(found["URI"], float(found["DURATION"]), found.get("INDEPENDENT") == "YES", found.get("GAP") == "YES")
                self.current.parts.append(part)

    @property
    def current(self) -> Segment:
        if self.segment is None:
            msn = self.playlist.media_sequence + self.playlist.skipped + len(self.playlist.segments)
            self.segment = Segment(msn, init=self.init, discontinuity_sequence=self.discontinuities)
        return self.segment

    def address(self, line: str) -> None:
        segment = self.current
        if self.duration is None:
            self.playlist.problems.append(("HT10", f"segment {line} without EXTINF"))
        segment.uri, segment.duration = line, self.duration or 0.0
        self.playlist.segments.append(segment)
        self.segment = self.duration = None

    def finish(self) -> None:
        if self.segment is not None and self.segment.parts:
            self.playlist.segments.append(self.segment)
