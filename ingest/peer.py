"""A publisher's secure transport: the one place of the server where aiortc, pylibsrtp and OpenSSL are known.

From aiortc come the DTLS handshake, the check of the peer's fingerprint and the SRTP sessions; their private names used
here are guarded by ``tests/ingest/test_peer.py``. After the handshake media does not pass aiortc any more: a datagram is
unprotected and given to the reception in the port's own call.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any, cast

import pylibsrtp
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters, SRTPProtectionProfile
from OpenSSL import SSL

from ingest.ice import IceAgent, IceCredentials
from ingest.port import MediaPort
from ingest.receiver import Reception
from ingest.stun import Address
from ingest.wire import Wire
from storage.clock import Clock

MOST_PACKETS = 5000
"""Packets a second of one publisher, and at once: four times those of 12 Mbit/s."""
_ATTEMPTS = 5
_NUDGES = (0.03, 0.1, 0.25)
_DTLS_1_2 = 0xFEFD
# Forward secrecy and AES or ChaCha20 only; RSA beside ECDSA since GStreamer's certificates are RSA.
_CIPHERS = b":".join(
    b"ECDHE-%s-%s" % (signature, cipher)
    for signature in (b"ECDSA", b"RSA")
    for cipher in (b"AES128-GCM-SHA256", b"CHACHA20-POLY1305", b"AES256-GCM-SHA384", b"AES128-SHA", b"AES256-SHA")
)


class DtlsRefused(Exception):
    """The handshake can't end well: the certificate is not the one the offer named, or there is no common SRTP profile."""


class _Certificate(RTCCertificate):
    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_min_proto_version(_DTLS_1_2)
        context.set_cipher_list(_CIPHERS)
        return context


class _Transport(RTCDtlsTransport):
    def __init__(self, wire: Wire, identity: "Identity", role: str) -> None:
        super().__init__(cast("RTCIceTransport", wire), [identity.certificate])
        self._wire = wire
        self._set_role(role)

    def sessions(self) -> tuple[pylibsrtp.Session, pylibsrtp.Session]:
        """The SRTP sessions of the handshake: receiving, sending."""
        return self._rx_srtp, self._tx_srtp

    async def end(self) -> None:
        """Say good-bye and wait for aiortc's own task."""
        task = self._task
        await self.stop()
        if task is not None:
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()

    async def _write_ssl(self) -> None:
        # aiortc reads its memory BIO once and sends that as one datagram; a long flight would be cut in a record's middle.
        pieces: list[bytes] = []
        while self._ssl is not None:
            try:
                pieces.append(self._ssl.bio_read(16384))
            except SSL.Error:
                break
        if pieces:
            self._wire.send(b"".join(pieces))


class Identity:
    """This process's certificate: P-256, made at start, never written down (ASVS 17.2.1)."""

    def __init__(self) -> None:
        self.certificate: RTCCertificate = _Certificate.generateCertificate()
        self.fingerprint: str = next(one.value for one in self.certificate.getFingerprints() if one.algorithm == "sha-256")


@dataclass(slots=True)
class PeerCounters:
    """Datagrams from validated addresses that were not used."""

    early: int = 0
    unauthentic: int = 0
    flooded: int = 0
    handshake: int = 0

    def add(self, other: "PeerCounters") -> None:
        """Sum up."""
        self.early += other.early
        self.unauthentic += other.unauthentic
        self.flooded += other.flooded
        self.handshake += other.handshake


def new_credentials() -> IceCredentials:
    """Fresh local ICE credentials: 64 and 128 random bits."""
    return IceCredentials(secrets.token_hex(8), secrets.token_hex(16))


