from hypothesis import given
from hypothesis import strategies as st

from storage.bus.redis import Bus
from storage.clock import SystemClock
from storage.limits import MOST_SUBJECTS, Limit, LocalLimits
from storage.rate_limits import RateLimits
from tests.fixtures.valkey import Valkey

TEN = Limit("ten", 10, 60)


@given(
    st.integers(1, 50),
    st.integers(1, 600),
    st.lists(st.floats(0, 30), min_size=1, max_size=200),
)
def test_never_more_than_twice_the_count_in_a_window_and_a_refusal_says_when(count: int, seconds: int, pauses: list[float]) -> None:
    limits, limit = LocalLimits(), Limit("any", count, seconds)
    now, allowed = 1000.0, []
    for pause in pauses:
        now += pause
        taken = limits.take(limit, "me", now)
        assert 0 <= taken.remaining <= count
        assert 0 <= taken.reset <= seconds * 1.002
        if taken.allowed:
            allowed.append(now)
        else:
            assert taken.retry_after <= seconds / count + 0.001
            assert limits.take(limit, "me", now + taken.retry_after + 0.001).allowed
            break
    for start in allowed:
        assert sum(start <= moment < start + seconds for moment in allowed) <= 2 * count


def test_as_many_at_once_as_it_says_and_one_more_after_a_pause() -> None:
    limits = LocalLimits()
    assert [limits.take(TEN, "me", 5.0).remaining for _ in range(11)] == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]
    refused = limits.take(TEN, "me", 5.0)
    assert not refused.allowed
    assert 5.9 < refused.retry_after < 6.1
    assert limits.take(TEN, "you", 5.0).allowed
    assert limits.take(TEN, "me", 11.1).allowed
    assert not limits.take(TEN, "me", 11.1).allowed


def test_what_is_remembered_is_bounded() -> None:
    limits = LocalLimits()
    for number in range(MOST_SUBJECTS + 10):
        limits.take(TEN, str(number), 0.0)
    assert len(limits._full_at) == MOST_SUBJECTS


async def test_two_nodes_count_together(valkey: Valkey) -> None:
    clock = SystemClock()
    buses = [Bus(valkey.url, clock), Bus(valkey.url, clock)]
    nodes = [RateLimits(bus, clock) for bus in buses]
    taken = [await nodes[number % 2].take(TEN, "me") for number in range(12)]
    assert [found.allowed for found in taken if found] == [True] * 10 + [False] * 2
    last = taken[-1]
    assert last is not None
    assert 3 < last.retry_after < 7
    alone = Limit("cheap", 10, 60, shared=False)
    assert all([(found := await nodes[0].take(alone, "me")) is not None and found.allowed for _ in range(10)])
    assert (found := await nodes[1].take(alone, "me")) is not None
    assert found.remaining == 9
    for bus in buses:
        await bus.close()


async def test_a_bus_that_is_gone_lifts_no_limit(valkey: Valkey) -> None:
    clock = SystemClock()
    bus = Bus(valkey.url, clock)
    limits = RateLimits(bus, clock)
    for _ in range(6):
        await limits.take(TEN, "me")
    valkey.kill()
    after = [await limits.take(TEN, "me") for _ in range(6)]
    assert [found.allowed for found in after if found] == [True] * 4 + [False] * 2
    await bus.close()


async def test_limits_are_scaled_and_taken_away(valkey: Valkey) -> None:
    clock = SystemClock()
    bus = Bus(valkey.url, clock)
    assert await RateLimits(bus, clock, factor=0).take(TEN, "me") is None
    found = await RateLimits(bus, clock, factor=0.5).take(TEN, "me")
    assert found is not None
    assert (found.limit.count, found.remaining) == (5, 4)
    guard = Limit("guesses", 10, 60, guards=True)
    kept = [await RateLimits(bus, clock, factor=factor).take(guard, "me") for factor in (0, 2)]
    assert [found.limit.count for found in kept if found] == [10, 20]
    await bus.close()
