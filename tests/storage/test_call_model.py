"""What the parts of a call may be."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.model.call import (
    CallRole,
    checked_life,
    checked_quality,
    checked_title,
)
from storage.model.errors import BadInput
from storage.model.ids import is_call_name, new_call_name
from storage.secrets import new_call_invite


def test_names_and_secrets_are_random() -> None:
    assert len({new_call_name() for _ in range(100)}) == len({new_call_invite() for _ in range(100)}) == 100
    assert all(is_call_name(new_call_name()) for _ in range(100))
    letters = {letter for _ in range(200) for letter in new_call_name()}
    assert len(letters) == 32


@pytest.mark.parametrize("text", ["", "a" * 25, "a" * 27, "A" * 26, "i" * 26, "../" + "a" * 23, "\x00" * 26])
def test_what_no_call_is_called(text: str) -> None:
    assert not is_call_name(text)


def test_a_title_is_trimmed_and_may_be_empty() -> None:
    assert (checked_title("  Tea "), checked_title(""), checked_title("x" * 100)) == ("Tea", "", "x" * 100)


@pytest.mark.parametrize("text", ["x" * 101, "two\nlines", "\x00", "\u202eturned"])
def test_what_no_title_is(text: str) -> None:
    with pytest.raises(BadInput):
        checked_title(text)


def test_an_invite_lasts_a_day_or_what_is_said() -> None:
    assert checked_life(None) == timedelta(days=1)
    assert (checked_life(1), checked_life(43_200)) == (timedelta(minutes=1), timedelta(days=30))
    for minutes in (0, -1, 43_201):
        with pytest.raises(BadInput):
            checked_life(minutes)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True), st.floats(-1e9, 1e9), max_size=16))
def test_a_quality_is_a_few_named_numbers(figures: dict[str, float]) -> None:
    assert checked_quality(figures) == pytest.approx(figures, abs=0.001)


@pytest.mark.parametrize(
    "figures",
    [
        {"": 1.0},
        {"A": 1.0},
        {"a b": 1.0},
        {"ä": 1.0},
        {"a" * 33: 1.0},
        {"a": float("inf")},
        {"a": float("nan")},
        {f"a{n}": 1.0 for n in range(17)},
    ],
)
def test_what_no_quality_is(figures: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        checked_quality(figures)


def test_host_and_co_host_direct() -> None:
    assert [role.may_direct for role in CallRole] == [True, True, False]
