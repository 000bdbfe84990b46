import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ingest.gateway import CALL_DEADLINE, NODE_WAIT, PUBLISH_DEADLINE, Gateway
from ingest.predecessors import forget_predecessors
from storage.bus.messages import Call, NodeInfo, PublishReply, Reply
from storage.bus.redis import Bus
from storage.bus.topics import node_key
from storage.clock import SystemClock
from storage.model.errors import ErrorCode, Unavailable
from storage.model.ids import ChannelName, NodeId, SessionId

CHANNEL = ChannelName("demo")
CLOCK = SystemClock()


def node(name: str, *, capacity: int = 4, relay: str = "unix:/somewhere") -> NodeInfo:
    return NodeInfo(node=NodeId(name), roles=("ingest",), host="127.0.0.1", started_ms=0, capacity=capacity, relay=relay)


async def register(bus: Bus, info: NodeInfo) -> None:
    await bus.register(node_key(info.node), info, ttl=20)


@asynccontextmanager
async def answering(bus: Bus, name: str) -> AsyncIterator[None]:
    async def answer(_call: Call) -> Reply:
        return PublishReply(session=SessionId(f"{name}.1"), answer="v=0", etag="e")

    serving = asyncio.create_task(bus.serve_calls(NodeId(name), answer))
    try:
        yield
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def publish(bus: Bus) -> str:
    return (await Gateway(bus, CLOCK).publish(CHANNEL, "v=0", b"")).session


async def test_a_post_waits_for_a_node_that_is_about_to_come(bus: Bus) -> None:
    async with answering(bus, "late"), asyncio.TaskGroup() as group:
        # What a node says of itself before it has opened its port is no offer.
        await register(bus, node("late", capacity=0))
        opened = group.create_task(publish(bus))
        await asyncio.sleep(0.5)
        assert not opened.done()
        await register(bus, node("late"))
        assert await opened == "late.1"


async def test_without_any_node_a_post_is_refused_after_a_while(bus: Bus) -> None:
    began = CLOCK.monotonic()
    with pytest.raises(Unavailable) as refused:
        await publish(bus)
    assert refused.value.code is ErrorCode.NO_INGEST_NODE
    assert NODE_WAIT <= CLOCK.monotonic() - began < NODE_WAIT + 5


async def test_a_node_that_died_is_passed_over_for_one_that_came_meanwhile(bus: Bus) -> None:
    await register(bus, node("dead"))
    async with answering(bus, "new"), asyncio.TaskGroup() as group:
        began = CLOCK.monotonic()
        opened = group.create_task(publish(bus))
        await asyncio.sleep(0.5)
        await register(bus, node("new"))
        assert await opened == "new.1"
    assert CLOCK.monotonic() - began < CALL_DEADLINE + 5


async def test_a_node_that_died_alone_has_a_post_refused_in_time(bus: Bus) -> None:
    await register(bus, node("dead"))
    began = CLOCK.monotonic()
    with pytest.raises(Unavailable) as refused:
        await publish(bus)
    assert refused.value.code is ErrorCode.BUS_UNAVAILABLE
    assert CLOCK.monotonic() - began < PUBLISH_DEADLINE + 5


async def test_full_nodes_refuse_at_once(bus: Bus) -> None:
    info = NodeInfo(node=NodeId("full"), roles=("ingest",), host="", started_ms=0, capacity=2, sessions=2)
    await register(bus, info)
    with pytest.raises(Unavailable) as refused:
        await publish(bus)
    assert refused.value.code is ErrorCode.INGEST_FULL


async def test_a_node_takes_those_off_the_bus_whose_place_it_has(bus: Bus, tmp_path: Path) -> None:
    dead, alive, ours = (tmp_path / f"relay-{name}.sock" for name in ("dead", "alive", "ours"))
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(dead))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(alive))
        listening.listen()
        here = [("dead", dead), ("alive", alive), ("missing", tmp_path / "relay-missing.sock"), ("elsewhere", Path("/nowhere/relay.sock"))]
        for name, path in here:
            await register(bus, node(name, relay=f"unix:{path}"))
        await register(bus, node("opening", relay=""))
        await register(bus, node("remote", relay="tcp:far:9000"))
        await forget_predecessors(bus, NodeId("ours"), f"unix:{ours}")
        left = {info.node for info in await bus.read_all(node_key(NodeId("")), NodeInfo)}
        assert left == {"alive", "elsewhere", "opening", "remote"}
    await forget_predecessors(bus, NodeId("ours"), "tcp:far:9000")
    assert {info.node for info in await bus.read_all(node_key(NodeId("")), NodeInfo)} == left - {"remote"}
