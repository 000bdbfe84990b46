import asyncio
from collections.abc import Callable

import pytest

from storage.model.errors import ErrorCode, Unavailable
from web.edge.gate import Gate, Hall, Left


class Client:
    """A client that goes when told to."""

    def __init__(self) -> None:
        self.watched = True
        self._callbacks: list[Callable[[object], object]] = []

    def add_done_callback(self, callback: Callable[[object], object], /) -> None:
        self._callbacks.append(callback)

    def cancel(self) -> None:
        self.watched = False

    def go(self) -> None:
        for callback in self._callbacks:
            callback(self)


async def test_everybody_who_waits_for_a_thing_gets_the_same() -> None:
    hall = Hall(limit=10)
    gate: Gate[str, object] = Gate(hall)
    thing, other = object(), object()
    waits = [gate.enter("a", Client(), 5) for _ in range(3)]
    late = gate.enter("b", Client(), 5)
    gate.settle("a", thing)
    gate.settle("b", other)
    assert [await wait for wait in waits] == [thing] * 3
    assert await late is other


async def test_settling_what_nobody_waits_for_is_forgotten() -> None:
    gate: Gate[str, int] = Gate(Hall(limit=10))
    gate.settle("a", 1)
    wait = gate.enter("a", Client(), 5)
    assert not wait.done()
    gate.settle("a", 2)
    assert await wait == 2


async def test_a_wait_ends_when_its_deadline_is_over() -> None:
    hall = Hall(limit=10)
    gate: Gate[str, int] = Gate(hall)
    early, late = gate.enter("a", Client(), 5.2), gate.enter("a", Client(), 9.7)
    gate.expire(5.9)
    assert not early.done()
    gate.expire(6.1)
    assert await early is Left.LATE
    assert not late.done()
    gate.expire(30)
    assert await late is Left.LATE
    assert hall.late == 2
    assert not list(gate.wanted())


async def test_a_wait_ends_when_its_client_goes() -> None:
    hall = Hall(limit=10)
    gate: Gate[str, int] = Gate(hall)
    client = Client()
    wait = gate.enter("a", client, 5)
    client.go()
    assert await wait is Left.CLIENT_GONE
    gate.leave("a", client, 5, wait)
    gate.settle("a", 1)
    client.go()
    assert (hall.waiting, hall.departed) == (0, 1)
    assert not client.watched


async def test_the_hall_is_bounded_over_all_gates() -> None:
    hall = Hall(limit=2)
    first: Gate[str, int] = Gate(hall)
    second: Gate[str, int] = Gate(hall)
    client = Client()
    wait = first.enter("a", client, 5)
    second.enter("a", Client(), 5)
    with pytest.raises(Unavailable) as refusal:
        first.enter("b", Client(), 5)
    assert refusal.value.code is ErrorCode.EDGE_FULL
    assert hall.refused == 1
    first.settle("a", 1)
    first.leave("a", client, 5, wait)
    first.enter("b", Client(), 5)
    assert hall.waiting == 2


async def test_leaving_before_the_end_leaves_nothing_behind() -> None:
    hall = Hall(limit=2)
    gate: Gate[str, int] = Gate(hall)
    for _ in range(1000):
        client = Client()
        wait = gate.enter("a", client, 5)
        client.go()
        gate.leave("a", client, 5, wait)
    assert hall.waiting == 0
    assert sum(len(bucket) for buckets in gate._held.values() for bucket in buckets.values()) == 0
    await asyncio.sleep(0)
