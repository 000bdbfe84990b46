"""RTP packets: where their payload is, their header extensions, and numbers that wrap. Pure (RFC 3550, RFC 8285)."""

import struct
from typing import NamedTuple

HEADER = struct.Struct(">BBHII")
"""Version/padding/extension/CSRC count, marker/payload type, sequence number, timestamp, SSRC (RFC 3550 section 5.1)."""

_EXTENSION = struct.Struct(">HH")
_ONE_BYTE = 0xBEDE
_TWO_BYTE = 0x1000


Arrived = tuple[bytes, int, int, int, bool, int]
"""A packet on its way through reception: the packet, start and end of its payload, RTP timestamp, marker, arrival in Unix nanoseconds."""


class Place(NamedTuple):
    """Where a packet's payload lies, ``packet[start:end]``; where its header extension lies, both 0 where there is none."""

    start: int
    end: int
    extension: int
    extension_end: int


def locate_payload(packet: bytes) -> Place | None:
    """Find the payload, or ``None`` where the packet is malformed (RFC 3550 section 5.1 and 5.3.1). Padding is taken off."""
    size = len(packet)
    if size < HEADER.size:
        return None
    first = packet[0]
    if first & 0xC0 != 0x80:
        return None
    start = 12 + 4 * (first & 0x0F)
    extension = extension_end = 0
    if first & 0x10:
        if size < start + 4:
            return None
        extension = start + 4
        start = extension_end = extension + 4 * (packet[start + 2] << 8 | packet[start + 3])
    end = size
    if first & 0x20:
        padding = packet[-1]
        if not padding:
            return None
        end -= padding
    if start > end:
        return None
    return Place(start, end, extension, extension_end)


def find_extension(packet: bytes, extension: int, extension_end: int, wanted: int) -> tuple[int, int] | None:
    """Where the element with id ``wanted`` lies as (start, length), in the one- or the two-byte form (RFC 8285 section 4)."""
    (profile,) = struct.unpack_from(">H", packet, extension - 4)
    position = extension
    if profile == _ONE_BYTE:
        while position < extension_end:
            head = packet[position]
            if not head:
                position += 1
                continue
            number = head >> 4
            if number == 15:
                return None
            length = (head & 15) + 1
            position += 1
            if number == wanted:
                return (position, length) if position + length <= extension_end else None
            position += length
    elif profile & 0xFFF0 == _TWO_BYTE:
        while position + 1 < extension_end:
            number = packet[position]
            if not number:
                position += 1
                continue
            length = packet[position + 1]
            position += 2
            if number == wanted:
                return (position, length) if position + length <= extension_end else None
            position += length
    return None


def unwrap_sequence(number: int, near: int) -> int:
    """The extended sequence number with the low 16 bits of ``number`` that lies nearest to ``near``."""
    return near + ((number - near + 0x8000) & 0xFFFF) - 0x8000


def unwrap_timestamp(number: int, near: int) -> int:
    """The extended timestamp with the low 32 bits of ``number`` that lies nearest to ``near``."""
    return near + ((number - near + 0x80000000) & 0xFFFFFFFF) - 0x80000000
