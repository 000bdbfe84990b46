"""The smallest fMP4 a checker can follow: init segments and fragments with honest times and meaningless samples."""

import struct

VIDEO_TIMESCALE = 90_000
AUDIO_TIMESCALE = 48_000


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def init(*, video: bool) -> bytes:
    timescale = VIDEO_TIMESCALE if video else AUDIO_TIMESCALE
    entry = box(b"avc1", bytes(78)) if video else box(b"mp4a", bytes(28))
    table = box(
        b"stbl",
        full(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full(b"stts", 0, 0, bytes(4)),
        full(b"stsc", 0, 0, bytes(4)),
        full(b"stsz", 0, 0, bytes(8)),
        full(b"stco", 0, 0, bytes(4)),
    )
    handler = full(b"hdlr", 0, 0, bytes(4), b"vide" if video else b"soun", bytes(13))
    data = box(b"dinf", full(b"dref", 0, 0, struct.pack(">I", 1), full(b"url ", 0, 1)))
    track = box(
        b"trak",
        full(b"tkhd", 0, 3, struct.pack(">IIII", 0, 0, 1, 0), bytes(64)),
        box(b"mdia", full(b"mdhd", 0, 0, struct.pack(">IIII", 0, 0, timescale, 0), bytes(4)), handler, box(b"minf", data, table)),
    )
    return box(b"ftyp", b"iso6", bytes(4), b"iso6cmfc") + box(
        b"moov",
        full(b"mvhd", 0, 0, struct.pack(">IIII", 0, 0, 1000, 0), bytes(80)),
        track,
        box(b"mvex", full(b"trex", 0, 0, struct.pack(">IIIII", 1, 1, 0, 0, 0))),
    )


def fragment(number: int, start: int, frames: int, ticks: int, *, key: bool, filler: int = 40) -> bytes:
    """``frames`` samples of ``ticks`` each from the decode time ``start``; the first one is a sync sample if ``key``."""
    flags = [0x0200_0000 if key and index == 0 else 0x0101_0000 for index in range(frames)]
    samples = b"".join(struct.pack(">III", ticks, filler, flag) for flag in flags)

    def moof(offset: int) -> bytes:
        run = full(b"trun", 0, 0x701, struct.pack(">Ii", frames, offset), samples)
        track = box(b"traf", full(b"tfhd", 0, 0x020000, struct.pack(">I", 1)), full(b"tfdt", 1, 0, struct.pack(">Q", start)), run)
        return box(b"moof", full(b"mfhd", 0, 0, struct.pack(">I", number)), track)

    return moof(len(moof(0)) + 8) + box(b"mdat", struct.pack(">Q", start) * (frames * filler // 8))
