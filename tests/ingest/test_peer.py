import asyncio
import contextlib
import inspect
import random
import socket
from collections.abc import AsyncIterator, Callable

import aiortc
import pytest
from aiortc import RTCCertificate, RTCDtlsTransport
from aiortc.rtcdtlstransport import SRTP_PROFILES
from OpenSSL import SSL

from ingest.peer import Identity
from ingest.stun import Address
from ingest.wire import BACKLOG, Wire, datagrams, records
from storage.model.broadcast import PublishEnd
from tests.ingest.publisher import Publisher, publishing
from tests.ingest.rig import Rig

CLIENT_HELLO = bytes.fromhex("16feff000000000000000000" + "3a" + "01") + bytes(57)
FATAL_ALERT = bytes.fromhex("15fefd00000000000000000002" + "0228")
CLOSE_NOTIFY = bytes.fromhex("15fefd00000000000000000002" + "0100")
JUNK = [
    b"",
    b"\0",
    CLIENT_HELLO,
    FATAL_ALERT,
    CLOSE_NOTIFY,
    bytes.fromhex("14fefd00000000000000010001" + "01"),
    bytes.fromhex("16fefd00000000000000050010") + bytes(16),
    bytes.fromhex("17fefd00010000000000050010") + bytes(16),
    b"\x80\x60" + bytes(100),
    b"\x80\xc8" + bytes(60),
    b"\xff" * 200,
    b"\x16" * 1400,
    b"\x00\x01" + bytes(30),
]


def test_the_private_names_of_aiortc_that_we_use_are_there() -> None:
    """An upgrade that changes one of these must change ``ingest/peer.py``, too."""
    assert aiortc.__version__ == "1.16.0"
    dtls = inspect.getsource(RTCDtlsTransport)
    for name in (
        "self._rx_srtp",
        "self._tx_srtp",
        "self._ssl",
        "self._task",
        "self._role",
        "self.transport._recv()",
        "self.transport._send(",
    ):
        assert name in dtls, name
    assert inspect.iscoroutinefunction(RTCDtlsTransport._write_ssl)
    assert list(inspect.signature(RTCDtlsTransport._set_role).parameters) == ["self", "role"]
    assert list(inspect.signature(RTCCertificate._create_ssl_context).parameters) == ["self", "srtp_profiles"]


