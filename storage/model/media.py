"""What travels between an ingest node and a transcoder: tracks and their access units."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class TrackKind(IntEnum):
    """A session's tracks are addressed by this number on the relay: at most one audio and, until ladders from a browser, one video."""

    AUDIO = 0
    VIDEO = 1


class Codec(StrEnum):
    """Codecs the ingest takes encoded and never decodes."""

    OPUS = "opus"
    H264 = "h264"
    VP8 = "vp8"


CLOCK_RATE = {Codec.OPUS: 48_000, Codec.H264: 90_000, Codec.VP8: 90_000}
"""RTP clock in ticks a second: RFC 7587 section 4.1, RFC 6184 section 8.2.1, RFC 7741 section 6.1."""


@dataclass(frozen=True, slots=True)
class Track:
    """A track of a publisher's session as negotiated. ``channels`` counts audio channels and is 0 for video."""

    kind: TrackKind
    codec: Codec
    channels: int = 0

    @property
    def clock_rate(self) -> int:
        """Ticks a second of ``AccessUnit.ticks``."""
        return CLOCK_RATE[self.codec]


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One encoded frame, whole: an H.264 access unit in Annex B form with its parameter sets in band, a VP8 frame or an Opus packet.

    ``sequence`` counts up by one per unit of a track within a session, from 1; a hole means units were lost or dropped before the ring.
    ``ticks`` is the RTP timestamp, unwrapped, in ticks of the codec's clock; it starts near 0 for a session and never wraps.
    ``capture_ns`` is when the frame was captured, in Unix nanoseconds of *this node's* clock: the publisher's sender
    reports (RFC 3550 section 6.4.1) put both tracks on one clock, whose offset to ours is the smallest one-way delay seen.
    ``aligned`` is false while no sender report of the track has come and ``capture_ns`` only rests on arrival times.
    """

    kind: TrackKind
    sequence: int
    ticks: int
    capture_ns: int
    keyframe: bool
    aligned: bool
    data: bytes
