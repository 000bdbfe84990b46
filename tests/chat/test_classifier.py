import asyncio
from collections.abc import AsyncIterator

import pytest

from chat.classifier import FAILURES, LARGEST_ANSWER, MOST_AT_ONCE, PAUSE, BuiltIn, External
from storage.chat.settings import Category
from tests.chat.classifier_program import HATE, Program
from tests.storage.hand_clock import HandClock


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    program = Program()
    async with program.running():
        yield program


@pytest.fixture
def clock() -> HandClock:
    return HandClock(1_900_000_000)


async def test_without_a_classifier_the_built_in_engine_decides() -> None:
    assert await BuiltIn().scores("text") is None


async def test_what_it_says_counts(program: Program, clock: HandClock) -> None:
    async with External(program.url, clock, deadline=10) as classifier:
        assert await classifier.scores("a text") == {Category.HATE: 3, Category.SPAM: 0}
    assert b'"a text"' in program.asked[0]
    assert b'"harassment"' in program.asked[0]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("500 No", HATE),
        ("302 Found", HATE),
        ("200 OK", b""),
        ("200 OK", b"no json"),
        ("200 OK", b'{"scores": {"hate": 9}}'),
        ("200 OK", b'{"scores": {"love": 1}}'),
        ("200 OK", b'{"scores": "none"}'),
        ("200 OK", b"[" * 10_000),
        ("200 OK", b'{"scores": {}, "more": "' + b"x" * LARGEST_ANSWER + b'"}'),
    ],
)
async def test_an_answer_that_is_none_leaves_it_to_the_built_in_engine(
    program: Program, clock: HandClock, status: str, answer: bytes
) -> None:
    program.status, program.answer = status, answer
    async with External(program.url, clock, deadline=10) as classifier:
        assert await classifier.scores("a text") is None


async def test_a_classifier_that_hangs_holds_up_nobody_and_is_left_alone_for_a_while(program: Program, clock: HandClock) -> None:
    program.silent.clear()
    async with External(program.url, clock, deadline=0.02) as classifier:
        for _ in range(FAILURES + 3):
            assert await classifier.scores("a text") is None
        asked = len(program.asked)
        assert asked <= FAILURES

        program.silent.set()
        classifier._deadline = 10
        assert await classifier.scores("a text") is None
        clock.turn(PAUSE)
        assert await classifier.scores("a text") == {Category.HATE: 3, Category.SPAM: 0}
        assert len(program.asked) == asked + 1


async def test_after_a_pause_one_failure_begins_another(program: Program, clock: HandClock) -> None:
    program.status = "503 No"
    async with External(program.url, clock, deadline=10) as classifier:
        for _ in range(FAILURES):
            await classifier.scores("a text")
        clock.turn(PAUSE)
        await classifier.scores("a text")
        await classifier.scores("a text")
    assert len(program.asked) == FAILURES + 1


async def test_a_classifier_that_is_not_there_is_no_error(clock: HandClock) -> None:
    async with External("http://127.0.0.1:1/", clock, deadline=10) as classifier:
        assert await classifier.scores("a text") is None


async def test_only_so_many_wait_for_it_at_a_time(program: Program, clock: HandClock) -> None:
    program.silent.clear()
    async with External(program.url, clock, deadline=10) as classifier, asyncio.TaskGroup() as group:
        waiting = [group.create_task(classifier.scores("a text")) for _ in range(MOST_AT_ONCE)]
        while len(program.asked) < MOST_AT_ONCE:
            await asyncio.sleep(0.01)
        assert await classifier.scores("one more") is None
        program.silent.set()
        assert all(await asyncio.gather(*waiting))


async def test_any_text_can_be_asked_about(program: Program, clock: HandClock) -> None:
    async with External(program.url, clock, deadline=10) as classifier:
        assert await classifier.scores("\ud800") is None
        assert await classifier.scores("\0\u202e<script>") is not None
