"""The bus when its server is killed, comes back empty, or hangs."""

import asyncio
import time
from contextlib import aclosing

import pytest

from storage.bus import topics
from storage.bus.connection import COMMAND_CONNECTIONS
from storage.bus.messages import Call, EndCall, EndReply, NodeInfo, Reply
from storage.bus.redis import Bus, Fence
from storage.clock import SystemClock
from storage.leases import hold
from storage.model.errors import Unavailable
from storage.model.ids import BroadcastId, ChannelName, NodeId, SessionId
from storage.node import Tasks, open_node
from tests.fixtures.valkey import Valkey
from tests.storage.test_bus import batch

BROADCAST = BroadcastId("b1")
CLOCK = SystemClock()


async def test_a_server_that_came_back_empty_has_another_generation(bus: Bus, valkey: Valkey) -> None:
    first = await bus.generation()
    valkey.kill()
    with pytest.raises(Unavailable):
        await bus.generation()
    valkey.start()
    second = await bus.generation()
    assert second
    assert second != first


async def test_following_ends_with_the_server_and_works_on_the_next(bus: Bus, valkey: Valkey) -> None:
    last = await bus.append(BROADCAST, batch(0), {}, blob_ttl=5)
    async with aclosing(bus.follow(BROADCAST, after=last)) as entries:
        assert await anext(entries) == []
        valkey.kill()
        with pytest.raises(Unavailable):
            await anext(entries)
    valkey.start()
    assert await bus.window(BROADCAST) == []
    entry = await bus.append(BROADCAST, batch(1), {"p": b"x"}, blob_ttl=5)
    async with aclosing(bus.follow(BROADCAST, after="0")) as entries:
        assert await anext(entries) == [(entry, batch(1))]


async def test_following_a_server_that_hangs_ends_in_time(bus: Bus, valkey: Valkey) -> None:
    async with aclosing(bus.follow(BROADCAST, after="0")) as entries:
        assert await anext(entries) == []
        valkey.hang()
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable):
                await anext(entries)
    valkey.go_on()


async def test_changes_go_on_over_the_loss_of_the_server(bus: Bus, valkey: Valkey) -> None:
    async with bus.changes(poll=0.2) as changes, asyncio.timeout(20):
        assert await anext(changes) is None
        valkey.kill()
        for _ in range(3):
            assert await anext(changes) is None
        valkey.start()
        while await anext(changes) != "studio":
            await bus.announce_change(ChannelName("studio"))


async def test_changes_go_on_while_the_server_hangs(bus: Bus, valkey: Valkey) -> None:
    async with bus.changes(poll=0.2) as changes, asyncio.timeout(20):
        assert await anext(changes) is None
        valkey.hang()
        for _ in range(5):
            assert await anext(changes) is None
        valkey.go_on()
        while await anext(changes) != "studio":
            await bus.announce_change(ChannelName("studio"))


async def test_a_command_to_a_server_that_hangs_is_given_up_and_answers_stay_in_step(bus: Bus, valkey: Valkey) -> None:
    await bus.put_blob("a", b"a", ttl=60)
    await bus.put_blob("b", b"b", ttl=60)
    valkey.hang()
    started = time.monotonic()
    for attempt in (bus.blobs(["a"]), bus.generation(), bus.append(BROADCAST, batch(0), {}, blob_ttl=5)):
        with pytest.raises(Unavailable):
            await attempt
    assert time.monotonic() - started < 5
    valkey.go_on()
    assert await asyncio.gather(*(bus.blobs([name]) for name in "abababab")) == [[b"a"], [b"b"]] * 4


async def test_a_batch_that_waited_in_a_server_that_hung_does_not_overtake_a_newer_one(bus: Bus, valkey: Valkey) -> None:
    token = await bus.acquire("l", "me", ttl=60)
    assert token is not None
    fence = Fence("l", token)
    await bus.append(BROADCAST, batch(0), {}, blob_ttl=5, fence=fence)
    for number in range(1, 6):
        valkey.hang()
        old = [await _given_up(bus, number, fence) for _ in range(2)]
        assert old == [True, True]
        valkey.go_on()
        while await _given_up(bus, 100 + number, fence):
            pass
        await asyncio.sleep(0.05)
        window = [found for _, found in await bus.window(BROADCAST)]
        assert window[-1] == batch(100 + number)


async def _given_up(bus: Bus, number: int, fence: Fence) -> bool:
    try:
        await bus.append(BROADCAST, batch(number), {}, blob_ttl=5, fence=fence)
    except Unavailable:
        return True
    return False


