"""Whom an edge follows and for how long, with a clock that runs twenty times as fast."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from storage.bus.messages import BroadcastInfo
from storage.bus.redis import Bus
from storage.key_ring import KeyRing
from storage.model.errors import ErrorCode, NotFound, Unavailable
from storage.model.ids import ChannelName, NodeId, new_broadcast_id
from storage.node import Tasks
from storage.objects.store import ObjectStore
from storage.tokens import Tokens
from tests.edge.publisher import Publisher
from web.edge import edge as edge_module
from web.edge import follower as follower_module
from web.edge.answering import Answering
from web.edge.edge import Edge
from web.edge.routes import MultivariantRequest

SPEED = 20


class FastClock:
    """Time in a hurry."""

    def unix_ns(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic() * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class CountingBus:
    """The real bus, which counts how often a broadcast's register is read, and can be given a defect."""

    def __init__(self, bus: Bus) -> None:
        self.reads = 0
        self.defect: Exception | None = None
        self._bus = bus

    async def read(self, key: str, kind: type[BroadcastInfo]) -> BroadcastInfo | None:
        self.reads += kind is BroadcastInfo
        if self.defect is not None:
            raise self.defect
        return await self._bus.read(key, kind)

    def __getattr__(self, name: str) -> object:
        return getattr(self._bus, name)


@pytest.fixture
async def here(bus: Bus, objects: ObjectStore) -> AsyncIterator[Edge]:
    async with Tasks("edge") as tasks:
        clock = FastClock()
        counting: Bus = CountingBus(bus)  # type: ignore[assignment]
        yield Edge(bus=counting, objects=objects, tokens=Tokens(KeyRing(clock), clock), clock=clock, node=NodeId("edge-0"), tasks=tasks)


def reads(edge: Edge) -> int:
    assert isinstance(edge.bus, CountingBus)
    return edge.bus.reads


async def until_nobody_is_followed(edge: Edge) -> None:
    async with asyncio.timeout(30):
        while edge.followers:
            await asyncio.sleep(0.02)


async def test_a_channel_nobody_watches_is_let_go_and_taken_up_again(here: Edge, publisher: Publisher) -> None:
    await publisher.segments(1)
    first = await here.follow(publisher.channel)
    assert here.hot
    await until_nobody_is_followed(here)
    assert not here.hot
    assert first.current is None
    second = await here.follow(publisher.channel)
    assert second is not first
    assert second.broadcast.info.broadcast == publisher.broadcast


async def test_a_channel_somebody_watches_is_kept(here: Edge, publisher: Publisher) -> None:
    await publisher.segments(1)
    first = await here.follow(publisher.channel)
    for _ in range(30):
        first.audience.saw(1)
        await asyncio.sleep(0.1)
        await publisher.announce()
    assert here.followers[publisher.channel] is first


async def test_a_crowd_that_comes_at_once_starts_one_follower(here: Edge, publisher: Publisher) -> None:
    await publisher.segments(1)
    followers = await asyncio.gather(*(here.follow(publisher.channel) for _ in range(200)))
    assert len({id(follower) for follower in followers}) == 1
    assert reads(here) <= 2


async def test_a_crowd_in_front_of_a_dark_channel_asks_the_bus_once(here: Edge) -> None:
    outcomes = await asyncio.gather(*(here.follow(ChannelName("dark")) for _ in range(200)), return_exceptions=True)
    assert all(isinstance(outcome, NotFound) for outcome in outcomes)
    with pytest.raises(NotFound):
        await here.follow(ChannelName("dark"))
    assert reads(here) == 1
    assert not here.followers


async def test_what_is_known_of_a_channel_is_known_without_following_it(here: Edge, publisher: Publisher) -> None:
    for _ in range(20):
        info = await here.describe(publisher.channel)
        assert info is not None
    assert not here.followers
    assert reads(here) < 20


async def test_an_edge_follows_only_so_many_channels(here: Edge, publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_module, "MOST_CHANNELS", 1)
    await publisher.segments(1)
    await here.follow(publisher.channel)
    with pytest.raises(Unavailable) as refusal:
        await here.follow(ChannelName("other"))
    assert refusal.value.code is ErrorCode.EDGE_FULL


async def test_one_followers_defect_is_its_own(here: Edge, publisher: Publisher) -> None:
    await publisher.segments(1)
    follower = await here.follow(publisher.channel)
    assert isinstance(here.bus, CountingBus)
    here.bus.defect = ZeroDivisionError()
    await until_nobody_is_followed(here)
    assert here.follower_failures == 1
    assert follower.current is None
    here.bus.defect = None
    assert (await here.follow(publisher.channel)).broadcast.info.broadcast == publisher.broadcast


@pytest.fixture
async def slow_to_look(here: Edge, monkeypatch: pytest.MonkeyPatch) -> Edge:
    """An edge that learns of nothing by looking regularly."""
    for module, name in ((follower_module, "LOOK"), (edge_module, "OFFLINE"), (edge_module, "POSTER")):
        monkeypatch.setattr(module, name, 1e6)
    return here


async def succeeded(publisher: Publisher) -> Publisher:
    """The channel's broadcast has ended and the next one is there."""
    await publisher.end()
    second = Publisher(publisher.bus, publisher.objects, publisher.channel, new_broadcast_id())
    await second.begin()
    await second.parts(2)
    return second


async def test_an_announced_broadcast_is_followed_at_once(slow_to_look: Edge, publisher: Publisher) -> None:
    await publisher.segments(1)
    follower = await slow_to_look.follow(publisher.channel)
    second = await succeeded(publisher)
    assert follower.broadcast.info.broadcast == publisher.broadcast
    async with asyncio.timeout(20):
        while follower.broadcast.info.broadcast != second.broadcast:
            await publisher.bus.announce_change(publisher.channel)
            await asyncio.sleep(0.05)


async def test_whoever_asks_for_an_ended_broadcast_gets_the_next_one(
    slow_to_look: Edge, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However short ago the last look was, if it was before the end it told nothing of what comes after.
    monkeypatch.setattr(follower_module, "FRESH", 1e6)
    await publisher.segments(1)
    follower = await slow_to_look.follow(publisher.channel)
    second = await succeeded(publisher)
    async with asyncio.timeout(20):
        while not follower.broadcast.window.ended:
            await asyncio.sleep(0.02)
    before = reads(slow_to_look)
    answering = Answering(slow_to_look)
    await asyncio.gather(*(answering.multivariant(MultivariantRequest(publisher.channel)) for _ in range(100)))
    assert follower.broadcast.info.broadcast == second.broadcast
    assert reads(slow_to_look) - before <= 2


async def test_a_channel_found_dark_is_looked_up_again_when_it_is_announced(slow_to_look: Edge, publisher: Publisher) -> None:
    dark = Publisher(publisher.bus, publisher.objects, ChannelName("dark"), new_broadcast_id())
    with pytest.raises(NotFound):
        await slow_to_look.follow(dark.channel)
    assert await slow_to_look.describe(dark.channel) is None
    await dark.begin()
    async with asyncio.timeout(20):
        while await slow_to_look.describe(dark.channel) is None:
            await dark.bus.announce_change(dark.channel)
            await asyncio.sleep(0.05)
        await slow_to_look.follow(dark.channel)
