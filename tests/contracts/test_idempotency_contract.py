"""One contract for requests that must not be done twice in every database."""

import asyncio
from datetime import timedelta

from storage.clock import SystemClock
from storage.database.engine import Database
from storage.database.idempotency import ABANDONED, KEPT, Earlier, IdempotencyRepository

ME = "@someone"
KEY = "k" * 64
DIGEST = b"d" * 32


class LateClock(SystemClock):
    late = timedelta()

    def unix_ns(self) -> int:
        return super().unix_ns() + int(self.late.total_seconds() * 1_000_000_000)


async def test_of_many_at_once_one_may_go_on(database: Database) -> None:
    requests = IdempotencyRepository(database, SystemClock())
    outcomes = await asyncio.gather(*(requests.begin(ME, KEY, DIGEST) for _ in range(8)))
    assert sorted(outcome is None for outcome in outcomes) == [False] * 7 + [True]
    assert {outcome for outcome in outcomes if outcome} == {Earlier(DIGEST, None, "", b"")}


async def test_an_answer_is_kept_for_a_day(database: Database) -> None:
    clock = LateClock()
    requests = IdempotencyRepository(database, clock)
    assert await requests.begin(ME, KEY, DIGEST) is None
    await requests.finish(ME, KEY, status=201, headers="{}", body=b"\0body")
    clock.late = KEPT - timedelta(minutes=1)
    assert await requests.begin(ME, KEY, DIGEST) == Earlier(DIGEST, 201, "{}", b"\0body")
    assert await requests.prune() == 0
    clock.late = KEPT + timedelta(minutes=1)
    assert await requests.prune() == 1
    assert await requests.begin(ME, KEY, DIGEST) is None


async def test_a_key_whose_process_died_is_free_after_a_minute(database: Database) -> None:
    clock = LateClock()
    requests = IdempotencyRepository(database, clock)
    assert await requests.begin(ME, KEY, DIGEST) is None
    clock.late = ABANDONED + timedelta(seconds=1)
    assert await requests.begin(ME, KEY, DIGEST) is None
    assert await requests.begin(ME, KEY, DIGEST) is not None


async def test_a_released_key_is_free_and_a_finished_one_is_not_released(database: Database) -> None:
    requests = IdempotencyRepository(database, SystemClock())
    assert await requests.begin(ME, KEY, DIGEST) is None
    await requests.release(ME, KEY)
    assert await requests.begin(ME, KEY, DIGEST) is None
    await requests.finish(ME, KEY, status=201, headers="{}", body=b"")
    await requests.release(ME, KEY)
    assert await requests.begin(ME, KEY, DIGEST) == Earlier(DIGEST, 201, "{}", b"")
