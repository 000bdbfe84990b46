"""One record per playlist tag, printed by joining its attributes. Sections are those of draft-pantos-hls-rfc8216bis-22."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def decimal(seconds: float) -> str:
    """A decimal-floating-point (section 4.2) with at most five decimals and no padding: ``2.0``, ``0.4``, ``1.98333``."""
    text = f"{seconds:.5f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def quoted(text: str) -> str:
    """A quoted-string (section 4.2): it has no way to carry a quote or a line break, so such text is a defect of the caller."""
    if '"' in text or "\n" in text or "\r" in text:
        raise ValueError(f"not a quoted-string: {text!r}")
    return f'"{text}"'


def attributes(**values: str | None) -> str:
    """An attribute list (section 4.2); ``part_target`` is printed as ``PART-TARGET``, absent values are left out."""
    return ",".join(f"{name.upper().replace('_', '-')}={value}" for name, value in values.items() if value is not None)


def yes(flag: bool) -> str | None:
    """``YES``, or nothing: an enumerated flag is absent where it does not hold."""
    return "YES" if flag else None


@dataclass(frozen=True, slots=True)
class Version:
    """EXT-X-VERSION "indicates the compatibility version of the Playlist file" (4.4.1.2)."""

    number: int

    def __str__(self) -> str:
        return f"#EXT-X-VERSION:{self.number}"


@dataclass(frozen=True, slots=True)
class IndependentSegments:
    """EXT-X-INDEPENDENT-SEGMENTS: every segment can be decoded "without information from other segments" (4.4.2.1)."""

    def __str__(self) -> str:
        return "#EXT-X-INDEPENDENT-SEGMENTS"


@dataclass(frozen=True, slots=True)
class TargetDuration:
    """EXT-X-TARGETDURATION: the "EXTINF duration of each Media Segment, rounded to the nearest integer" is at most this (4.4.3.1)."""

    seconds: int

    def __str__(self) -> str:
        return f"#EXT-X-TARGETDURATION:{self.seconds}"


@dataclass(frozen=True, slots=True)
class MediaSequence:
    """EXT-X-MEDIA-SEQUENCE "indicates the Media Sequence Number of the first Media Segment that appears" (4.4.3.2)."""

    number: int

    def __str__(self) -> str:
        return f"#EXT-X-MEDIA-SEQUENCE:{self.number}"


@dataclass(frozen=True, slots=True)
class DiscontinuitySequence:
    """EXT-X-DISCONTINUITY-SEQUENCE "allows synchronization between different Renditions" (4.4.3.3)."""

    number: int

    def __str__(self) -> str:
        return f"#EXT-X-DISCONTINUITY-SEQUENCE:{self.number}"


@dataclass(frozen=True, slots=True)
class EndList:
    """EXT-X-ENDLIST: "no more Media Segments will be added" (4.4.3.4)."""

    def __str__(self) -> str:
        return "#EXT-X-ENDLIST"


@dataclass(frozen=True, slots=True)
class PartInf:
    """EXT-X-PART-INF: PART-TARGET is "the Part Target Duration", in seconds (4.4.3.7)."""

    part_target: float

    def __str__(self) -> str:
        return f"#EXT-X-PART-INF:{attributes(part_target=decimal(self.part_target))}"


@dataclass(frozen=True, slots=True)
class ServerControl:
    """EXT-X-SERVER-CONTROL "allows the Server to indicate support for Delivery Directives" (4.4.3.8). Seconds."""

    can_skip_until: float
    hold_back: float
    part_hold_back: float

    def __str__(self) -> str:
        return "#EXT-X-SERVER-CONTROL:" + attributes(
            can_block_reload="YES",
            can_skip_until=decimal(self.can_skip_until),
            hold_back=decimal(self.hold_back),
            part_hold_back=decimal(self.part_hold_back),
        )


@dataclass(frozen=True, slots=True)
class ExtInf:
    """EXTINF "specifies the duration of a Media Segment", in seconds; its URI stands on the next line (4.4.4.1)."""

    duration: float
    uri: str

    def __str__(self) -> str:
        return f"#EXTINF:{decimal(self.duration)},\n{self.uri}"


@dataclass(frozen=True, slots=True)
class Discontinuity:
    """EXT-X-DISCONTINUITY "indicates a discontinuity between the Media Segment that follows it and the one that preceded it" (4.4.4.3)."""

    def __str__(self) -> str:
        return "#EXT-X-DISCONTINUITY"


@dataclass(frozen=True, slots=True)
class Map:
    """EXT-X-MAP "specifies how to obtain the Media Initialization Section" of the segments after it (4.4.4.5)."""

    uri: str

    def __str__(self) -> str:
        return f"#EXT-X-MAP:{attributes(uri=quoted(self.uri))}"


@dataclass(frozen=True, slots=True)
class ProgramDateTime:
    """EXT-X-PROGRAM-DATE-TIME "associates the first sample of a Media Segment with an absolute date" (4.4.4.6). Unix milliseconds."""

    unix_ms: int

    def __str__(self) -> str:
        text = (_EPOCH + timedelta(milliseconds=self.unix_ms)).isoformat(timespec="milliseconds")
        return f"#EXT-X-PROGRAM-DATE-TIME:{text.removesuffix('+00:00')}Z"


@dataclass(frozen=True, slots=True)
class Gap:
    """EXT-X-GAP: the segment's media data is absent and "Clients SHOULD NOT attempt to load it" (4.4.4.7)."""

    def __str__(self) -> str:
        return "#EXT-X-GAP"


