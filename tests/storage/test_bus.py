"""The bus on a real server that answers."""

import asyncio
import os
from contextlib import aclosing

import pytest

from storage.bus import topics
from storage.bus.messages import InitEvent, NodeInfo, PartEvent, WindowBatch
from storage.bus.redis import Bus, Fence, Here, Presence
from storage.clock import SystemClock
from storage.model.errors import BadInput, Conflict, Unavailable
from storage.model.ids import BroadcastId, ChannelId, ChannelName, NodeId, new_record_id
from storage.model.rendition import RenditionName
from tests.fixtures.valkey import Valkey

BROADCAST = BroadcastId("b1")
CHANNEL = ChannelName("studio")


class Past(SystemClock):
    def monotonic(self) -> float:
        return 1.0


def node(name: str, started_ms: int = 1) -> NodeInfo:
    return NodeInfo(node=NodeId(name), roles=("web",), host="127.0.0.1", started_ms=started_ms)


def batch(number: int) -> WindowBatch:
    part = PartEvent(
        rendition=RenditionName.VIDEO, msn=number, part=0, duration=0.4, size=3, independent=True, init=0, program_ms=1_000 + number
    )
    return WindowBatch(events=(InitEvent(rendition=RenditionName.VIDEO, init=0), part), checkpoint=b"\x00\xff%d" % number)


async def test_several_registers_are_read_in_the_order_of_their_keys(bus: Bus) -> None:
    keys = [topics.node_key(NodeId(name)) for name in ("web-1", "web-2", "web-3")]
    for key, name in ((keys[0], "web-1"), (keys[2], "web-3")):
        await bus.register(key, node(name), ttl=20)
    assert await bus.read_several([keys[2], keys[1], keys[0], keys[2]], NodeInfo) == [node("web-3"), None, node("web-1"), node("web-3")]
    assert await bus.read_several([], NodeInfo) == []


async def test_a_register_is_read_until_it_runs_out(bus: Bus) -> None:
    key = topics.node_key(NodeId("web-1"))
    await bus.register(key, node("web-1"), ttl=0.3)
    assert await bus.read(key, NodeInfo) == node("web-1")
    await asyncio.sleep(0.5)
    assert await bus.read(key, NodeInfo) is None
    assert await bus.read_all("fl:node:", NodeInfo) == []


async def test_all_registers_of_a_kind_are_read_and_no_others(bus: Bus) -> None:
    for name in ("a", "b", "c"):
        await bus.register(topics.node_key(NodeId(name)), node(name), ttl=5)
    await bus.register(topics.session_key(CHANNEL), node("other"), ttl=5)
    await bus.forget(topics.node_key(NodeId("b")))
    assert sorted(found.node for found in await bus.read_all("fl:node:", NodeInfo)) == ["a", "c"]


async def test_a_register_that_ran_out_can_come_back(bus: Bus) -> None:
    key = topics.node_key(NodeId("a"))
    await bus.register(key, node("a"), ttl=0.1)
    await asyncio.sleep(0.3)
    assert await bus.read_all("fl:node:", NodeInfo) == []
    await bus.register(key, node("a", 2), ttl=5)
    assert await bus.read_all("fl:node:", NodeInfo) == [node("a", 2)]


async def test_a_register_of_another_release_is_left_out(bus: Bus) -> None:
    key = topics.node_key(NodeId("new"))
    await bus.register(key, InitEvent(rendition=RenditionName.VIDEO, init=0), ttl=5)
    await bus.register(topics.node_key(NodeId("a")), node("a"), ttl=5)
    assert await bus.read(key, NodeInfo) is None
    assert await bus.read_all("fl:node:", NodeInfo) == [node("a")]


