import asyncio
import re
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from aiortc import RTCSessionDescription
from prometheus_client import CollectorRegistry, generate_latest

from ingest import state, stun
from ingest.ice import IceCredentials
from ingest.peer import MOST_PACKETS
from ingest.publishers import MOST_CONNECTING
from ingest.service import open_ingest
from ingest.session import Session
from ingest.state import SessionState
from storage.bus.messages import NodeInfo, SessionInfo
from storage.bus.topics import session_key
from storage.clock import SystemClock
from storage.model.broadcast import PublishEnd
from storage.node import open_node
from tests.fixtures.valkey import Valkey
from tests.ingest.offers import OFFERS
from tests.ingest.publisher import Publisher, publishing
from tests.ingest.rig import CHANNEL, OTHER, Rig, open_rig


async def registered(rig: Rig) -> SessionInfo | None:
    return await rig.storage.bus.read(session_key(CHANNEL), SessionInfo)


async def eventually(found: Callable[[], object], *, within: float = 10.0) -> None:
    async with asyncio.timeout(within):
        while not found():
            await asyncio.sleep(0.02)


def vanish(publisher: Publisher) -> Callable[[], None]:
    """Let its machine lose power, as far as we can see; call the result to bring it back."""
    transport = publisher.peer.getSenders()[0].transport.transport
    sent = transport._send

    async def nothing(data: bytes) -> None:
        del data

    transport._send = nothing
    return lambda: setattr(transport, "_send", sent)


