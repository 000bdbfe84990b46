"""The DTLS records of one peer, on their way from the port into the DTLS library. Pure but for the queue.

What a handshake must never see is taken out here: records that are none, and alerts that nobody signed. Anyone who can
forge a publisher's address could end a handshake with one such alert (RFC 9147 section 4.5.2 lets a receiver ignore it).
"""

import asyncio
import struct
from collections.abc import Callable, Iterator

BACKLOG = 64
"""Datagrams that may wait for the handshake; more are dropped and counted: DTLS sends them again."""
_ALERT = 21
_HEADER = struct.Struct(">BHHHIH")
_LARGEST_DATAGRAM = 1200


class Wire:
    """What aiortc's DTLS transport takes for an ICE transport: ``_recv``, ``_send`` and ``role``."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.last_alert: int | None = None
        self._unanswered = b""
        self._send_datagram = send
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(BACKLOG)

    def feed(self, datagram: bytes) -> bool:
        """Take a datagram from the peer's validated address; false if it was dropped, or a record of it."""
        kept = b"".join(self._acceptable(datagram))
        if not kept or self._queue.full():
            return False
        self._queue.put_nowait(kept)
        self._unanswered = b""
        return kept == datagram

    def _acceptable(self, datagram: bytes) -> Iterator[bytes]:
        for record in records(datagram):
            if record[0] == _ALERT and record[3:5] == b"\0\0":
                self.last_alert = record[14] if len(record) > 14 else None
            else:
                yield record

    def send(self, flight: bytes) -> None:
        """Send what the library wrote."""
        self._unanswered = flight
        for datagram in datagrams(flight):
            self._send_datagram(datagram)

    def repeat(self) -> bool:
        """Send the last flight again if nothing came since; whether it did."""
        if self._unanswered:
            self.send(self._unanswered)
        return bool(self._unanswered)

    async def _recv(self) -> bytes:
        return await self._queue.get()

    async def _send(self, data: bytes) -> None:
        self.send(data)


def records(data: bytes) -> Iterator[bytes]:
    """The DTLS records in ``data`` up to the first thing that is none (RFC 6347 section 4.1, RFC 9147 section 4)."""
    offset = 0
    while len(data) - offset >= _HEADER.size:
        kind, version, _, _, _, length = _HEADER.unpack_from(data, offset)
        if 32 <= kind < 64:
            # DTLS 1.3's unified header; its length may be left out, so the record goes to the datagram's end.
            yield data[offset:]
            return
        end = offset + _HEADER.size + length
        if not 20 <= kind <= 26 or version >> 8 != 0xFE or end > len(data) or not length:
            return
        yield data[offset:end]
        offset = end


def datagrams(data: bytes) -> Iterator[bytes]:
    """Cut a flight the library wrote into datagrams of whole records that every path carries."""
    current = b""
    for record in records(data):
        if current and len(current) + len(record) > _LARGEST_DATAGRAM:
            yield current
            current = b""
        current += record
    if current:
        yield current