async def test_a_window_is_read_in_order_with_its_blobs(bus: Bus) -> None:
    first = await bus.append(BROADCAST, batch(0), {"p0": b"zero", "q0": b"\r\n\x00"}, blob_ttl=5)
    second = await bus.append(BROADCAST, batch(1), {"p1": os.urandom(200_000)}, blob_ttl=5)
    assert await bus.window(BROADCAST) == [(first, batch(0)), (second, batch(1))]
    blobs = await bus.blobs(["p0", "absent", "q0", "p1"])
    assert blobs[:3] == [b"zero", None, b"\r\n\x00"]
    assert len(blobs[3] or b"") == 200_000
    assert await bus.blobs([]) == []


async def test_a_batch_appended_again_is_there_once(bus: Bus) -> None:
    await bus.append(BROADCAST, batch(0), {"p0": b"0"}, blob_ttl=5)
    first = await bus.append(BROADCAST, batch(1), {"p1": b"1"}, blob_ttl=5)
    assert await bus.append(BROADCAST, batch(1), {"p1": b"1"}, blob_ttl=5) == first
    assert [found for _, found in await bus.window(BROADCAST)] == [batch(0), batch(1)]


async def test_a_window_is_trimmed_before_an_entry(bus: Bus) -> None:
    entries = [await bus.append(BROADCAST, batch(number), {}, blob_ttl=5) for number in range(4)]
    await bus.trim(BROADCAST, entries[2])
    assert [entry for entry, _ in await bus.window(BROADCAST)] == entries[2:]


async def test_a_blob_can_be_kept_for_longer(bus: Bus) -> None:
    await bus.put_blob("init", b"x", ttl=0.2)
    await bus.put_blob("init", b"x", ttl=5)
    await asyncio.sleep(0.4)
    assert await bus.blobs(["init"]) == [b"x"]


async def test_following_gives_what_is_appended_and_signs_of_life_between(bus: Bus) -> None:
    before = await bus.append(BROADCAST, batch(0), {}, blob_ttl=5)
    async with aclosing(bus.follow(BROADCAST, after=before)) as entries, asyncio.timeout(10):
        assert await anext(entries) == []
        for number in range(1, 4):
            entry = await bus.append(BROADCAST, batch(number), {}, blob_ttl=5)
            assert await anext(entries) == [(entry, batch(number))]
        assert await anext(entries) == []


async def test_following_from_the_start_gives_what_is_there(bus: Bus) -> None:
    written = [(await bus.append(BROADCAST, batch(number), {}, blob_ttl=5), batch(number)) for number in range(300)]
    read: list[tuple[str, WindowBatch]] = []
    async with aclosing(bus.follow(BROADCAST, after="0")) as entries:
        while len(read) < 300:
            read += await anext(entries)
    assert read == written


async def test_a_worker_that_lost_its_lease_appends_nothing(bus: Bus) -> None:
    old = await bus.acquire("transcode:studio", "one", ttl=5)
    assert old is not None
    await bus.append(BROADCAST, batch(0), {"p0": b"0"}, blob_ttl=5, fence=Fence("transcode:studio", old))
    await bus.release("transcode:studio", "one")
    new = await bus.acquire("transcode:studio", "two", ttl=5)
    assert new is not None
    with pytest.raises(Conflict):
        await bus.append(BROADCAST, batch(1), {"p1": b"zombie"}, blob_ttl=5, fence=Fence("transcode:studio", old))
    await bus.append(BROADCAST, batch(1), {"p1": b"1"}, blob_ttl=5, fence=Fence("transcode:studio", new))
    assert await bus.blobs(["p1"]) == [b"1"]
    assert [found for _, found in await bus.window(BROADCAST)] == [batch(0), batch(1)]


