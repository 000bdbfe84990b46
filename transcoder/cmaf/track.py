"""Init segments: what a player must know before the first fragment (RFC 8216bis section 3.1.2, ISO/IEC 23000-19 section 7.3)."""

import struct
from dataclasses import dataclass

from storage.model import part_rule
from transcoder.cmaf.boxes import box, full_box

VIDEO_RATE = 90_000
AUDIO_RATE = part_rule.AUDIO_RATE
TRACK_ID = 1
NON_SYNC = 0x0101_0000
"""Sample flags (ISO/IEC 14496-12 section 8.8.3.1): depends on others, is no sync sample."""
SYNC = 0x0200_0000
"""Sample flags: depends on no other sample."""

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000)
_BRANDS = b"iso6" + struct.pack(">I", 0) + b"iso6" + b"cmfc" + b"mp41"


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """An H.264 track. ``avcc`` is the content of its ``avcC`` box; sizes in pixels."""

    width: int
    height: int
    avcc: bytes

    def init_segment(self) -> bytes:
        """``ftyp`` and ``moov``."""
        entry = box(
            b"avc1",
            struct.pack(">6xH16xHH2I4xH32xHh", 1, self.width, self.height, 0x48_0000, 0x48_0000, 1, 24, -1),
            box(b"avcC", self.avcc),
            # Square pixels (ISO/IEC 14496-12 section 12.1.4).
            box(b"pasp", struct.pack(">II", 1, 1)),
        )
        media_header = full_box(b"vmhd", 0, 1, bytes(8))
        return _init(VIDEO_RATE, b"vide", media_header, entry, size=(self.width, self.height), flags=NON_SYNC)


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """An AAC-LC track. ``config`` is its AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1); ``bit_rate`` in bits a second."""

    config: bytes
    bit_rate: int
    channels: int = 2

    def init_segment(self) -> bytes:
        """``ftyp`` and ``moov``."""
        # ISO/IEC 14496-1 section 7.2.6: decoder config 0x40 (AAC), audio stream; then the config and the SL config MP4 asks for.
        specific = _descriptor(5, self.config)
        decoder = _descriptor(4, struct.pack(">BB3xII", 0x40, 0x15, self.bit_rate, self.bit_rate) + specific)
        elementary = _descriptor(3, struct.pack(">HB", TRACK_ID, 0) + decoder + _descriptor(6, b"\x02"))
        entry = box(
            b"mp4a",
            struct.pack(">6xH8xHH4xI", 1, self.channels, 16, AUDIO_RATE << 16),
            full_box(b"esds", 0, 0, elementary),
        )
        return _init(AUDIO_RATE, b"soun", full_box(b"smhd", 0, 0, bytes(4)), entry, size=(0, 0), flags=SYNC)


def _descriptor(tag: int, content: bytes) -> bytes:
    length = len(content)
    return bytes((tag, 0x80 | length >> 21 & 0x7F, 0x80 | length >> 14 & 0x7F, 0x80 | length >> 7 & 0x7F, length & 0x7F)) + content


def _init(rate: int, handler: bytes, media_header: bytes, entry: bytes, *, size: tuple[int, int], flags: int) -> bytes:
    sound = handler == b"soun"
    table = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )
    references = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))
    media = box(
        b"mdia",
        # "und" in ISO 639-2 as three 5-bit letters.
        full_box(b"mdhd", 0, 0, struct.pack(">4I2H", 0, 0, rate, 0, 0x55C4, 0)),
        full_box(b"hdlr", 0, 0, struct.pack(">4x4s12x", handler), b"Fanlight\x00"),
        box(b"minf", media_header, references, table),
    )
    track_header = full_box(
        b"tkhd",
        0,
        7,
        struct.pack(">5I8x", 0, 0, TRACK_ID, 0, 0),
        struct.pack(">hhhh", 0, 0, 0x0100 if sound else 0, 0),
        _MATRIX,
        struct.pack(">II", size[0] << 16, size[1] << 16),
    )
    movie_header = full_box(
        b"mvhd", 0, 0, struct.pack(">4IIH10x", 0, 0, 1000, 0, 0x10000, 0x0100), _MATRIX, bytes(24), struct.pack(">I", TRACK_ID + 1)
    )
    defaults = full_box(b"trex", 0, 0, struct.pack(">5I", TRACK_ID, 1, 0, 0, flags))
    return box(b"ftyp", _BRANDS) + box(b"moov", movie_header, box(b"trak", track_header, media), box(b"mvex", defaults))
