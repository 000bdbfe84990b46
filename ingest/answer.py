"""Our answer to a publisher's offer: which codecs are taken, and the text (RFC 9429, RFC 9725 section 4.2). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from ingest.ice import IceCredentials
from ingest.sdp import Offer, OfferedCodec, OfferedMedia
from ingest.track import NegotiatedTrack, PayloadUse
from storage.model.errors import BadInput, ErrorCode
from storage.model.media import CLOCK_RATE, Codec, TrackKind

MID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:mid"
TWCC_EXTENSION = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
_TAKEN_FEEDBACK = ("nack", "nack pli", "ccm fir", "transport-cc")
_EXTENSIONS = (MID_EXTENSION, TWCC_EXTENSION)
_CODECS = {TrackKind.AUDIO: (Codec.OPUS,), TrackKind.VIDEO: (Codec.H264, Codec.VP8)}
_HIGHEST_LEVEL = "34"
_START_KILOBITS = 2500


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalEnd:
    """What the answer says of us. ``addresses`` in the order of preference: FFmpeg tries the first only. ``origin`` names the session."""

    credentials: IceCredentials
    fingerprint: str
    addresses: Sequence[str]
    port: int
    origin: int


@dataclass(frozen=True, slots=True)
class AcceptedMedia:
    """An m-section of the offer with the one codec we take, and its RTX payload type."""

    media: OfferedMedia
    kind: TrackKind
    codec: Codec
    chosen: OfferedCodec
    rtx: OfferedCodec | None

    @property
    def feedback(self) -> tuple[str, ...]:
        """The RTCP feedback both sides know. Transport-wide feedback needs its header extension, too."""
        wide = TWCC_EXTENSION in self.media.extensions
        return tuple(name for name in _TAKEN_FEEDBACK if name in self.chosen.feedback and (wide or name != "transport-cc"))

    def track(self) -> NegotiatedTrack:
        """What the reception has to know."""
        payload_types: dict[int, PayloadUse] = {self.chosen.payload_type: "media"}
        apt: dict[int, int] = {}
        if self.rtx is not None:
            payload_types[self.rtx.payload_type] = "rtx"
            apt[self.rtx.payload_type] = self.chosen.payload_type
        ssrc = next(iter(self.media.sources), next(iter(self.media.retransmits), None))
        transport_cc = "transport-cc" in self.feedback
        return NegotiatedTrack(
            kind=self.kind,
            codec=self.codec,
            payload_types=payload_types,
            mid=self.media.mid,
            apt=apt,
            ssrc=ssrc,
            rtx_ssrc=None if ssrc is None else self.media.retransmits.get(ssrc),
            channels=2 if self.codec is Codec.OPUS else 0,
            nack="nack" in self.feedback,
            pli="nack pli" in self.feedback,
            fir="ccm fir" in self.feedback,
            transport_cc=transport_cc,
            mid_extension=self.media.extensions.get(MID_EXTENSION, 0) if self.media.mid else 0,
            twcc_extension=self.media.extensions[TWCC_EXTENSION] if transport_cc else 0,
        )


def accept(offer: Offer) -> tuple[AcceptedMedia, ...]:
    """Choose a codec for every m-section: H.264 before VP8, since it need not be transcoded; packetization mode 1 before 0;
    else the publisher's order. What profile an H.264 label names does not matter: only the stream's SPS tells the truth.

    Raises:
        BadInput: ``UNSUPPORTED_CODEC``.
    """
    return tuple(_accept(media) for media in offer.media)


def local_role(offer: Offer) -> str:
    """Our ``a=setup``. Passive where there is a choice, so that a publisher with an RSA certificate gets along."""
    return "active" if offer.setup == "passive" else "passive"


def write_answer(offer: Offer, accepted: Sequence[AcceptedMedia], local: LocalEnd) -> str:
    """The text of the answer: recvonly, one transport, every candidate in each of its sections."""
    lines = ["v=0", f"o=- {local.origin} 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite", "a=ice-options:trickle ice2"]
    if offer.bundled:
        lines.append("a=group:BUNDLE " + " ".join(one.media.mid for one in accepted))
    for one in accepted:
        lines += _section(offer, one, local)
    return "\r\n".join([*lines, ""])


def write_restart(local: LocalEnd, mid: str) -> str:
    """The fragment that answers an ICE restart (RFC 9725 section 4.3.3): new credentials, the same candidates."""
    lines = ["a=ice-lite", *_ice(local), "m=audio 9 UDP/TLS/RTP/SAVPF 0", *([f"a=mid:{mid}"] if mid else []), *_candidates(local)]
    return "\r\n".join([*lines, ""])


def _accept(media: OfferedMedia) -> AcceptedMedia:
    kind = TrackKind.AUDIO if media.kind == "audio" else TrackKind.VIDEO
    for codec in _CODECS[kind]:
        matching = [one for one in media.codecs if one.name == codec.value and one.rate == CLOCK_RATE[codec]]
        matching.sort(key=_packetization_penalty)
        if matching:
            chosen = matching[0]
            rtx = next((one for one in media.codecs if one.name == "rtx" and one.parameters.get("apt") == str(chosen.payload_type)), None)
            return AcceptedMedia(media, kind, codec, chosen, rtx)
    wanted = " or ".join({Codec.OPUS: "Opus", Codec.H264: "H.264", Codec.VP8: "VP8"}[codec] for codec in _CODECS[kind])
    offered = ", ".join(dict.fromkeys(one.name for one in media.codecs))[:100] or "no codec"
    raise BadInput(ErrorCode.UNSUPPORTED_CODEC, f"The {media.kind} must be {wanted}; the offer has {offered}.")


def _packetization_penalty(codec: OfferedCodec) -> int:
    if codec.name != Codec.H264.value:
        return 0
    # Absent means single NAL unit mode (RFC 6184 section 8.1); interleaved mode is unheard of.
    return {"1": 0, "0": 1, "": 1}.get(codec.parameters.get("packetization-mode", ""), 2)


def _section(offer: Offer, one: AcceptedMedia, local: LocalEnd) -> list[str]:
    payload_types = [one.chosen.payload_type] + ([one.rtx.payload_type] if one.rtx else [])
    lines = [
        f"m={one.media.kind} {local.port} {one.media.protocol} {' '.join(map(str, payload_types))}",
        f"c={_connection(local.addresses[0])}",
        *([f"a=mid:{one.media.mid}"] if one.media.mid else []),
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        *(["a=rtcp-rsize"] if one.media.reduced_size else []),
        *_ice(local),
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{local_role(offer)}",
    ]
    lines += [f"a=extmap:{one.media.extensions[uri]} {uri}" for uri in _EXTENSIONS if uri in one.media.extensions]
    channels = "/2" if one.codec is Codec.OPUS else ""
    name = one.codec.value if one.codec is Codec.OPUS else one.codec.value.upper()
    payload_type = one.chosen.payload_type
    lines.append(f"a=rtpmap:{payload_type} {name}/{one.chosen.rate}{channels}")
    lines.append(f"a=fmtp:{payload_type} {_format(one)}")
    lines += [f"a=rtcp-fb:{payload_type} {name}" for name in one.feedback]
    if one.rtx is not None:
        lines += [f"a=rtpmap:{one.rtx.payload_type} rtx/{one.rtx.rate}", f"a=fmtp:{one.rtx.payload_type} apt={payload_type}"]
    # aiortc with max-bundle looks for candidates in any of the bundled sections; to all others they are the same ones once more.
    return lines + _candidates(local)


def _format(one: AcceptedMedia) -> str:
    if one.codec is Codec.OPUS:
        return "minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=128000;usedtx=0"
    # Chromium's own parameter: where its bandwidth estimation starts.
    start = f"x-google-start-bitrate={_START_KILOBITS}"
    if one.codec is Codec.VP8:
        return start
    offered = one.chosen.parameters
    mode = "1" if _packetization_penalty(one.chosen) == 0 else "0"
    profile = offered.get("profile-level-id", "42e01f")[:6]
    if offered.get("level-asymmetry-allowed") == "1":
        # A browser does not send larger pictures than the answer's level allows: 5.2 is the largest HLS devices play.
        return f"level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={profile[:4]}{_HIGHEST_LEVEL};{start}"
    return f"packetization-mode={mode};profile-level-id={profile};{start}"


def _ice(local: LocalEnd) -> list[str]:
    return [f"a=ice-ufrag:{local.credentials.ufrag}", f"a=ice-pwd:{local.credentials.password}"]


def _candidates(local: LocalEnd) -> list[str]:
    lines = []
    for index, address in enumerate(local.addresses):
        # Type preference of host candidates, local preference by order, component 1 (RFC 8445 section 5.1.2.1).
        priority = (126 << 24) | ((65535 - index) << 8) | 255
        lines.append(f"a=candidate:{index + 1} 1 udp {priority} {address} {local.port} typ host")
    return [*lines, "a=end-of-candidates"]


def _connection(address: str) -> str:
    return f"IN IP{ip_address(address).version} {address}"
