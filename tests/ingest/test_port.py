import asyncio
import random
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from ingest import stun
from ingest.addresses import Addresses, order
from ingest.ice import IceAgent, IceCredentials
from ingest.port import MediaPort, PortCounters, open_port
from ingest.stun import Address
from storage.model.errors import ErrorCode, Unavailable

REMOTE = IceCredentials("them", "q" * 24)


class Session:
    """A recipient that notes what it gets."""

    def __init__(self, name: str) -> None:
        self.agent = IceAgent(IceCredentials(name, name[0] * 24), REMOTE)
        self.idle = False
        self.valid = 0
        self.handshakes: list[bytes] = []
        self.packets: list[tuple[bytes, Address]] = []

    def validated(self) -> None:
        self.valid += 1

    def handshake(self, data: bytes) -> None:
        self.handshakes.append(data)

    def media(self, data: bytes, source: Address) -> None:
        self.packets.append((data, source))

    def check(self) -> bytes:
        ours = self.agent.local
        return stun.request(b"transaction!", {stun.USERNAME: f"{ours.ufrag}:them".encode(), stun.PRIORITY: bytes(4)}, ours.password)


@pytest_asyncio.fixture
async def port() -> AsyncIterator[MediaPort]:
    opened = await open_port("127.0.0.1", 0)
    yield opened
    opened.close()
    await asyncio.sleep(0)


A: Address = ("192.0.2.1", 1111)
B: Address = ("192.0.2.2", 2222)
RTP = b"\x80\x60" + bytes(30)
CLIENT_HELLO = b"\x16\xfe\xfd" + bytes(30)


async def test_a_datagram_reaches_a_session_only_from_an_address_that_proved_itself(port: MediaPort) -> None:
    one, two = Session("one1"), Session("two2")
    port.admit(one)
    port.admit(two)
    port.datagram_received(RTP, A)
    port.datagram_received(CLIENT_HELLO, A)
    assert port.counters.unvalidated_source == 2
    port.datagram_received(one.check(), A)
    port.datagram_received(two.check(), B)
    port.datagram_received(RTP, A)
    port.datagram_received(CLIENT_HELLO, B)
    assert one.packets == [(RTP, A)]
    assert two.handshakes == [CLIENT_HELLO]
    assert (one.valid, two.valid) == (1, 1)


@pytest.mark.parametrize(
    ("datagram", "counter"),
    [
        (b"", "short"),
        (b"\x80", "short"),
        (b"\x16\xfe\xfd", "short"),
        (bytes(1501), "oversized"),
        (b"\x00\x01" + bytes(30), "malformed_check"),
        (b"\x05" + bytes(30), "unknown_protocol"),
        (b"\x48" + bytes(30), "unknown_protocol"),
        (b"\xff" + bytes(30), "unknown_protocol"),
    ],
)
async def test_what_is_no_media_is_counted_and_dropped(port: MediaPort, datagram: bytes, counter: str) -> None:
    one = Session("one1")
    port.admit(one)
    port.datagram_received(one.check(), A)
    before = replace(port.counters)
    port.datagram_received(datagram, A)
    assert getattr(port.counters, counter) == getattr(before, counter) + 1
    assert one.packets == []
    assert one.handshakes == []


async def test_a_check_for_nobody_or_with_a_wrong_password_is_dropped_without_reply(port: MediaPort) -> None:
    one, stranger = Session("one1"), Session("none")
    port.admit(one)
    port.datagram_received(stranger.check(), A)
    stranger.agent.local = IceCredentials("one1", "x" * 24)
    port.datagram_received(stranger.check(), A)
    assert port.counters == PortCounters(unknown_ufrag=1, refused_check=1)
    assert one.valid == 0


async def test_another_session_can_not_claim_the_address_media_comes_from(port: MediaPort) -> None:
    one, two = Session("one1"), Session("two2")
    port.admit(one)
    port.admit(two)
    port.datagram_received(one.check(), A)
    port.datagram_received(two.check(), A)
    assert port.counters.claimed_address == 1
    port.datagram_received(RTP, A)
    assert len(one.packets) == 1
    one.idle = True
    port.datagram_received(two.check(), A)
    port.datagram_received(RTP, A)
    assert len(two.packets) == 1


