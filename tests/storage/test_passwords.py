import asyncio
import statistics
import threading
import time
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import passwords
from storage.common_passwords import _contains, build, folded, is_common
from storage.model.errors import BadInput, ErrorCode, Unavailable
from storage.passwords import Passwords


@pytest.fixture
def hasher() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


@pytest.fixture
def quick() -> Iterator[Passwords]:
    """Parameters nobody should use, for tests of everything but the parameters."""
    made = Passwords(memory=64, time=1)
    yield made
    made.close()


async def test_hashes_are_argon2id_with_the_parameters_owasp_names(hasher: Passwords) -> None:
    assert (await hasher.hash("correct horse")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_the_right_password_matches_and_no_other(quick: Passwords) -> None:
    known = await quick.hash("correct horse battery")
    assert await quick.verify(known, "correct horse battery")
    for wrong in ("", "Correct horse battery", "correct horse battery ", "correct horse", "x" * 5000, "\x00", "\ud800"):
        assert not await quick.verify(known, wrong)
        assert not await quick.verify(None, wrong)
    assert not await quick.verify("nonsense", "correct horse battery")


async def test_the_same_characters_from_another_keyboard_are_the_same_password(quick: Passwords) -> None:
    known = await quick.hash(unicodedata.normalize("NFC", "Zoë und Ångström"))
    assert await quick.verify(known, unicodedata.normalize("NFD", "Zoë und Ångström"))


async def test_the_whole_password_counts(quick: Passwords) -> None:
    known = await quick.hash("a" * passwords.LONGEST)
    assert not await quick.verify(known, "a" * (passwords.LONGEST + 1))
    assert not await quick.verify(known, "a" * (passwords.LONGEST - 1))


async def test_an_unknown_account_takes_as_long_as_a_known_one(hasher: Passwords) -> None:
    known = await hasher.hash("correct horse battery")
    times: dict[str | None, list[float]] = {known: [], None: []}
    for _ in range(30):
        for which, taken in times.items():
            started = time.perf_counter()
            assert not await hasher.verify(which, "something else")
            taken.append(time.perf_counter() - started)
    real, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.5 < unknown / real < 2


async def test_a_hash_made_with_other_parameters_is_outdated(hasher: Passwords, quick: Passwords) -> None:
    old = await quick.hash("correct horse battery")
    assert await hasher.verify(old, "correct horse battery")
    assert hasher.is_outdated(old)
    assert hasher.is_outdated("nonsense")
    assert not hasher.is_outdated(await hasher.hash("correct horse battery"))


async def test_more_than_can_be_done_soon_are_told_to_come_back_and_the_next_is_served() -> None:
    hasher = Passwords(threads=1, waiting=2)
    answers = await asyncio.gather(*(hasher.hash("correct horse") for _ in range(10)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert len(refused) == 7
    assert {answer.code for answer in refused} == {ErrorCode.SERVER_BUSY}
    assert await hasher.hash("correct horse")
    hasher.close()


async def test_one_who_gives_up_makes_room_only_when_the_thread_is_free() -> None:
    hasher = Passwords(memory=64, time=1, threads=1, waiting=0)
    going, go = threading.Event(), threading.Event()

    def work() -> None:
        going.set()
        go.wait(30)

    waiting = asyncio.ensure_future(hasher._run(work))
    while not going.is_set():
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(Unavailable):
        await hasher.hash("correct horse")
    go.set()
    deadline = time.monotonic() + 10
    while True:
        try:
            await hasher.hash("correct horse")
            break
        except Unavailable:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
    hasher.close()


async def test_nobody_waits_for_ever_and_one_who_waited_too_long_leaves_the_queue() -> None:
    hasher = Passwords(memory=64, time=1, threads=1, waiting=1, deadline=0.2)
    go = threading.Event()
    stuck = asyncio.ensure_future(hasher._run(lambda: go.wait(30)))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as raised:
        await hasher.hash("correct horse")
    assert raised.value.code == ErrorCode.SERVER_BUSY
    with pytest.raises(Unavailable):
        await stuck
    go.set()
    hasher.close()
    patient = Passwords(memory=64, time=1, threads=1, waiting=1)
    assert await patient.hash("correct horse")
    patient.close()


async def test_the_loop_goes_on_while_passwords_are_hashed(hasher: Passwords) -> None:
    work = asyncio.gather(*(hasher.hash("correct horse") for _ in range(10)))
    turns = 0
    while not work.done():
        await asyncio.sleep(0)
        turns += 1
    await work
    assert turns > 20


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "1234567",
        "x" * 1025,
        "aaaaaaaaaaaa",
        "Streamer1",
        "\u00ff" * 9,
        "password1",
        "PassWord1",
        "iloveyou",
        "qwertyuiop",
        "\N{FULLWIDTH LATIN SMALL LETTER P}assword",
    ],
)
def test_what_everybody_would_guess_is_refused(password: str) -> None:
    with pytest.raises(BadInput) as raised:
        passwords.check(password, about=("streamer1", "me@example.org"))
    assert raised.value.code == ErrorCode.PASSWORD_UNFIT
    assert not password or password not in raised.value.detail


def test_few_good_passwords_are_taken_for_common_ones() -> None:
    taken = sum(is_common(f"a good one, number {number}") for number in range(20_000))
    assert taken < 60


@given(st.lists(st.text(min_size=8, max_size=20), min_size=1, max_size=30))
def test_a_filter_contains_all_it_was_made_of(words: list[str]) -> None:
    data = build(words)
    assert all(_contains(data, folded(word)) for word in words if len(folded(word)) >= 8)


@given(st.text(min_size=16, max_size=100))
def test_any_script_and_any_character_may_be_in_a_password(text: str) -> None:
    assert passwords._prepared(text)
    if len(set(folded(text))) == 1 or is_common(text) or len(unicodedata.normalize("NFKC", text)) < passwords.SHORTEST:
        with pytest.raises(BadInput):
            passwords.check(text)
    else:
        passwords.check(text)
