import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.normalise import LONGEST, LONGEST_RUN, fold, key, normal, unmasked
from tests.chat.nasty import NASTY

ANY_TEXT = st.text(st.characters(), max_size=600)
SAYS_FROG = [
    "frog",
    "FROG",
    "Fróg",
    "ＦＲＯＧ",  # noqa: RUF001 - full width
    "fr\u043eg",
    "f\U0001d4fb\U0001d4f8g",
    "\U0001f1eb\U0001f1f7\U0001f1f4\U0001f1ec",
    "\U0001f175\U0001f181\U0001f17e\U0001f176",
    "\u24d5\u24e1\u24de\u24d6",
    "f\u200br\u00ado\u2060g",
    "f\u0336r\u0336o\u0336g\u0336",
    "fr0g",
    "f.r.o.g",
    "f-r-o-g",
    "f_r_o_g",
    "f r o g",
    "F R 0 G",
    "f*r*o*g",
    "(frog)!!",
    "#frog",
    "frog,frog",
    "\u0192rog",
]
SAYS_NO_FROG = ["", "fog", "froq", "f rog", "for g", "frogs", "bullfrog", "of rogue", "0 1 2 3", "frug?"]


@pytest.mark.parametrize("text", SAYS_FROG)
def test_a_word_is_found_however_it_is_written(text: str) -> None:
    assert " frog " in normal(text).lines


@pytest.mark.parametrize("text", SAYS_NO_FROG)
def test_another_word_is_not(text: str) -> None:
    assert " frog " not in normal(text).lines


def test_what_is_really_written_in_another_script_is_left_in_it() -> None:
    assert "cop" not in normal("\u0432\u0435\u0441\u044c \u044d\u0442\u043e\u0442 \u0441\u043e\u0440 \u0432 \u0443\u0433\u043b\u0443").lines
    assert "cop" in normal("\u0441\u043e\u0440").lines


@pytest.mark.parametrize("number", ["455", "a55", "5417", "12:15", "1.234,50", "80085"])
def test_a_number_is_a_number(number: str) -> None:
    assert not any(word in normal(number).lines for word in ("ass", "shit", "boobs"))


def test_long_runs_say_no_more_than_three() -> None:
    assert normal("f" + "r" * 300 + "og").lines == normal("f" + "r" * LONGEST_RUN + "og").lines


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nothing_is_too_nasty(text: str) -> None:
    forms = normal(text)
    assert len(forms.lines) <= 8 * (LONGEST + 2)
    forms.lines.encode()
    key(text).encode()


@settings(deadline=None)
@given(ANY_TEXT)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(ANY_TEXT)
def test_unmasking_twice_is_unmasking_once(text: str) -> None:
    once = unmasked(fold(text))
    assert unmasked(once) == once


@settings(deadline=None)
@given(ANY_TEXT)
def test_every_line_begins_and_ends_with_a_space_and_holds_single_ones(text: str) -> None:
    for line in normal(text).lines.split("\n"):
        assert line.startswith(" ")
        assert line.endswith(" ")
        assert "   " not in line


@settings(deadline=None)
@given(ANY_TEXT)
def test_keys_do_not_change_with_case_spaces_or_punctuation(text: str) -> None:
    assert key(f" {text} ") == key(text)
    assert key(f"{text}!") == key(text) or not key(text)