async def test_appends_in_an_order_of_the_past_are_refused_under_one_lease_and_not_under_the_next(bus: Bus, valkey: Valkey) -> None:
    past = Bus(valkey.url, Past())
    for holder in ("one", "two"):
        token = await bus.acquire("l", holder, ttl=5)
        assert token is not None
        fence = Fence("l", token)
        await past.append(BROADCAST, batch(1), {}, blob_ttl=5, fence=fence)
        await bus.append(BROADCAST, batch(2), {}, blob_ttl=5, fence=fence)
        with pytest.raises(Unavailable):
            await past.append(BROADCAST, batch(3), {"p": b"x"}, blob_ttl=5, fence=fence)
        await bus.release("l", holder)
    assert [found for _, found in await bus.window(BROADCAST)] == [batch(1), batch(2)] * 2
    assert await bus.blobs(["p"]) == [None]
    await past.close()


async def test_a_lease_has_one_holder_and_its_tokens_grow(bus: Bus) -> None:
    first = await bus.acquire("l", "one", ttl=5)
    assert first is not None
    assert await bus.acquire("l", "two", ttl=5) is None
    assert not await bus.renew("l", "two", ttl=5)
    await bus.release("l", "two")
    assert await bus.renew("l", "one", ttl=5)
    await bus.release("l", "one")
    assert not await bus.renew("l", "one", ttl=5)
    second = await bus.acquire("l", "two", ttl=5)
    assert second is not None
    assert second > first


async def test_a_lease_that_ran_out_goes_to_the_next_or_back_to_its_holder(bus: Bus) -> None:
    assert await bus.acquire("l", "one", ttl=0.1)
    await asyncio.sleep(0.3)
    assert await bus.renew("l", "one", ttl=0.1)
    await asyncio.sleep(0.3)
    assert await bus.acquire("l", "two", ttl=5)
    assert not await bus.renew("l", "one", ttl=5)


async def test_of_many_one_gets_the_lease_and_no_two_tokens_are_equal(bus: Bus) -> None:
    tokens = await asyncio.gather(*(bus.acquire("l", f"holder {number}", ttl=5) for number in range(20)))
    assert sum(token is not None for token in tokens) == 1
    others = await asyncio.gather(*(bus.acquire(f"l{number}", "me", ttl=5) for number in range(50)))
    assert len({*others, *tokens} - {None}) == 51


async def test_viewers_are_counted_over_all_edges_that_are_still_there(bus: Bus) -> None:
    assert await bus.viewers(CHANNEL) == 0
    await bus.count_viewers(CHANNEL, NodeId("edge-1"), 3, ttl=0.2)
    await bus.count_viewers(CHANNEL, NodeId("edge-2"), 4, ttl=5)
    assert await bus.viewers(CHANNEL) == 7
    await asyncio.sleep(0.4)
    assert await bus.viewers(CHANNEL) == 4
    await bus.count_viewers(CHANNEL, NodeId("edge-2"), 0, ttl=5)
    assert await bus.viewers(CHANNEL) == 0


async def test_changes_are_hinted_and_without_a_hint_one_looks_anyway(bus: Bus) -> None:
    async with bus.changes(poll=0.3) as changes, asyncio.timeout(10):
        assert await anext(changes) is None
        await bus.announce_change(CHANNEL)
        heard = [await anext(changes) for _ in range(3)]
        assert CHANNEL in heard
        assert await anext(changes) is None


async def test_the_generation_stays_the_same_while_the_data_live(bus: Bus, valkey: Valkey) -> None:
    first = await bus.generation()
    other = Bus(valkey.url, SystemClock())
    assert first
    assert await other.generation() == first
    await other.close()


@pytest.mark.parametrize("url", ["nonsense", "http://127.0.0.1", ""])
def test_an_address_of_another_kind_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(BadInput, match="REDIS_URL"):
        Bus(url, SystemClock())


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    bus = Bus("redis://127.0.0.1:1/0", SystemClock())
    with pytest.raises(Unavailable):
        await bus.generation()
    with pytest.raises(Unavailable):
        await bus.append(BROADCAST, batch(0), {}, blob_ttl=1)
    await bus.close()