class Peer:
    """One publisher's transport, a :class:`ingest.port.Recipient`.

    ``role`` is our DTLS role, ``client`` or ``server``. ``fault`` is set when the reception raised, which is a defect.
    """

    def __init__(
        self,
        identity: Identity,
        agent: IceAgent,
        reception: Reception,
        port: MediaPort,
        clock: Clock,
        *,
        role: str,
        fingerprints: tuple[str, ...],
    ) -> None:
        self.agent = agent
        self.idle = True
        self.counters = PeerCounters()
        self.fault: Exception | None = None
        self._identity = identity
        self._reception = reception
        self._port = port
        self._clock = clock
        self._role = role
        self._parameters = RTCDtlsParameters([RTCDtlsFingerprint("sha-256", one) for one in fingerprints])
        self._wire = Wire(self._send)
        self._dtls: _Transport | None = None
        self._epoch_ns = clock.unix_ns() - int(clock.monotonic() * 1e9)
        self._budget = MOST_PACKETS
        self._receiving: Any = None
        self._sending: Any = None
        self._valid = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the handshake is done."""
        return self._sending is not None

    @property
    def last_alert(self) -> int | None:
        """The description of the last DTLS alert in plain text (RFC 8446 section 6), a hint why a handshake did not end."""
        return self._wire.last_alert

    def validated(self) -> None:
        """See :class:`ingest.port.Recipient`."""
        self._valid.set()

    def handshake(self, data: bytes) -> None:
        """See :class:`ingest.port.Recipient`."""
        self._budget -= 1
        if self._budget < 0:
            self.counters.flooded += 1
        elif not self._wire.feed(data):
            self.counters.handshake += 1

    def media(self, data: bytes, source: Address) -> None:
        """See :class:`ingest.port.Recipient`."""
        receiving = self._receiving
        if receiving is None:
            self.counters.early += 1
            return
        reception = self._reception
        self._budget -= 1
        if self._budget < 0:
            self.counters.flooded += 1
            return
        arrival = self.now_ns()
        try:
            # RFC 5761 section 4: RTCP's packet types are 192 to 223.
            if 191 < data[1] < 224:
                reception.rtcp(receiving.unprotect_rtcp(data), arrival)
            else:
                reception.rtp(receiving.unprotect(data), arrival)
        except pylibsrtp.Error:
            self.counters.unauthentic += 1
            return
        except Exception as error:
            self.fault = error
            self._receiving = None
            return
        if source != self.agent.selected:
            self.agent.heard(source)
        if reception.urgent:
            self.report(arrival)

    def now_ns(self) -> int:
        """Unix nanoseconds by the clock as it stood when the session began: a clock that is set does not make a session silent."""
        return self._epoch_ns + int(self._clock.monotonic() * 1e9)

    def refill(self, seconds: float) -> None:
        """Allow the packets of ``seconds`` more, up to those of one second: a publisher's flood costs the others little."""
        self._budget = min(MOST_PACKETS, self._budget + int(MOST_PACKETS * seconds))

    def report(self, now_ns: int) -> None:
        """Protect and send what the reception has to say."""
        sending, destination = self._sending, self.agent.selected
        if sending is None or destination is None:
            return
        for packet in self._reception.poll(now_ns):
            self._port.send(sending.protect_rtcp(packet), destination)

    async def connect(self) -> None:
        """Wait for a valid address, then for the handshake; a handshake broken by junk is begun again.

        Raises:
            DtlsRefused: at once and for good.
        """
        await self._valid.wait()
        for _ in range(_ATTEMPTS):
            dtls = self._dtls = _Transport(self._wire, self._identity, self._role)
            async with asyncio.TaskGroup() as group:
                nudging = group.create_task(self._nudge())
                await dtls.start(self._parameters)
                nudging.cancel()
            if dtls.state == "connected":
                self._receiving, self._sending = dtls.sessions()
                return
            if dtls.encrypted:
                raise DtlsRefused("The publisher's certificate is not the one its offer named, or it knows no SRTP profile of ours.")
        raise DtlsRefused(f"The handshake failed {_ATTEMPTS} times; the publisher's last alert was {self.last_alert}.")

    @property
    def gone(self) -> bool:
        """Whether the peer closed its DTLS association."""
        return self._dtls is not None and self._dtls.state == "closed"

    async def _nudge(self) -> None:
        # FFmpeg as a DTLS server is not listening yet when its check is answered; a ClientHello's own timer is a whole second.
        for delay in _NUDGES if self._role == "client" else ():
            await self._clock.sleep(delay)
            if not self._wire.repeat():
                return

    async def close(self) -> None:
        """Say good-bye where there is an association, and leave nothing behind."""
        self._receiving = self._sending = None
        dtls, self._dtls = self._dtls, None
        if dtls is not None:
            await dtls.end()

    def _send(self, datagram: bytes) -> None:
        if self.agent.selected is not None:
            self._port.send(datagram, self.agent.selected)