async def test_a_publisher_connects_and_its_media_reaches_the_feed(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        info = await registered(rig)
        assert info is not None
        assert info.session == session.who.session
        assert info.relay.startswith("unix:")
        assert not info.silent
        feed = rig.ingest.feeds.find(session.who.session)
        assert feed is not None
        await eventually(lambda: {unit.kind for unit in feed.units} == {0, 1})
        assert await publisher.delete() == 200
        await rig.over()
        assert feed.ended is PublishEnd.PUBLISHER_LEFT
        assert rig.ingest.publishers.ends == {PublishEnd.PUBLISHER_LEFT: 1}
        assert await publisher.delete() == 404
    await eventually(lambda: not rig.ingest.publishers.live)
    async with asyncio.timeout(5):
        while await registered(rig):
            await asyncio.sleep(0.02)


async def test_the_only_check_of_a_publisher_that_comes_at_once_is_answered(rig: Rig) -> None:
    reply = rig.ingest.publishers.open(CHANNEL, OFFERS["ffmpeg9"], order=1)
    ufrag, password = (re.search(rf"a=ice-{name}:(\S+)", reply.answer) for name in ("ufrag", "pwd"))
    assert ufrag
    assert password
    check = stun.request(bytes(12), {stun.USERNAME: f"{ufrag[1]}:theirs".encode(), stun.PRIORITY: bytes(4)}, password[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs:
        theirs.bind(("127.0.0.1", 0))
        rig.ingest.port.datagram_received(check, ("::ffff:127.0.0.1", theirs.getsockname()[1], 0, 0))
        theirs.settimeout(5)
        assert theirs.recv(1500)[:2] == stun.BINDING_SUCCESS.to_bytes(2, "big")


async def test_a_publisher_that_closes_its_connection_without_a_delete_may_come_back(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http):
        await rig.live()
    await rig.over()
    assert rig.ingest.publishers.ends == {PublishEnd.SILENT: 1}


async def test_a_vanished_publisher_is_noticed_and_then_reaped(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        feed = rig.ingest.feeds.find(session.who.session)
        assert feed is not None
        vanish(publisher)
        await eventually(lambda: session.state is SessionState.SILENT)
        assert feed.silent
        async with asyncio.timeout(2):
            while not (info := await registered(rig)) or not info.silent:
                await asyncio.sleep(0.02)
        await rig.over()
        assert rig.ingest.publishers.ends == {PublishEnd.SILENT: 1}
        assert feed.ended is PublishEnd.SILENT


async def test_media_that_comes_back_ends_the_silence(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        come_back = vanish(publisher)
        await eventually(lambda: session.state is SessionState.SILENT)
        come_back()
        await eventually(lambda: session.state is SessionState.LIVE)
        await publisher.delete()


async def test_the_newest_session_of_a_channel_wins_and_the_old_one_ends_replaced(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http) as first:
        old = await rig.live()
        async with publishing(rig.url, rig.key, rig.http) as second:
            await eventually(lambda: rig.ingest.publishers.live_session(CHANNEL) is not old)
            new = await rig.live()
            await eventually(lambda: len(rig.ingest.publishers) == 1)
            assert rig.ingest.publishers.ends == {PublishEnd.REPLACED: 1}
            assert await first.delete() == 404
            assert new.state is SessionState.LIVE
            info = await registered(rig)
            assert info is not None
            assert info.session == new.who.session
            await second.delete()


async def test_a_session_that_never_connects_replaces_nobody(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        monkeypatch.setattr(state, "CONNECT_TIMEOUT", 0.3)
        dud = Publisher(rig.url, rig.key, rig.http)
        assert (await rig.post(await dud.offer())).status_code == 201
        await dud.peer.close()
        await eventually(lambda: rig.ingest.publishers.ends[PublishEnd.CONNECT_TIMEOUT] == 1)
        assert rig.ingest.publishers.live_session(CHANNEL) is session
        await publisher.delete()


async def test_a_certificate_the_offer_did_not_name_ends_the_session(rig: Rig) -> None:
    publisher = Publisher(rig.url, rig.key, rig.http)
    offer = await publisher.offer()
    real = next(line for line in offer.split("\r\n") if line.startswith("a=fingerprint:sha-256"))
    forged = real[:-2] + ("00" if not real.endswith("00") else "11")
    response = await rig.post(offer.replace(real, forged))
    assert response.status_code == 201
    await publisher.peer.setRemoteDescription(RTCSessionDescription(response.text, "answer"))
    await eventually(lambda: rig.ingest.publishers.ends[PublishEnd.DTLS_FAILED] == 1)
    assert not rig.ingest.publishers.live
    await publisher.peer.close()


async def test_an_ice_restart_takes_a_new_address_and_media_goes_on(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        old = session.peer.agent.local
        fragment = "a=ice-ufrag:fresh\r\na=ice-pwd:" + "z" * 24 + "\r\n"
        kind = "application/trickle-ice-sdpfrag"
        response = await rig.http.patch(publisher.location, content=fragment, headers=rig.headers(Content_Type=kind, If_Match="*"))
        assert response.status_code == 200
        assert response.headers["Content-Type"] == kind
        assert response.headers["ETag"] not in ("", publisher.etag)
        lines = dict(line.split(":", 1) for line in response.text.split("\r\n") if ":" in line)
        new = IceCredentials(lines["a=ice-ufrag"], lines["a=ice-pwd"])
        assert new != old
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as moved:
            moved.setblocking(False)
            moved.connect(("127.0.0.1", rig.ingest.port.number))
            check = {stun.USERNAME: f"{new.ufrag}:fresh".encode(), stun.USE_CANDIDATE: b"", stun.PRIORITY: b"\x7f\0\0\0"}
            await loop.sock_sendall(moved, stun.request(b"transaction!", check, new.password))
            async with asyncio.timeout(5):
                reply = stun.parse(await loop.sock_recv(moved, 2048))
            assert reply is not None
            assert reply.authentic(new.password)
            host, number = moved.getsockname()
            assert any(address[:2] in {(host, number), (f"::ffff:{host}", number)} for address in session.peer.agent.addresses)
        packets = session.statistics().packets
        await eventually(lambda: session.statistics().packets > packets + 20)
        # Media still comes from the old address, so that is where we answer.
        assert session.peer.agent.selected is not None
        assert session.peer.agent.selected[1] != number
        await publisher.delete()


async def test_a_node_that_drains_says_why_and_takes_nobody(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http):
        session = await rig.live()
        feed = rig.ingest.feeds.find(session.who.session)
        assert feed is not None
        await rig.ingest.publishers.drain(2)
        assert feed.ended is PublishEnd.DRAINED
        another = Publisher(rig.url, rig.key, rig.http)
        response = await rig.post(await another.offer())
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) >= 1
        await another.peer.close()


class Skewed(SystemClock):
    """A machine whose clock is wrong by some hours."""

    def __init__(self, hours: int) -> None:
        self.hours = hours

    def unix_ns(self) -> int:
        return super().unix_ns() + self.hours * 3600 * 1_000_000_000


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_session_on_another_node_replaces_ours_whatever_its_clock_says(rig: Rig, hours: int) -> None:
    clock = Skewed(hours)
    async with publishing(rig.url, rig.key, rig.http):
        await rig.live()
        async with (
            open_node(("ingest",), rig.storage.bus, clock, host="127.0.0.1") as node,
            open_ingest(rig.settings, rig.storage, clock, node, registry=CollectorRegistry()) as second,
        ):
            async with asyncio.timeout(5):
                while {(info.sessions, info.capacity > 0) for info in await rig.storage.bus.read_all("fl:node:", NodeInfo)} != {
                    (1, True),
                    (0, True),
                }:
                    await asyncio.sleep(0.02)
            async with publishing(rig.url, rig.key, rig.http) as newer:
                await eventually(lambda: rig.ingest.publishers.ends[PublishEnd.REPLACED] == 1)
                assert second.publishers.live_session(CHANNEL) is not None
                await asyncio.sleep(1.2)
                info = await registered(rig)
                assert info is not None
                assert info.node == node.identifier
                await newer.delete()


async def test_a_defect_in_one_session_does_not_touch_another(rig: Rig) -> None:
    class Broken:
        urgent = False

        def rtp(self, packet: bytes, arrival: int) -> None:
            del packet, arrival
            raise ZeroDivisionError

        rtcp = rtp

    async with publishing(rig.url, rig.key, rig.http), publishing(rig.base + "/whip/other", rig.other_key, rig.http) as other:
        broken, fine = await rig.live(), await rig.live(OTHER)
        broken.peer._reception = Broken()  # type: ignore[assignment]
        await eventually(lambda: len(rig.ingest.publishers) == 1)
        packets = fine.statistics().packets
        await eventually(lambda: fine.statistics().packets > packets + 20)
        await other.delete()


async def test_sessions_are_told_again_after_the_bus_lost_its_data(rig: Rig, valkey: Valkey) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        valkey.restart_empty()
        found: SessionInfo | None = None
        async with asyncio.timeout(5):
            while found is None:
                try:
                    found = await registered(rig)
                except Exception:
                    await asyncio.sleep(0.02)
        assert found.session == session.who.session
        assert session.state is SessionState.LIVE
        await publisher.delete()


async def test_leaving_the_role_ends_its_sessions_drained(valkey: Valkey, tmp_path: Path, no_leaks: Callable[[], Counter[str]]) -> None:
    del no_leaks
    ended: Session | None = None
    publisher: Publisher | None = None
    async with open_rig(valkey.url, tmp_path / "data") as rig:
        publisher = Publisher(rig.url, rig.key, rig.http)
        await publisher.publish()
        ended = await rig.live()
    assert ended.state is SessionState.ENDED
    await publisher.peer.close()


async def test_a_channel_has_few_sessions_waiting_for_their_publisher(rig: Rig) -> None:
    for _ in range(MOST_CONNECTING + 2):
        assert (await rig.post(OFFERS["chromium"])).status_code == 201
    await eventually(lambda: len(rig.ingest.publishers) == MOST_CONNECTING)
    assert rig.ingest.publishers.ends == {PublishEnd.REPLACED: 2}


async def test_a_clock_that_is_set_does_not_touch_a_session(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        for hours in (1, -1):
            now = time.time_ns() + hours * 3600 * 1_000_000_000
            monkeypatch.setattr(SystemClock, "unix_ns", MagicMock(return_value=now))
            before = session.statistics().packets
            await asyncio.sleep(0.5)
            assert session.statistics().packets > before + 10
            assert session.state is SessionState.LIVE
        await publisher.delete()


async def test_metrics_tell_of_sessions_and_dropped_datagrams(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"\x80" * 100, ("127.0.0.1", rig.ingest.port.number))
        await eventually(lambda: rig.ingest.port.counters.unvalidated_source)
        text = generate_latest().decode()
        assert "fanlight_ingest_sessions 1.0" in text
        assert 'fanlight_ingest_received_total{what="packets"}' in text
        assert 'fanlight_ingest_datagrams_total{outcome="unvalidated_source"} 1.0' in text
        source = session.peer.agent.selected
        assert source is not None
        for _ in range(2 * MOST_PACKETS):
            session.peer.media(b"\x80\x60" + bytes(20), source)
        flooded = re.search(r'fanlight_ingest_rejected_packets_total\{why="flooded"\} (\d+)', generate_latest().decode())
        assert flooded is not None
        assert int(flooded[1]) > MOST_PACKETS / 2
        await publisher.delete()


async def test_a_socket_that_a_killed_node_left_is_cleared_away(valkey: Valkey, request: pytest.FixtureRequest) -> None:
    # A socket's path has room for about a hundred characters, fewer than pytest's folders take.
    folder = tempfile.TemporaryDirectory(prefix="fl-")
    request.addfinalizer(folder.cleanup)
    data = Path(folder.name)
    left = data / "relay-ingest-dead.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(left))
    async with open_rig(valkey.url, data) as rig:
        assert [path.name for path in data.glob("relay-*.sock")] == [f"relay-{rig.node.identifier}.sock"]
    assert not list(data.glob("relay-*.sock"))