async def test_more_commands_than_connections_wait_their_turn(valkey: Valkey) -> None:
    # That a turn comes is tested, not that it comes within the half second commands have elsewhere.
    bus = Bus(valkey.url, SystemClock(), deadline=10)
    await asyncio.gather(*(bus.put_blob(f"b{number}", b"x" * 1000, ttl=30) for number in range(200)))
    assert await bus.blobs([f"b{number}" for number in range(200)]) == [b"x" * 1000] * 200
    await bus.close()


async def test_a_register_of_the_newest_takes_nothing_older(bus: Bus) -> None:
    first, second = await bus.token(), await bus.token()
    assert first < second
    key = topics.node_key(NodeId("n"))
    assert await bus.register_newest(key, node("n", 1), order=first, ttl=10)
    assert await bus.register_newest(key, node("n", 2), order=second, ttl=10)
    assert not await bus.register_newest(key, node("n", 3), order=first, ttl=10)
    assert await bus.register_newest(key, node("n", 4), order=second, ttl=10)
    assert await bus.read(key, NodeInfo) == node("n", 4)
    await bus.forget(key)
    assert not await bus.register_newest(key, node("n", 5), order=first, ttl=10), "the older one is back when the newer one is gone"
    assert await bus.read_all("fl:node:", NodeInfo) == []


async def test_tokens_and_leases_share_one_order_that_outlives_the_data(bus: Bus, valkey: Valkey) -> None:
    tokens = [await bus.token(), await bus.acquire("a", "holder", ttl=10), await bus.token()]
    await asyncio.to_thread(valkey.restart_empty)
    tokens.append(await bus.token())
    assert tokens == sorted(tokens, key=lambda token: token or 0)
    assert len(set(tokens)) == 4


async def test_a_ticket_is_used_for_the_first_time_once_whoever_asks_again(bus: Bus, valkey: Valkey) -> None:
    other = Bus(valkey.url, SystemClock())

    assert await bus.use_tickets(["a", "b"], ttl=5) == {"a": True, "b": True}
    assert await other.use_tickets(["b", "c"], ttl=5) == {"b": False, "c": True}
    # An answer that was lost: the same asks again.
    assert await bus.use_tickets(["a", "b", "c"], ttl=5) == {"a": True, "b": True, "c": False}
    assert await bus.use_tickets(["d"], ttl=0.05) == {"d": True}
    await asyncio.sleep(0.2)
    assert await other.use_tickets(["d"], ttl=5) == {"d": True}
    await other.close()


async def test_who_is_in_several_rooms_is_said_in_one_round_trip_also_to_a_server_that_forgot_the_script(bus: Bus) -> None:
    first, second = ChannelId(new_record_id(1)), ChannelId(new_record_id(2))
    await bus._connection.command("SCRIPT", "FLUSH")

    here = await bus.present(NodeId("a"), [Here(first, ["ada"], (), 2), Here(second, ["ada", "bo"], (), 0)], few=2, ttl=5)
    there = await bus.present(NodeId("b"), [Here(first, ["cy", "di"], ["ada"], 1)], few=2, ttl=5)

    assert here == [Presence(1, 2, ("ada",)), Presence(2, 0, ("ada", "bo"))]
    assert there == [Presence(2, 3, ("cy", "di"))]
    assert await bus.present(NodeId("b"), [Here(first, ["eve"], (), 1)], few=2, ttl=5) == [Presence(3, 3, None)]
    assert await bus.present(NodeId("a"), [], few=2, ttl=5) == []


async def test_how_many_nodes_listen_to_a_room_is_known(bus: Bus) -> None:
    first, second = ChannelId(new_record_id(1)), ChannelId(new_record_id(2))
    async with bus.room_hints() as here, bus.room_hints() as there:
        for hints, wanted in ((here, first), (there, first), (here, second)):
            await anext(hints)
            await hints.want(wanted)
        async with asyncio.timeout(5):
            while await bus.listening([second, first, ChannelId(new_record_id(3))]) != [1, 2, 0]:
                await asyncio.sleep(0.01)
