import asyncio
from collections.abc import Mapping, Sequence

import pytest

from storage.model.errors import ErrorCode, Unavailable
from storage.together import MOST, Together


class Register:
    """Answers when it is let, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.let = asyncio.Event()
        self.error: Exception | None = None

    async def ask(self, keys: Sequence[int]) -> Mapping[int, str]:
        self.asked.append(list(keys))
        await self.let.wait()
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        return {key: f"{key} at {len(self.asked)}" for key in keys if key >= 0}


async def soon(register: Register, asked: int) -> None:
    async with asyncio.timeout(5):
        while len(register.asked) < asked:
            await asyncio.sleep(0)


async def test_what_is_asked_for_meanwhile_is_asked_for_at_once_and_never_told_from_before() -> None:
    register = Register()
    together = Together(register.ask)
    first = asyncio.ensure_future(together.get(1))
    await soon(register, 1)
    later = [asyncio.ensure_future(together.get(key)) for key in (2, 3, 2, 1, -1)]
    await asyncio.sleep(0)
    register.let.set()

    assert await first == "1 at 1"
    assert await asyncio.gather(*later) == ["2 at 2", "3 at 2", "2 at 2", "1 at 2", None]
    assert register.asked == [[1], [2, 3, 1, -1]]


async def test_more_than_fit_are_asked_in_turns() -> None:
    register = Register()
    register.let.set()
    together = Together(register.ask)

    found = await asyncio.gather(*(together.get(key) for key in range(2 * MOST + 10)))

    assert [text.split()[0] for text in found if text] == [str(key) for key in range(2 * MOST + 10)]
    assert max(map(len, register.asked)) <= MOST
    assert len(register.asked) <= 4


async def test_an_error_is_everybodys_and_the_next_time_is_new() -> None:
    register = Register()
    register.let.set()
    register.error = Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "Away.")
    together = Together(register.ask)

    outcomes = await asyncio.gather(*(together.get(key) for key in range(5)), return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    register.error = None
    assert (await together.get(1) or "").startswith("1 at")


async def test_who_came_while_nobody_answered_does_not_wait_as_long_again() -> None:
    register = Register()
    register.error = Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "Away.")
    together = Together(register.ask)
    first = asyncio.ensure_future(together.get(1))
    await soon(register, 1)
    later = [asyncio.ensure_future(together.get(key)) for key in (1, 2)]
    await asyncio.sleep(0)
    register.let.set()

    outcomes = await asyncio.gather(first, *later, return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    assert register.asked == [[1]]


@pytest.mark.parametrize("which", [0, 1, 2])
async def test_who_is_cancelled_leaves_the_others_their_answers(which: int) -> None:
    register = Register()
    together = Together(register.ask)
    tasks = [asyncio.ensure_future(together.get(key)) for key in (1, 1, 2)]
    await soon(register, 1)

    tasks[which].cancel()
    await asyncio.sleep(0)
    register.let.set()

    outcomes = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert isinstance(outcomes[which], asyncio.CancelledError)
    assert all(isinstance(outcome, str) for number, outcome in enumerate(outcomes) if number != which)
