"""Calls between nodes over a real server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from storage.bus import calls, topics
from storage.bus.messages import Call, EndCall, EndReply, PublishCall, PublishReply, Reply
from storage.bus.redis import Bus
from storage.clock import SystemClock
from storage.model.errors import BadInput, Conflict, ErrorCode, FanlightError, NotFound, Refused, Unavailable
from storage.model.ids import ChannelName, NodeId, SessionId
from storage.node import Tasks
from tests.fixtures.valkey import Valkey

NODE = NodeId("ingest-1")
END = EndCall(channel=ChannelName("c"), session=SessionId("ingest-1.0"))


@asynccontextmanager
async def serving(bus: Bus, answer: Callable[[Call], Awaitable[Reply]]) -> AsyncIterator[None]:
    async with Tasks("test") as tasks:
        tasks.start("calls", bus.serve_calls(NODE, answer))
        yield


async def test_a_call_gets_its_own_answer(bus: Bus) -> None:
    async def answer(call: Call) -> Reply:
        assert isinstance(call, PublishCall)
        await asyncio.sleep(0.01 * (5 - int(call.offer)))
        return PublishReply(session=SessionId(f"s{call.offer}"), answer=call.offer * 50_000, etag='"1"')

    async with serving(bus, answer):
        questions = [PublishCall(channel=ChannelName("c"), offer=str(number), key_digest=b"\x00") for number in range(5)]
        replies = await asyncio.gather(*(bus.call(NODE, question, deadline=5) for question in questions))
    assert [reply.session for reply in replies if isinstance(reply, PublishReply)] == ["s0", "s1", "s2", "s3", "s4"]


@pytest.mark.parametrize(
    "error",
    [
        BadInput(ErrorCode.BAD_SDP, "No."),
        Refused(ErrorCode.KEY_REFUSED, "No."),
        NotFound(ErrorCode.SESSION_NOT_FOUND, "No."),
        Conflict(ErrorCode.PRECONDITION_FAILED, "No."),
        Unavailable(ErrorCode.INGEST_FULL, "No."),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_the_node_raises_is_raised_at_the_caller(bus: Bus, error: FanlightError) -> None:
    async def answer(_call: Call) -> Reply:
        raise error

    async with serving(bus, answer):
        with pytest.raises(type(error)) as raised:
            await bus.call(NODE, END, deadline=5)
    assert (raised.value.code, raised.value.detail) == (error.code, "No.")


async def test_a_node_that_fails_says_so_without_telling_why(bus: Bus) -> None:
    async def answer(_call: Call) -> Reply:
        raise RuntimeError("secret")

    async with serving(bus, answer):
        with pytest.raises(Unavailable) as raised:
            await bus.call(NODE, END, deadline=5)
    assert raised.value.code == ErrorCode.INTERNAL
    assert "secret" not in str(raised.value)


async def test_a_node_that_is_not_there_is_given_up_at_the_deadline(bus: Bus) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(Unavailable):
            await bus.call(NodeId("gone"), END, deadline=0.3)


async def test_a_call_nobody_waits_for_any_more_is_not_done(bus: Bus) -> None:
    done: list[Call] = []

    async def answer(call: Call) -> Reply:
        done.append(call)
        return EndReply()

    with pytest.raises(Unavailable):
        await bus.call(NODE, EndCall(channel=ChannelName("c"), session=SessionId("late")), deadline=0.2)
    await asyncio.sleep(0.1)
    async with serving(bus, answer):
        await bus.call(NODE, END, deadline=5)
    assert done == [END]


async def test_a_node_works_on_a_bounded_number_of_calls(bus: Bus, valkey: Valkey) -> None:
    working, most = 0, 0
    gate = asyncio.Event()

    async def answer(_call: Call) -> Reply:
        nonlocal working, most
        working += 1
        most = max(most, working)
        await gate.wait()
        working -= 1
        return EndReply()

    callers = [Bus(valkey.url, SystemClock(), deadline=5) for _ in range(4)]
    async with serving(bus, answer), asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(callers[number % 4].call(NODE, END, deadline=10)) for number in range(60)]
        while working < calls.MOST_ANSWERING:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        gate.set()
        await asyncio.gather(*waiting)
    assert most == calls.MOST_ANSWERING
    for caller in callers:
        await caller.close()


async def test_too_many_calls_in_a_nodes_list_are_refused_at_once(valkey: Valkey) -> None:
    bus = Bus(valkey.url, SystemClock(), deadline=10)

    async def try_one() -> str:
        try:
            await bus.call(NODE, END, deadline=5)
        except Unavailable as error:
            return error.detail
        return ""

    outcomes = await asyncio.gather(*(try_one() for _ in range(calls.MOST_WAITING + 20)))
    assert sum(outcome == "Too many requests wait for the node." for outcome in outcomes) == 20
    await bus.close()


async def test_garbage_in_the_list_is_dropped_and_calls_go_on(bus: Bus) -> None:
    async def answer(_call: Call) -> Reply:
        return EndReply()

    for garbage in (b"", b"\xff", b"99999999999999 \xc1\xc1", b"x y", b"99999999999999 \x92\xa1a\x80"):
        await bus._connection.command("RPUSH", topics.calls_key(NODE), garbage)
    async with serving(bus, answer):
        assert await bus.call(NODE, END, deadline=5) == EndReply()