@dataclass(frozen=True, slots=True)
class Part:
    """EXT-X-PART "identifies a Partial Segment" (4.4.4.9). ``duration`` in seconds."""

    duration: float
    uri: str
    independent: bool = False
    gap: bool = False

    def __str__(self) -> str:
        return "#EXT-X-PART:" + attributes(
            duration=decimal(self.duration), uri=quoted(self.uri), independent=yes(self.independent), gap=yes(self.gap)
        )


@dataclass(frozen=True, slots=True)
class Skip:
    """EXT-X-SKIP: "A Server produces a Playlist Delta Update by replacing tags earlier than the Skip Boundary" (4.4.5.2)."""

    segments: int
    removed_date_ranges: str | None = None

    def __str__(self) -> str:
        removed = None if self.removed_date_ranges is None else quoted(self.removed_date_ranges)
        return f"#EXT-X-SKIP:{attributes(skipped_segments=str(self.segments), recently_removed_dateranges=removed)}"


@dataclass(frozen=True, slots=True)
class PreloadHint:
    """EXT-X-PRELOAD-HINT: a resource "likely to be required to play back an upcoming Partial Segment" (4.4.5.3). ``kind``: PART or MAP."""

    kind: str
    uri: str

    def __str__(self) -> str:
        return f"#EXT-X-PRELOAD-HINT:{attributes(type=self.kind, uri=quoted(self.uri))}"


@dataclass(frozen=True, slots=True)
class RenditionReport:
    """EXT-X-RENDITION-REPORT carries what "is required ... to play back an associated Rendition" from its newest part on (4.4.5.4)."""

    uri: str
    last_msn: int
    last_part: int | None

    def __str__(self) -> str:
        part = None if self.last_part is None else str(self.last_part)
        return f"#EXT-X-RENDITION-REPORT:{attributes(uri=quoted(self.uri), last_msn=str(self.last_msn), last_part=part)}"


@dataclass(frozen=True, slots=True)
class Media:
    """EXT-X-MEDIA "is used to relate Media Playlists that contain alternative Renditions of the same content" (4.4.6.1)."""

    kind: str
    group: str
    name: str
    uri: str
    language: str
    channels: int

    def __str__(self) -> str:
        return "#EXT-X-MEDIA:" + attributes(
            type=self.kind,
            group_id=quoted(self.group),
            name=quoted(self.name),
            language=quoted(self.language),
            default="YES",
            autoselect="YES",
            channels=quoted(str(self.channels)) if self.channels else None,
            uri=quoted(self.uri),
        )


@dataclass(frozen=True, slots=True)
class StreamInf:
    """EXT-X-STREAM-INF "specifies a Variant Stream"; its URI stands on the next line (4.4.6.2). Bit rates in bits a second."""

    uri: str
    bandwidth: int
    average_bandwidth: int
    codecs: str
    resolution: tuple[int, int] | None
    frame_rate: float
    audio: str | None

    def __str__(self) -> str:
        line = attributes(
            bandwidth=str(self.bandwidth),
            average_bandwidth=str(self.average_bandwidth),
            codecs=quoted(self.codecs),
            resolution=f"{self.resolution[0]}x{self.resolution[1]}" if self.resolution else None,
            frame_rate=f"{self.frame_rate:.3f}" if self.frame_rate else None,
            audio=quoted(self.audio) if self.audio else None,
            closed_captions="NONE" if self.resolution else None,
        )
        return f"#EXT-X-STREAM-INF:{line}\n{self.uri}"
