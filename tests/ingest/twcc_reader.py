"""A reader of transport-wide feedback written from the draft, apart from the writer it checks."""

import struct
from dataclasses import dataclass


@dataclass
class Feedback:
    base: int
    count: int
    reference: int
    number: int
    arrivals: dict[int, int]
    """Sequence number (not wrapped from ``base``) to arrival in steps of 250 us, counted from the reference time's own zero."""


def read(packet: bytes) -> Feedback:
    first, kind, words, _, _, base, count, tail = struct.unpack_from(">BBHIIHHI", packet)
    assert (first >> 6, first & 31, kind, len(packet)) == (2, 15, 205, 4 + 4 * words)
    end = len(packet) - (packet[-1] if first & 0x20 else 0)
    position = 20
    symbols: list[int] = []
    while len(symbols) < count:
        (chunk,) = struct.unpack_from(">H", packet, position)
        position += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13] * (chunk & 0x1FFF)
        elif not chunk & 0x4000:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
        else:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
    assert not any(symbols[count:]), "symbols past the end"
    reference = tail >> 8
    time = reference * 256
    arrivals: dict[int, int] = {}
    for index, symbol in enumerate(symbols[:count]):
        if symbol == 1:
            time += packet[position]
            position += 1
        elif symbol == 2:
            time += int.from_bytes(packet[position : position + 2], "big", signed=True)
            position += 2
        else:
            assert symbol == 0
            continue
        arrivals[base + index] = time
    assert position == end, "bytes left over"
    return Feedback(base, count, reference, tail & 0xFF, arrivals)