async def test_many_commands_given_up_leave_no_connection_behind(valkey: Valkey) -> None:
    bus = Bus(valkey.url, CLOCK, deadline=2)
    valkey.hang()
    results = await asyncio.gather(*(bus.put_blob(str(number), b"x", ttl=5) for number in range(500)), return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results)
    valkey.go_on()
    await asyncio.gather(*(bus.put_blob(str(number), b"y", ttl=60) for number in range(100)))
    assert await bus.blobs([str(number) for number in range(100)]) == [b"y"] * 100
    clients = await bus._connection.command("CLIENT", "LIST")
    assert isinstance(clients, bytes)
    assert clients.count(b"\n") <= COMMAND_CONNECTIONS
    await bus.close()


async def test_a_fencing_token_is_greater_than_any_before_the_data_were_lost(bus: Bus, valkey: Valkey) -> None:
    # Many in one millisecond run ahead of the clock.
    tokens = [await bus.acquire(f"l{number}", "me", ttl=5) for number in range(50)]
    valkey.restart_empty()
    after = await bus.acquire("l0", "me", ttl=5)
    known = [token for token in tokens if token is not None]
    assert after is not None
    assert after > max(known)


async def test_a_held_lease_comes_back_with_its_token_after_the_data_were_lost(bus: Bus, valkey: Valkey) -> None:
    async with hold(bus, CLOCK, "l", "me", ttl=0.6) as lease, asyncio.timeout(20):
        assert lease is not None
        valkey.restart_empty()
        await asyncio.sleep(1)
        assert not lease.lost.is_set()
        assert await bus.acquire("l", "other", ttl=5) is None
        await bus.append(BROADCAST, batch(0), {}, blob_ttl=5, fence=lease.fence)
    assert await bus.acquire("l", "other", ttl=5) is not None


async def test_a_held_lease_outlives_a_server_that_hangs_longer_than_it_lasts(bus: Bus, valkey: Valkey) -> None:
    async with hold(bus, CLOCK, "l", "me", ttl=0.3) as lease:
        assert lease is not None
        valkey.hang()
        await asyncio.sleep(1)
        valkey.go_on()
        await asyncio.sleep(0.5)
        assert not lease.lost.is_set()


async def test_a_lease_taken_by_another_after_the_data_were_lost_is_reported_lost(bus: Bus, valkey: Valkey) -> None:
    async with hold(bus, CLOCK, "l", "me", ttl=3) as lease, asyncio.timeout(20):
        assert lease is not None
        valkey.restart_empty()
        other = await bus.acquire("l", "other", ttl=5)
        assert other is not None
        assert other > lease.token
        await lease.lost.wait()
    assert await bus.renew("l", "other", ttl=5)


async def test_somebody_elses_lease_is_not_given(bus: Bus) -> None:
    await bus.acquire("l", "other", ttl=5)
    async with hold(bus, CLOCK, "l", "me", ttl=1) as lease:
        assert lease is None


async def test_calls_are_served_again_after_the_server_was_gone(bus: Bus, valkey: Valkey) -> None:
    async def answer(_call: Call) -> Reply:
        return EndReply()

    async with Tasks("test") as tasks, asyncio.timeout(20):
        tasks.start("calls", bus.serve_calls(NodeId("n"), answer))
        call = EndCall(channel=ChannelName("c"), session=SessionId("n.0"))
        assert await bus.call(NodeId("n"), call, deadline=5) == EndReply()
        valkey.kill()
        with pytest.raises(Unavailable):
            await bus.call(NodeId("n"), call, deadline=5)
        valkey.start()
        assert await bus.call(NodeId("n"), call, deadline=5) == EndReply()


async def test_a_node_registers_again_and_says_so_after_the_data_were_lost(bus: Bus, valkey: Valkey) -> None:
    lost = asyncio.Event()

    async def announce() -> None:
        lost.set()

    async with asyncio.timeout(20), open_node(("ingest",), bus, CLOCK, host="127.0.0.1") as node:
        node.when_data_were_lost(announce)
        node.describe(sessions=3, relay="unix:/x")
        key = topics.node_key(node.identifier)
        while (found := await bus.read(key, NodeInfo)) is None or found.sessions != 3:
            await asyncio.sleep(0.05)
        valkey.restart_empty()
        await lost.wait()
        while await bus.read(key, NodeInfo) != node.info:
            await asyncio.sleep(0.05)
    assert await bus.read(key, NodeInfo) is None