def test_the_certificate_is_p256_and_rsa_peers_are_welcome() -> None:
    identity = Identity()
    assert identity.certificate._key.curve.name == "secp256r1"
    assert len(identity.fingerprint) == 95
    context = identity.certificate._create_ssl_context(SRTP_PROFILES)
    ciphers = SSL.Connection(context).get_cipher_list()
    assert {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"} <= set(ciphers)
    assert not [name for name in ciphers if any(weak in name for weak in ("NULL", "RC4", "DES", "EXP", "MD5", "anon"))]


def test_records_are_read_up_to_the_first_thing_that_is_none() -> None:
    assert list(records(CLIENT_HELLO + FATAL_ALERT)) == [CLIENT_HELLO, FATAL_ALERT]
    assert list(records(CLIENT_HELLO + b"\x16junk")) == [CLIENT_HELLO]
    assert list(records(b"\x2f" + bytes(20))) == [b"\x2f" + bytes(20)]
    chance = random.Random(6347)
    for _ in range(5000):
        data = bytearray(CLIENT_HELLO + FATAL_ALERT)
        for _ in range(4):
            data[chance.randrange(len(data))] = chance.randrange(256)
        assert sum(map(len, records(bytes(data)))) <= len(data)


def test_a_flight_is_cut_into_datagrams_of_whole_records() -> None:
    record = bytes.fromhex("16fefd0000000000000000") + (700).to_bytes(2, "big") + bytes(700)
    assert [len(one) for one in datagrams(record * 3)] == [713, 713, 713]
    assert [len(one) for one in datagrams(CLIENT_HELLO * 3)] == [3 * len(CLIENT_HELLO)]


async def test_alerts_nobody_signed_never_reach_the_handshake_but_are_remembered() -> None:
    wire = Wire(lambda _data: None)
    wire.feed(FATAL_ALERT)
    assert wire.last_alert == 40
    wire.feed(FATAL_ALERT + CLIENT_HELLO)
    assert await wire._recv() == CLIENT_HELLO
    assert [wire.feed(CLIENT_HELLO) for _ in range(BACKLOG + 2)] == [True] * BACKLOG + [False] * 2


@contextlib.asynccontextmanager
async def storm(port: int, pause: float = 0.002) -> AsyncIterator[Callable[[], int]]:
    """Strangers' datagrams, all the time, from ever new sockets."""
    sent = 0
    stop = asyncio.Event()

    async def rain() -> None:
        nonlocal sent
        while not stop.is_set():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                for data in JUNK:
                    stranger.sendto(data, ("127.0.0.1", port))
                    sent += 1
            await asyncio.sleep(pause)

    async with asyncio.TaskGroup() as group:
        group.create_task(rain())
        try:
            yield lambda: sent
        finally:
            stop.set()


@pytest.mark.alone
async def test_a_storm_of_strangers_touches_no_session_at_any_time(rig: Rig) -> None:
    async with storm(rig.ingest.port.number) as sent:
        for _ in range(3):
            async with publishing(rig.url, rig.key, rig.http) as publisher:
                session = await rig.live()
                before = session.statistics()
                await asyncio.sleep(1.0)
                after = session.statistics()
                assert after.packets - before.packets > 40
                assert after.lost == before.lost == 0
                assert session.peer.counters.unauthentic == 0
                assert await publisher.delete() == 200
                await rig.over()
        assert sent() > 1000
    counters = rig.ingest.port.counters
    assert counters.short > 0
    assert counters.unvalidated_source > 0
    assert counters.malformed_check > 0
    assert rig.ingest.publishers.ends == {PublishEnd.PUBLISHER_LEFT: 3}


async def test_junk_from_the_validated_address_itself_ends_nothing_once_media_flows(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        source = session.peer.agent.selected
        assert source is not None
        packets = session.statistics().packets
        for _ in range(20):
            for data in JUNK:
                rig.ingest.port.datagram_received(data, source)
            await asyncio.sleep(0.02)
        async with asyncio.timeout(5):
            while session.statistics().packets < packets + 40:
                await asyncio.sleep(0.02)
        assert session.peer.counters.unauthentic > 0
        assert session.statistics().lost == 0
        assert await publisher.delete() == 200


async def test_forged_alerts_from_the_validated_address_do_not_end_a_handshake(rig: Rig) -> None:
    publisher = Publisher(rig.url, rig.key, rig.http)
    port = rig.ingest.port
    received = port.datagram_received

    def forged(data: bytes, addr: Address) -> None:
        """Before each of the peer's handshake datagrams comes an attacker's, with the peer's address."""
        if data and 19 < data[0] < 64:
            received(FATAL_ALERT, addr)
            received(CLOSE_NOTIFY, addr)
        received(data, addr)

    port.datagram_received = forged  # type: ignore[method-assign]
    try:
        await publisher.publish()
        session = await rig.live()
        assert session.peer.last_alert is not None
        assert await publisher.delete() == 200
    finally:
        await publisher.peer.close()


async def test_a_replayed_or_foreign_packet_is_not_taken(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        source = session.peer.agent.selected
        assert source is not None
        seen: list[bytes] = []
        media = session.peer.media

        def noted(data: bytes, source: Address) -> None:
            seen.append(data)
            media(data, source)

        session.peer.media = noted  # type: ignore[method-assign]
        async with asyncio.timeout(5):
            while len(seen) < 20:
                await asyncio.sleep(0.02)
        unauthentic = session.peer.counters.unauthentic
        for data in seen:
            media(data, source)
            media(data[:-1] + bytes([data[-1] ^ 1]), source)
        assert session.peer.counters.unauthentic == unauthentic + 2 * len(seen)
        assert await publisher.delete() == 200


async def test_short_and_long_media_is_refused_without_raising(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        source = session.peer.agent.selected
        assert source is not None
        for size in (13, 14, 20, 1500):
            for second in (0x60, 0xC8):
                rig.ingest.port.datagram_received(bytes([0x80, second]) + bytes(size - 2), source)
        assert session.peer.fault is None
        assert session.peer.counters.unauthentic == 8
        assert await publisher.delete() == 200
