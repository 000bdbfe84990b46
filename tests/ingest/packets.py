"""Publishers made of paper: encoded frames by PyAV, and the packets a publisher would send them in."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

import av

from ingest.track import NegotiatedTrack
from storage.model.media import Codec, TrackKind

SECOND = 1_000_000_000
START_NS = 1_800_000_000 * SECOND
VIDEO_SSRC, VIDEO_RTX_SSRC, AUDIO_SSRC = 0x1111, 0x2222, 0x3333
VIDEO_PT, RTX_PT, AUDIO_PT = 106, 105, 111
TWCC_ID, MID_ID = 5, 4


def video_track(codec: Codec = Codec.H264, **changes: object) -> NegotiatedTrack:
    values: dict[str, object] = {
        "kind": TrackKind.VIDEO,
        "codec": codec,
        "payload_types": {VIDEO_PT: "media", RTX_PT: "rtx"},
        "apt": {RTX_PT: VIDEO_PT},
        "mid": "v",
        "ssrc": VIDEO_SSRC,
        "rtx_ssrc": VIDEO_RTX_SSRC,
        "nack": True,
        "pli": True,
        "transport_cc": True,
        "mid_extension": MID_ID,
        "twcc_extension": TWCC_ID,
    }
    return NegotiatedTrack(**{**values, **changes})  # type: ignore[arg-type]


def audio_track(**changes: object) -> NegotiatedTrack:
    values: dict[str, object] = {
        "kind": TrackKind.AUDIO,
        "codec": Codec.OPUS,
        "payload_types": {AUDIO_PT: "media"},
        "mid": "a",
        "ssrc": AUDIO_SSRC,
        "channels": 2,
        "transport_cc": True,
        "mid_extension": MID_ID,
        "twcc_extension": TWCC_ID,
    }
    return NegotiatedTrack(**{**values, **changes})  # type: ignore[arg-type]


def rtp_packet(
    payload: bytes,
    *,
    ssrc: int,
    payload_type: int,
    sequence: int,
    timestamp: int,
    marker: bool = False,
    twcc: int | None = None,
    mid: str = "",
    padding: int = 0,
    two_byte: bool = False,
    sources: Sequence[int] = (),
) -> bytes:
    elements = []
    if twcc is not None:
        elements.append((TWCC_ID, struct.pack(">H", twcc & 0xFFFF)))
    if mid:
        elements.append((MID_ID, mid.encode()))
    extension = b""
    for number, data in elements:
        extension += bytes((number, len(data))) + data if two_byte else bytes((number << 4 | len(data) - 1,)) + data
    extension += bytes(-len(extension) % 4)
    first = 0x80 | len(sources) | (0x10 if elements else 0) | (0x20 if padding else 0)
    packet = struct.pack(">BBHII", first, (0x80 if marker else 0) | payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    packet += struct.pack(f">{len(sources)}I", *sources)
    if elements:
        packet += struct.pack(">HH", 0x1000 if two_byte else 0xBEDE, len(extension) // 4) + extension
    packet += payload
    if padding:
        packet += bytes(padding - 1) + bytes((padding,))
    return packet


def nal_units(unit: bytes) -> list[bytes]:
    return [piece[:-1] if piece.endswith(b"\x00") else piece for piece in unit.split(b"\x00\x00\x01")[1:]]


def annex_b(nals: Sequence[bytes]) -> bytes:
    return b"".join(b"\x00\x00\x00\x01" + nal for nal in nals)


def packetize_h264(nals: Sequence[bytes], size: int = 1200, *, aggregate: bool = True) -> list[bytes]:
    payloads: list[bytes] = []
    small: list[bytes] = []

    def flush() -> None:
        if len(small) == 1:
            payloads.append(small[0])
        elif small:
            payloads.append(b"\x78" + b"".join(struct.pack(">H", len(nal)) + nal for nal in small))
        small.clear()

    for nal in nals:
        if len(nal) <= size:
            small.append(nal)
            if not aggregate or sum(len(each) + 2 for each in small) > size:
                last = small.pop()
                flush()
                small.append(last)
            continue
        flush()
        body = nal[1:]
        pieces = [body[at : at + size - 2] for at in range(0, len(body), size - 2)]
        for index, piece in enumerate(pieces):
            mark = (0x80 if index == 0 else 0) | (0x40 if index == len(pieces) - 1 else 0)
            payloads.append(bytes((nal[0] & 0xE0 | 28, mark | nal[0] & 31)) + piece)
    flush()
    return payloads


def packetize_vp8(frame: bytes, picture: int, size: int = 1200) -> list[bytes]:
    pieces = [frame[at : at + size] for at in range(0, len(frame), size)]
    return [
        bytes((0x80 | (0x10 if index == 0 else 0), 0x80)) + struct.pack(">H", 0x8000 | picture & 0x7FFF) + piece
        for index, piece in enumerate(pieces)
    ]


@dataclass
class Frame:
    ticks: int
    keyframe: bool
    data: bytes


@lru_cache
def encoded(codec: Codec, frames: int = 60, gop: int = 15, width: int = 160, height: int = 96) -> tuple[Frame, ...]:
    """Frames of a moving picture, 30 a second."""
    context = av.CodecContext.create("libx264" if codec is Codec.H264 else "libvpx", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base = Fraction(1, 30)
    context.framerate = Fraction(30)
    context.gop_size = gop
    context.bit_rate = 400_000
    if codec is Codec.H264:
        context.options = {
            "tune": "zerolatency",
            "preset": "ultrafast",
            "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:threads=1",
        }
    else:
        context.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "kf-max-dist": str(gop)}
    made: list[Frame] = []
    for index in range(frames):
        picture = av.VideoFrame(width, height, "yuv420p")
        for plane in picture.planes:
            row = bytes((value * 7 + index * 13 ^ value * index) & 0xFF for value in range(plane.line_size))
            plane.update(row * plane.height)
        picture.pts = index
        for packet in context.encode(picture):
            assert packet.pts is not None
            made.append(Frame(packet.pts * 3000, packet.is_keyframe, bytes(packet)))
    return tuple(made)


@dataclass
class Publisher:
    """Numbers packets as one sender does, and keeps what it sent for retransmissions."""

    codec: Codec = Codec.H264
    size: int = 1200
    twcc: bool = False
    mid: str = ""
    sequence: int = 65_500
    timestamp: int = 0xFFFF0000
    transport: int = 65_000
    rtx_sequence: int = 7
    history: dict[int, tuple[bytes, int, bool]] = field(default_factory=dict)

    def packets(self, frame: Frame) -> list[bytes]:
        if self.codec is Codec.H264:
            payloads = packetize_h264(nal_units(frame.data), self.size)
        elif self.codec is Codec.VP8:
            payloads = packetize_vp8(frame.data, frame.ticks // 3000, self.size)
        else:
            payloads = [frame.data]
        return [self.packet(payload, frame.ticks, index == len(payloads) - 1) for index, payload in enumerate(payloads)]

    def packet(self, payload: bytes, ticks: int, marker: bool) -> bytes:
        sequence = self.sequence & 0xFFFF
        self.sequence += 1
        timestamp = (self.timestamp + ticks) & 0xFFFFFFFF
        self.history[sequence] = (payload, timestamp, marker)
        audio = self.codec is Codec.OPUS
        return rtp_packet(
            payload,
            ssrc=AUDIO_SSRC if audio else VIDEO_SSRC,
            payload_type=AUDIO_PT if audio else VIDEO_PT,
            sequence=sequence,
            timestamp=timestamp,
            marker=marker,
            twcc=self._count(),
            mid=self.mid,
        )

    def repair(self, sequence: int) -> bytes:
        payload, timestamp, marker = self.history[sequence & 0xFFFF]
        self.rtx_sequence += 1
        return rtp_packet(
            struct.pack(">H", sequence & 0xFFFF) + payload,
            ssrc=VIDEO_RTX_SSRC,
            payload_type=RTX_PT,
            sequence=self.rtx_sequence,
            timestamp=timestamp,
            marker=marker,
            twcc=self._count(),
        )

    def _count(self) -> int | None:
        if not self.twcc:
            return None
        self.transport += 1
        return self.transport


def opus_frames(count: int) -> Iterator[Frame]:
    for index in range(count):
        yield Frame(index * 960, True, bytes((0xFC,)) + index.to_bytes(4, "big") + bytes(60))
