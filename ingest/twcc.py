"""Transport-wide congestion control feedback: tells the sender when each of its packets came, so that it finds the path's bandwidth.

draft-holmer-rmcat-transport-wide-cc-extensions-01: an RTP header extension with one counter over all streams of a transport, and an
RTCP transport feedback (format 15) listing arrivals in steps of 250 microseconds. Pure.
"""

import struct
from itertools import pairwise

from ingest.rtcp import TRANSPORT_FEEDBACK, TRANSPORT_WIDE

INTERVAL_NS = 50_000_000
"""Between two feedbacks while packets come."""

_HEAD = struct.Struct(">BBHIIHHI")
_DELTA_NS = 250_000
_REFERENCE_DELTAS = 256
_RESET_JUMP = 1000
_PENDING_LIMIT = 4000
_FEEDBACK_LIMIT = 1000
_SPAN_LIMIT = 8000


class ArrivalLog:
    """Arrival times of a transport's packets, by transport-wide sequence number, until they were reported."""

    __slots__ = ("_arrivals", "_count", "_highest", "_next", "_reported_ns", "media_ssrc", "resets", "ssrc")

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.media_ssrc = 0
        self.resets = 0
        self._arrivals: dict[int, int] = {}
        self._highest = -1
        self._next = -1
        self._count = 0
        self._reported_ns = 0

    def received(self, number: int, arrival_ns: int) -> None:
        """Note a packet: ``number`` is its 16-bit transport-wide sequence number."""
        highest = self._highest
        if number == (highest + 1) & 0xFFFF and highest >= 0:
            highest += 1
            self._highest = highest
            self._arrivals[highest] = arrival_ns
            return
        if highest < 0:
            # One lap ahead of zero, so that packets overtaken by the first one have a number as well.
            self._highest = self._next = number = number + 0x10000
        else:
            distance = ((number - highest + 0x8000) & 0xFFFF) - 0x8000
            number = highest + distance
            if distance > _RESET_JUMP or distance < -_RESET_JUMP:
                self._arrivals.clear()
                self.resets += 1
                number = (number & 0xFFFF) + 0x10000
                self._highest = self._next = number
            elif distance > 0:
                self._highest = number
        self._arrivals.setdefault(number, arrival_ns)
        if len(self._arrivals) > _PENDING_LIMIT:
            self._arrivals.clear()
            self._next = self._highest + 1

    def due(self, now_ns: int) -> list[bytes]:
        """The feedback to send now: nothing, one packet, or a few where packets were overtaken or pauses were long."""
        elapsed = now_ns - self._reported_ns
        if not self._arrivals or 0 <= elapsed < INTERVAL_NS:
            return []
        self._reported_ns = now_ns
        numbers = sorted(self._arrivals)
        packets = []
        # What comes after it was reported missing gets a report of its own, which claims nothing about its neighbours.
        late = [number for number in numbers if number < self._next]
        for run in _runs(late):
            packets += self._report(run[0], run)
        numbers = numbers[len(late) :]
        if numbers:
            packets += self._report(self._next, numbers)
            self._next = numbers[-1] + 1
        self._arrivals.clear()
        return packets

    def _report(self, first: int, numbers: list[int]) -> list[bytes]:
        packets = []
        index = 0
        while index < len(numbers):
            packet, index = self._feedback(first, numbers, index)
            packets.append(packet)
            first = numbers[index - 1] + 1
        return packets

    def _feedback(self, first: int, numbers: list[int], index: int) -> tuple[bytes, int]:
        """One packet from ``first`` on, and the index of the first number it had no room for."""
        arrivals = self._arrivals
        reference = arrivals[numbers[index]] // (_DELTA_NS * _REFERENCE_DELTAS)
        ticks = reference * _REFERENCE_DELTAS
        expected = first
        symbols: list[int] = []
        deltas = bytearray()
        for position in range(index, min(len(numbers), index + _FEEDBACK_LIMIT)):
            number = numbers[position]
            arrival = arrivals[number] // _DELTA_NS
            delta = arrival - ticks
            if not -0x8000 <= delta <= 0x7FFF or (number - first > _SPAN_LIMIT and deltas):
                break
            ticks = arrival
            if number != expected:
                symbols += bytes(number - expected)
            expected = number + 1
            if 0 <= delta <= 0xFF:
                symbols.append(1)
                deltas.append(delta)
            else:
                symbols.append(2)
                deltas += delta.to_bytes(2, "big", signed=True)
            index = position + 1
        chunks = encode_chunks(symbols)
        body = struct.pack(f">{len(chunks)}H", *chunks) + deltas
        padding = -len(body) % 4
        if padding:
            body += bytes(padding - 1) + bytes((padding,))
        head = _HEAD.pack(
            0x80 | TRANSPORT_WIDE | (0x20 if padding else 0),
            TRANSPORT_FEEDBACK,
            4 + len(body) // 4,
            self.ssrc,
            self.media_ssrc,
            first & 0xFFFF,
            len(symbols),
            (reference & 0xFFFFFF) << 8 | self._count & 0xFF,
        )
        self._count += 1
        return head + body, index


def encode_chunks(symbols: list[int]) -> list[int]:
    """Packet status chunks (section 3.1.3 and 3.1.4) for symbols 0 (not received), 1 (small delta) and 2 (large or negative delta)."""
    chunks = []
    position, size = 0, len(symbols)
    while position < size:
        symbol = symbols[position]
        run = 1
        limit = min(size - position, 0x1FFF)
        while run < limit and symbols[position + run] == symbol:
            run += 1
        if run >= 14 or run == size - position:
            chunks.append(symbol << 13 | run)
            position += run
            continue
        window = symbols[position : position + 14]
        if 2 not in window:
            bits = 0
            for value in window:
                bits = bits << 1 | value
            chunks.append(0x8000 | bits << (14 - len(window)))
            position += len(window)
            continue
        if run >= 7:
            chunks.append(symbol << 13 | run)
            position += run
            continue
        window = window[:7]
        bits = 0
        for value in window:
            bits = bits << 2 | value
        chunks.append(0xC000 | bits << 2 * (7 - len(window)))
        position += len(window)
    return chunks


def _runs(numbers: list[int]) -> list[list[int]]:
    """Neighbouring numbers together."""
    if not numbers:
        return []
    runs = [[numbers[0]]]
    for before, number in pairwise(numbers):
        if number == before + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