async def test_a_dismissed_session_is_forgotten_whole(port: MediaPort) -> None:
    one = Session("one1")
    port.admit(one)
    port.datagram_received(one.check(), A)
    port.dismiss(one)
    port.datagram_received(one.check(), A)
    port.datagram_received(RTP, A)
    assert (port.counters.unknown_ufrag, port.counters.unvalidated_source) == (1, 1)
    assert one.packets == []


async def test_an_ice_restart_moves_to_the_new_fragment(port: MediaPort) -> None:
    one = Session("one1")
    port.admit(one)
    old = one.check()
    port.datagram_received(old, A)
    one.agent.restart(IceCredentials("new1", "n" * 24), REMOTE)
    port.admit(one)
    port.datagram_received(old, A)
    port.datagram_received(one.check(), B)
    port.datagram_received(old, A)
    assert port.counters.unknown_ufrag == 1
    port.datagram_received(RTP, A)
    port.datagram_received(RTP, B)
    assert len(one.packets) == 2


async def test_no_datagram_raises(port: MediaPort) -> None:
    one = Session("one1")
    port.admit(one)
    port.datagram_received(one.check(), A)
    chance = random.Random(7983)
    good = [one.check(), RTP, CLIENT_HELLO]
    for _ in range(5000):
        data = bytearray(chance.choice(good))
        for _ in range(chance.randint(0, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        port.datagram_received(bytes(data[: chance.randint(0, len(data))]), chance.choice([A, B]))


async def test_replies_leave_the_socket() -> None:
    port = await open_port("0.0.0.0", 0)
    one = Session("one1")
    port.admit(one)
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        client.connect(("127.0.0.1", port.number))
        await loop.sock_sendall(client, one.check())
        async with asyncio.timeout(5):
            reply = stun.parse(await loop.sock_recv(client, 2048))
        assert reply is not None
        assert stun.mapped_address(reply) == client.getsockname()
    port.close()
    await asyncio.sleep(0)


async def test_a_taken_port_is_named() -> None:
    port = await open_port("127.0.0.1", 0)
    with pytest.raises(Unavailable) as taken:
        await open_port("127.0.0.1", port.number)
    assert taken.value.code is ErrorCode.PORT_TAKEN
    assert str(port.number) in taken.value.detail
    port.close()
    await asyncio.sleep(0)


STRANGER: Address = ("203.0.113.9", 4444)


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_announced_addresses_are_told_as_they_are_and_are_for_everyone(host: str) -> None:
    addresses = Addresses(("203.0.113.5", "10.0.0.1"), host)
    assert addresses.announce() == ("203.0.113.5", "10.0.0.1")
    assert addresses.bind == "0.0.0.0"
    assert addresses.admits(STRANGER)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_loopback_host_takes_media_of_this_machine_only(host: str) -> None:
    addresses = Addresses((), host)
    assert addresses.bind == "0.0.0.0"
    assert addresses.announce()
    assert not addresses.admits(STRANGER)
    assert not addresses.admits(("::ffff:203.0.113.9", 4444, 0, 0))
    for source in ("127.0.0.1", "::1", "::ffff:127.0.0.1", *addresses.announce()):
        assert addresses.admits((source, 4444))


def test_a_wildcard_host_takes_media_from_everywhere() -> None:
    addresses = Addresses((), "0.0.0.0")
    assert addresses.admits(STRANGER)
    assert addresses.announce() == Addresses((), "127.0.0.1").announce()


async def test_a_check_from_where_nobody_may_publish_is_dropped() -> None:
    port = await open_port("0.0.0.0", 0, Addresses((), "127.0.0.1").admits)
    one = Session("one1")
    port.admit(one)
    port.datagram_received(one.check(), STRANGER)
    assert port.counters == PortCounters(foreign_source=1)
    assert one.valid == 0
    port.close()
    await asyncio.sleep(0)


def test_a_wildcard_host_announces_what_others_can_reach_ipv4_first() -> None:
    found = order(["10.1.2.3", "2001:db8::1"], ["127.0.0.1", "::1", "fe80::1%eth0", "192.0.2.2", "2001:db8::1", "nonsense"])
    assert found == ("10.1.2.3", "192.0.2.2", "2001:db8::1")
