import pytest

from storage.model.errors import ErrorCode, Unavailable
from tests.edge.waits import Wait, enter
from web.edge.gate import Gate, Hall, Left


def test_everybody_who_waits_for_a_thing_gets_the_same() -> None:
    hall = Hall(limit=10)
    gate: Gate[str, object] = Gate(hall)
    thing, other = object(), object()
    waits = [enter(gate, "a") for _ in range(3)]
    late = enter(gate, "b")
    gate.settle("a", thing)
    assert hall.waiting == 1
    gate.settle("b", other)
    assert [wait.outcomes for wait in waits] == [[thing]] * 3
    assert late.outcomes == [other]
    assert hall.waiting == 0
    assert not any(wait.client.watched for wait in (*waits, late))


def test_settling_what_nobody_waits_for_is_forgotten() -> None:
    gate: Gate[str, object] = Gate(Hall(limit=10))
    gate.settle("a", 1)
    wait = enter(gate, "a")
    assert not wait.outcomes
    gate.settle("a", 2)
    gate.settle("a", 3)
    assert wait.outcomes == [2]


def test_who_was_answered_may_wait_again() -> None:
    hall = Hall(limit=10)
    gate: Gate[str, object] = Gate(hall)
    wait = enter(gate, "a")
    gate.settle("a", Left.RETRY)
    gate.enter("a", wait, lambda: wait.client, 5)
    gate.settle_all(1)
    assert wait.outcomes == [Left.RETRY, 1]
    assert hall.waiting == 0


def test_a_wait_ends_when_its_deadline_is_over() -> None:
    hall = Hall(limit=10)
    gate: Gate[str, object] = Gate(hall)
    early, late = enter(gate, "a", 5.2), enter(gate, "a", 9.7)
    gate.expire(5.9)
    assert not early.outcomes
    gate.expire(6.1)
    assert early.outcomes == [Left.LATE]
    assert not late.outcomes
    gate.expire(30)
    assert late.outcomes == [Left.LATE]
    assert hall.late == 2
    assert not list(gate.wanted())


def test_a_wait_ends_when_its_client_goes() -> None:
    hall = Hall(limit=10)
    gate: Gate[str, object] = Gate(hall)
    wait = enter(gate, "a")
    other = enter(gate, "a")
    wait.client.gone = True
    gate.expire(1)
    assert wait.outcomes == [Left.CLIENT_GONE]
    assert not wait.client.watched
    assert (hall.waiting, hall.departed) == (1, 1)
    gate.settle("a", 1)
    gate.expire(1)
    assert wait.outcomes == [Left.CLIENT_GONE]
    assert other.outcomes == [1]
    assert (hall.waiting, hall.departed) == (0, 1)


def test_the_hall_is_bounded_over_all_gates() -> None:
    hall = Hall(limit=2)
    first: Gate[str, object] = Gate(hall)
    second: Gate[str, object] = Gate(hall)
    enter(first, "a")
    enter(second, "a")
    refused = Wait()
    with pytest.raises(Unavailable) as refusal:
        first.enter("b", refused, lambda: pytest.fail("A client that is sent away is watched."), 5)
    assert refusal.value.code is ErrorCode.EDGE_FULL
    assert hall.refused == 1
    first.settle("a", 1)
    enter(first, "b")
    assert hall.waiting == 2


def test_leaving_before_the_end_leaves_nothing_behind() -> None:
    hall = Hall(limit=2)
    gate: Gate[str, object] = Gate(hall)
    for _ in range(1000):
        enter(gate, "a").client.gone = True
        gate.expire(1)
    assert hall.waiting == 0
    assert sum(len(bucket) for buckets in gate._held.values() for bucket in buckets.values()) == 0
