"""Fragments: one ``moof`` and ``mdat`` for each part (ISO/IEC 14496-12 section 8.8). A segment is its parts, one behind the other."""

import struct
from collections.abc import Sequence

from transcoder.cmaf.boxes import box, full_box
from transcoder.cmaf.track import NON_SYNC, SYNC, TRACK_ID

_DEFAULT_BASE_IS_MOOF = 0x02_0000
_DEFAULT_FLAGS = 0x20
_TFHD = full_box(b"tfhd", 0, _DEFAULT_BASE_IS_MOOF, struct.pack(">I", TRACK_ID))
_TFHD_NON_SYNC = full_box(b"tfhd", 0, _DEFAULT_BASE_IS_MOOF | _DEFAULT_FLAGS, struct.pack(">II", TRACK_ID, NON_SYNC))
_DATA_OFFSET, _FIRST_FLAGS, _DURATION, _SIZE, _FLAGS = 0x1, 0x4, 0x100, 0x200, 0x400


def fragment(sequence: int, start: int, payloads: Sequence[bytes], durations: Sequence[int], sync: Sequence[bool] | None = None) -> bytes:
    """Write samples as a fragment.

    Args:
        sequence: rises from fragment to fragment of a track.
        start: decode time of the first sample, in ticks of the track.
        payloads: the samples' bytes.
        durations: their durations in ticks.
        sync: whether each is a keyframe; None for audio, where all are.
    """
    count = len(payloads)
    sizes = [len(payload) for payload in payloads]
    if sync is None:
        header, flags, first = _TFHD, _DATA_OFFSET | _DURATION | _SIZE, b""
        table = struct.pack(f">{2 * count}I", *(value for pair in zip(durations, sizes, strict=True) for value in pair))
    elif any(sync[1:]):
        header, flags, first = _TFHD_NON_SYNC, _DATA_OFFSET | _DURATION | _SIZE | _FLAGS, b""
        rows = zip(durations, sizes, (SYNC if key else NON_SYNC for key in sync), strict=True)
        table = struct.pack(f">{3 * count}I", *(value for row in rows for value in row))
    else:
        header, flags = _TFHD_NON_SYNC, _DATA_OFFSET | _FIRST_FLAGS | _DURATION | _SIZE
        first = struct.pack(">I", SYNC if sync[0] else NON_SYNC)
        table = struct.pack(f">{2 * count}I", *(value for pair in zip(durations, sizes, strict=True) for value in pair))
    # The data offset counts from the first byte of moof to the first byte in mdat (section 8.8.8).
    moof_size = 8 + 16 + 8 + len(header) + 20 + 12 + 8 + len(first) + len(table)
    movie = box(
        b"moof",
        full_box(b"mfhd", 0, 0, struct.pack(">I", sequence & 0xFFFF_FFFF)),
        box(
            b"traf",
            header,
            full_box(b"tfdt", 1, 0, struct.pack(">Q", start)),
            full_box(b"trun", 0, flags, struct.pack(">Ii", count, moof_size + 8), first, table),
        ),
    )
    return b"".join((movie, struct.pack(">I4s", 8 + sum(sizes), b"mdat"), *payloads))
