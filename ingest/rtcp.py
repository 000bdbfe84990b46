"""RTCP packets, read leniently: what can't be understood is skipped and counted, never raised (RFC 3550 section 6, RFC 4585, RFC 3611)."""

import struct
from dataclasses import dataclass, field

SENDER_REPORT, RECEIVER_REPORT, SOURCE_DESCRIPTION, GOODBYE = 200, 201, 202, 203
TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK, EXTENDED_REPORT = 205, 206, 207
GENERIC_NACK, TRANSPORT_WIDE = 1, 15
PICTURE_LOSS, FULL_INTRA_REQUEST = 1, 4

NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 (NTP) to 1970 (Unix)."""
_NTP_EPOCH_NS = NTP_EPOCH * 1_000_000_000

_HEAD = struct.Struct(">BBH")
_SENDER = struct.Struct(">IQIII")
_BLOCK = struct.Struct(">IIIIII")
_BLOCKS_LIMIT = 31


def ntp_time(unix_ns: int) -> int:
    """Unix nanoseconds as a 64-bit NTP timestamp."""
    return (((unix_ns + _NTP_EPOCH_NS) << 32) // 1_000_000_000) & 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True, slots=True)
class SenderReport:
    """``ntp`` is a 64-bit NTP timestamp (32.32 seconds since 1900), ``timestamp`` the RTP timestamp of the same instant (section 6.4.1)."""

    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int

    @property
    def unix_ns(self) -> int:
        """The NTP timestamp in Unix nanoseconds of the sender's clock; negative before 1970."""
        return ((self.ntp * 1_000_000_000) >> 32) - _NTP_EPOCH_NS


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """One block of a receiver report (section 6.4.1). ``delay`` in 1/65536 s."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    jitter: int
    last_report: int
    delay: int


@dataclass(slots=True)
class Compound:
    """What one datagram said. ``nacked`` are (media SSRC, sequence number) pairs; ``keyframe_for`` the media SSRCs of PLIs and FIRs;
    ``delays`` are DLRR blocks as (SSRC, last receiver report, delay in 1/65536 s) (RFC 3611 section 4.5).
    """

    senders: list[SenderReport] = field(default_factory=list)
    blocks: list[ReportBlock] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    goodbyes: list[int] = field(default_factory=list)
    nacked: list[tuple[int, int]] = field(default_factory=list)
    keyframe_for: list[int] = field(default_factory=list)
    delays: list[tuple[int, int, int]] = field(default_factory=list)
    malformed: bool = False


def parse(datagram: bytes) -> Compound:
    """Read a compound or a reduced-size packet (RFC 5506). Reading stops, and ``malformed`` is set, where a length does not fit."""
    compound = Compound()
    position, size = 0, len(datagram)
    while position < size:
        if position + 4 > size:
            compound.malformed = True
            break
        first, kind, words = _HEAD.unpack_from(datagram, position)
        end = position + 4 + 4 * words
        if first & 0xC0 != 0x80 or end > size:
            compound.malformed = True
            break
        body_end = end
        if first & 0x20 and words:
            padding = datagram[end - 1]
            if not 0 < padding <= 4 * words:
                compound.malformed = True
                break
            body_end -= padding
        _read(compound, kind, first & 0x1F, datagram[position + 4 : body_end])
        position = end
    return compound


def _read(compound: Compound, kind: int, count: int, body: bytes) -> None:
    if kind == SENDER_REPORT:
        if len(body) < _SENDER.size:
            compound.malformed = True
            return
        compound.senders.append(SenderReport(*_SENDER.unpack_from(body)))
        _read_blocks(compound, count, body[_SENDER.size :])
    elif kind == RECEIVER_REPORT:
        _read_blocks(compound, count, body[4:])
    elif kind == SOURCE_DESCRIPTION:
        _read_names(compound, count, body)
    elif kind == GOODBYE:
        usable = min(count, len(body) // 4)
        compound.goodbyes += struct.unpack_from(f">{usable}I", body)
    elif kind == TRANSPORT_FEEDBACK and count == GENERIC_NACK:
        _read_nacks(compound, body)
    elif kind == PAYLOAD_FEEDBACK:
        _read_keyframe_requests(compound, count, body)
    elif kind == EXTENDED_REPORT:
        _read_extended(compound, body)


def _read_blocks(compound: Compound, count: int, body: bytes) -> None:
    for index in range(min(count, len(body) // _BLOCK.size)):
        ssrc, loss, highest, jitter, last_report, delay = _BLOCK.unpack_from(body, index * _BLOCK.size)
        lost = loss & 0xFFFFFF
        if lost & 0x800000:
            lost -= 0x1000000
        compound.blocks.append(ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last_report, delay))


def _read_names(compound: Compound, count: int, body: bytes) -> None:
    position = 0
    for _ in range(count):
        if position + 4 > len(body):
            return
        ssrc = int.from_bytes(body[position : position + 4], "big")
        position += 4
        while position + 1 < len(body) and body[position]:
            item, length = body[position], body[position + 1]
            if item == 1:
                compound.names[ssrc] = body[position + 2 : position + 2 + length].decode(errors="replace")
            position += 2 + length
        position = (position // 4 + 1) * 4


def _read_nacks(compound: Compound, body: bytes) -> None:
    if len(body) < 8:
        return
    media = int.from_bytes(body[4:8], "big")
    for at in range(8, len(body) - 3, 4):
        base, mask = struct.unpack_from(">HH", body, at)
        compound.nacked.append((media, base))
        compound.nacked += [(media, (base + bit + 1) & 0xFFFF) for bit in range(16) if mask >> bit & 1]


def _read_keyframe_requests(compound: Compound, kind: int, body: bytes) -> None:
    if kind == PICTURE_LOSS and len(body) >= 8:
        compound.keyframe_for.append(int.from_bytes(body[4:8], "big"))
    elif kind == FULL_INTRA_REQUEST:
        compound.keyframe_for += [int.from_bytes(body[at : at + 4], "big") for at in range(8, len(body) - 7, 8)]


def _read_extended(compound: Compound, body: bytes) -> None:
    position = 4
    while position + 4 <= len(body):
        kind, _, words = _HEAD.unpack_from(body, position)
        position += 4
        if kind == 5:
            for at in range(position, min(position + 4 * words, len(body)) - 11, 12):
                ssrc, last_report, delay = struct.unpack_from(">III", body, at)
                compound.delays.append((ssrc, last_report, delay))
        position += 4 * words


def receiver_report(ssrc: int, blocks: list[ReportBlock]) -> bytes:
    """A receiver report with at most 31 blocks (section 6.4.2)."""
    blocks = blocks[:_BLOCKS_LIMIT]
    packet = struct.pack(">BBHI", 0x80 | len(blocks), RECEIVER_REPORT, 1 + 6 * len(blocks), ssrc)
    for block in blocks:
        lost = max(-0x800000, min(0x7FFFFF, block.lost)) & 0xFFFFFF
        packet += _BLOCK.pack(block.ssrc, block.fraction_lost << 24 | lost, block.highest, block.jitter, block.last_report, block.delay)
    return packet


def canonical_name(ssrc: int, name: str) -> bytes:
    """A source description with a CNAME (section 6.5.1); ``name`` at most 255 bytes."""
    text = name.encode()
    chunk = struct.pack(">IBB", ssrc, 1, len(text)) + text
    chunk += bytes(4 - len(chunk) % 4)
    return struct.pack(">BBH", 0x81, SOURCE_DESCRIPTION, len(chunk) // 4) + chunk


def goodbye(ssrcs: list[int]) -> bytes:
    """A BYE (section 6.6)."""
    return struct.pack(f">BBH{len(ssrcs)}I", 0x80 | len(ssrcs), GOODBYE, len(ssrcs), *ssrcs)


def sender_report(report: SenderReport) -> bytes:
    """A sender report without blocks (section 6.4.1)."""
    return struct.pack(">BBH", 0x80, SENDER_REPORT, 6) + _SENDER.pack(
        report.ssrc, report.ntp, report.timestamp, report.packets & 0xFFFFFFFF, report.octets & 0xFFFFFFFF
    )


def reference_time(ssrc: int, ntp: int) -> bytes:
    """An extended report asking the sender for its DLRR, from which a receiver learns the round trip (RFC 3611 section 4.4)."""
    return struct.pack(">BBHIBBHQ", 0x80, EXTENDED_REPORT, 4, ssrc, 4, 0, 2, ntp)


def nack(ssrc: int, media: int, numbers: list[int]) -> bytes:
    """A generic NACK for sequence numbers, ascending up to wrap-around (RFC 4585 section 6.2.1)."""
    pairs: list[int] = []
    base, mask = -1, 0
    for number in numbers:
        distance = (number - base) & 0xFFFF
        if base >= 0 and 1 <= distance <= 16:
            mask |= 1 << (distance - 1)
            continue
        if base >= 0:
            pairs += (base, mask)
        base, mask = number & 0xFFFF, 0
    if base >= 0:
        pairs += (base, mask)
    return struct.pack(f">BBHII{len(pairs)}H", 0x80 | GENERIC_NACK, TRANSPORT_FEEDBACK, 2 + len(pairs) // 2, ssrc, media, *pairs)


def picture_loss(ssrc: int, media: int) -> bytes:
    """A PLI (RFC 4585 section 6.3.1)."""
    return struct.pack(">BBHII", 0x80 | PICTURE_LOSS, PAYLOAD_FEEDBACK, 2, ssrc, media)


def full_intra_request(ssrc: int, media: int, number: int) -> bytes:
    """A FIR; ``number`` counts requests modulo 256 (RFC 5104 section 4.3.1)."""
    return struct.pack(">BBHIIIBBH", 0x80 | FULL_INTRA_REQUEST, PAYLOAD_FEEDBACK, 4, ssrc, 0, media, number & 0xFF, 0, 0)
