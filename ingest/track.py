"""What the negotiation tells the reception about a track, and what the reception tells about itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from storage.model.media import CLOCK_RATE, Codec, TrackKind

PayloadUse = Literal["media", "rtx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NegotiatedTrack:
    """One m-section of the answer.

    ``payload_types`` says what each payload type number carries; ``apt`` maps an RTX payload type to the media payload
    type it repeats (RFC 4588 section 8.1). ``ssrc`` and ``rtx_ssrc`` are set where the offer named them: the first
    ``a=ssrc`` and the second of ``a=ssrc-group:FID``, which FFmpeg names without an ``a=ssrc`` line of its own.
    The extension fields are RFC 8285 ids as answered, 0 where not negotiated.
    """

    kind: TrackKind
    codec: Codec
    payload_types: Mapping[int, PayloadUse]
    mid: str = ""
    apt: Mapping[int, int] = field(default_factory=dict)
    ssrc: int | None = None
    rtx_ssrc: int | None = None
    channels: int = 0
    nack: bool = False
    pli: bool = False
    fir: bool = False
    transport_cc: bool = False
    mid_extension: int = 0
    twcc_extension: int = 0

    @property
    def clock_rate(self) -> int:
        """Ticks a second of the track's RTP timestamps."""
        return CLOCK_RATE[self.codec]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceptionStatistics:
    """Counters since the session began; rates over the last two seconds.

    ``bitrate`` in bits a second of RTP payload; ``rtt`` and ``jitter`` in seconds, 0 while unknown. ``lost`` counts packets that
    never came, ``recovered`` those that a retransmission brought, ``invalid`` those that could not be parsed or belong to nobody.
    ``codec`` is the video's, or the audio's where there is no video.
    """

    bitrate: int = 0
    packets: int = 0
    lost: int = 0
    recovered: int = 0
    duplicates: int = 0
    invalid: int = 0
    frames: int = 0
    frames_given_up: int = 0
    keyframes: int = 0
    audio_frames: int = 0
    rtt: float = 0.0
    jitter: float = 0.0
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    codec: str = ""
    nacks: int = 0
    plis: int = 0
    resets: int = 0

    def counters(self) -> dict[str, int]:
        """The packets and frames of a session by what became of them, for ``/metrics``."""
        names = (
            "packets",
            "lost",
            "recovered",
            "duplicates",
            "invalid",
            "frames",
            "frames_given_up",
            "audio_frames",
            "nacks",
            "plis",
            "resets",
        )
        return {name: getattr(self, name) for name in names}
