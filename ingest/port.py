"""One UDP socket for every publisher of a node.

A datagram belongs to a session by the user fragment in a connectivity check's USERNAME and, once a check from its
source was authentic, by its source. Everything else is dropped and counted, so a stranger can't touch a session
(OWASP ASVS 5.0 17.2.4 and 17.2.6) and learns nothing: it gets no reply.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from ingest import stun
from ingest.ice import IceAgent
from ingest.stun import Address
from storage.model.errors import ErrorCode, Unavailable

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Bytes asked of the kernel: over ten seconds of one broadcast, or a keyframe from every publisher at once."""
SMALLEST, LARGEST = 13, 1500
"""Bytes; what is smaller than a DTLS record's header or larger than a path carries is none of ours."""


class Recipient(Protocol):
    """A session's side of the port."""

    agent: IceAgent

    @property
    def idle(self) -> bool:
        """Whether no media comes now, so that another session may prove that an address has become its own."""

    def validated(self) -> None:
        """A check was authentic."""

    def handshake(self, data: bytes) -> None:
        """A DTLS datagram from a valid address."""

    def media(self, data: bytes, source: Address) -> None:
        """An SRTP or SRTCP datagram from a valid address."""


@dataclass(slots=True)
class PortCounters:
    """Datagrams since the start, by what became of them. All but ``checks``, ``handshake`` and ``media`` were dropped."""

    checks: int = 0
    handshake: int = 0
    short: int = 0
    oversized: int = 0
    unknown_ufrag: int = 0
    refused_check: int = 0
    malformed_check: int = 0
    claimed_address: int = 0
    foreign_source: int = 0
    unvalidated_source: int = 0
    unknown_protocol: int = 0
    send_errors: int = 0


class MediaPort(asyncio.DatagramProtocol):
    """Demultiplexes datagrams to recipients (RFC 7983) and sends for them. Checks from sources ``admits`` refuses are dropped."""

    def __init__(self, admits: Callable[[Address], bool] = lambda _source: True) -> None:
        self.counters = PortCounters()
        self._admits = admits
        self._transport: asyncio.DatagramTransport | None = None
        self._by_ufrag: dict[str, Recipient] = {}
        self._by_source: dict[Address, Recipient] = {}

    @property
    def number(self) -> int:
        """The UDP port bound."""
        if self._transport is None:
            raise RuntimeError("the media port is not open")
        return int(self._transport.get_extra_info("sockname")[1])

    def admit(self, recipient: Recipient) -> None:
        """Take checks for every user fragment the recipient's agent has now; call again after an ICE restart."""
        for ufrag in recipient.agent.ufrags:
            self._by_ufrag[ufrag] = recipient

    def retire(self, ufrag: str) -> None:
        """Take no more checks under a user fragment."""
        self._by_ufrag.pop(ufrag, None)

    def dismiss(self, recipient: Recipient) -> None:
        """Forget all a recipient had."""
        for ufrag in recipient.agent.ufrags:
            self._by_ufrag.pop(ufrag, None)
        for source in recipient.agent.addresses:
            if self._by_source.get(source) is recipient:
                del self._by_source[source]

    def send(self, data: bytes, destination: Address) -> None:
        """Send to an address that proved itself. UDP promises nothing, so a full socket is counted and forgotten."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, destination)

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.DatagramProtocol`."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """See :class:`asyncio.DatagramProtocol`."""
        recipient = self._by_source.get(addr)
        if len(data) < SMALLEST:
            self.counters.short += 1
        elif len(data) > LARGEST:
            self.counters.oversized += 1
        elif data[0] < 4:
            self._check(data, addr)
        elif recipient is None:
            self.counters.unvalidated_source += 1
        elif 127 < data[0] < 192:
            recipient.media(data, addr)
        elif 19 < data[0] < 64:
            self.counters.handshake += 1
            recipient.handshake(data)
        else:
            self.counters.unknown_protocol += 1

    def error_received(self, exc: Exception) -> None:  # noqa: ARG002 - an ICMP error names no session we could act on
        """See :class:`asyncio.DatagramProtocol`."""
        self.counters.send_errors += 1

    def _check(self, data: bytes, source: Address) -> None:
        message = stun.parse(data)
        if message is None:
            self.counters.malformed_check += 1
            return
        recipient = self._by_ufrag.get(message.username[0])
        if recipient is None:
            self.counters.unknown_ufrag += 1
            return
        holder = self._by_source.get(source)
        if holder is not None and holder is not recipient and not holder.idle:
            self.counters.claimed_address += 1
            return
        if not self._admits(source):
            self.counters.foreign_source += 1
            return
        verdict = recipient.agent.receive(message, source)
        if verdict.reply is None:
            self.counters.refused_check += 1
            return
        self.counters.checks += 1
        self.send(verdict.reply, source)
        if verdict.retired:
            self.retire(verdict.retired)
        if verdict.evicted is not None and self._by_source.get(verdict.evicted) is recipient:
            del self._by_source[verdict.evicted]
        if verdict.valid:
            self._by_source[source] = recipient
            recipient.validated()


async def open_port(host: str, number: int, admits: Callable[[Address], bool] = lambda _source: True) -> MediaPort:
    """Bind the port on ``host``; ``0.0.0.0`` and ``::`` mean every address of both families, where the kernel has both.

    ``admits`` says of a source address whether a publisher may come from there at all.

    Raises:
        Unavailable: ``PORT_TAKEN``.
    """
    try:
        bound = _bind(host, number)
    except OSError as error:
        raise Unavailable(ErrorCode.PORT_TAKEN, f"UDP port {number} on {host} can't be used: {error.strerror}.") from error
    _, port = await asyncio.get_running_loop().create_datagram_endpoint(lambda: MediaPort(admits), sock=bound)
    return port


def _bind(host: str, number: int) -> socket.socket:
    if host in ("0.0.0.0", "::"):
        if socket.has_dualstack_ipv6():
            bound = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            return _prepared(bound, "::", number)
        host = "0.0.0.0"
    family = socket.getaddrinfo(host, number, type=socket.SOCK_DGRAM)[0][0]
    return _prepared(socket.socket(family, socket.SOCK_DGRAM), host, number)


def _prepared(bound: socket.socket, host: str, number: int) -> socket.socket:
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        bound.setblocking(False)
        bound.bind((host, number))
    except OSError:
        bound.close()
        raise
    return bound
