import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.automod import entries, held_for, listed, scores, spam
from chat.normalise import normal, words
from storage.chat.settings import HIGHEST_LEVEL, Category
from tests.chat.nasty import NASTY

HARMLESS = """
hello|good god|class assassin|Scunthorpe|cockpit cocktail hancock peacock|a maine coon|sniggering|analysis|cumulative|title|dickens
Essex and Sussex|shell|therapist|grape|Matsushita|swastika|bass|pass it on|455 A55 5417|homo sapiens|summa cum laude|moby dick
weather cock|therapists|as if|il est tard|kkkkk|xxx mum|mongo db|see you tonight|that game was sick|kill the boss|I die here
shoot him in the head|the dragon burns|bonner|Penistone|retardant|paella|spice|raccoon
"""


@pytest.mark.parametrize("text", HARMLESS.replace("\n", "|").strip("|").split("|"))
def test_harmless_words_are_let_alone(text: str) -> None:
    assert {category: score for category, score in scores(normal(text)).items() if score >= 2} == {}


@pytest.mark.parametrize(
    "text", ["kys", "k y s", "K.Y.S", "ky5", "k\u200by\u200bs", "kyss", "just kill   yourself!", "kill your5elf", "k\u0456ll yourself"]
)
def test_threats_are_found_however_they_are_written(text: str) -> None:
    assert scores(normal(text))[Category.HARASSMENT] == 4


@pytest.mark.parametrize(
    "text", ["sh!t", "5h1t", "$hit", "s.h.i.t", "shiiiit", "sh\u0456t", "\uff33\uff28\uff29\uff34", "Scheiße", "kurwa", "MIERDA", "сука"]
)
def test_profanity_is_found_however_it_is_written(text: str) -> None:
    assert scores(normal(text))[Category.PROFANITY] >= 2


def test_every_entry_of_the_lists_is_found_in_itself() -> None:
    for entry in listed():
        if not entry.exception:
            found = scores(normal(entry.text.replace("*", "")))
            assert found.get(entry.category, 0) >= entry.severity, entry


def test_the_lists_hold_what_they_are_compared_with() -> None:
    for entry in listed():
        assert words(entry.text.lower().replace("*", "x")).strip() or not entry.text.isascii(), entry


def test_a_list_written_wrongly_is_told() -> None:
    for text in ("word", "[hate 5]\nword", "[love 1]\nword", "[hate]\nword"):
        with pytest.raises(ValueError, match=r"."):
            list(entries(text))


@pytest.mark.parametrize(
    ("said_before", "links", "repeats", "expected"), [(0, 0, 0, 0), (2, 0, 0, 2), (5, 0, 0, 4), (0, 3, 0, 2), (0, 0, 250, 3), (1, 2, 20, 0)]
)
def test_saying_the_same_again_and_again_is_spam(said_before: int, links: int, repeats: int, expected: int) -> None:
    assert spam(said_before=said_before, links=links, repeats=repeats) == expected


@pytest.mark.parametrize("level", range(HIGHEST_LEVEL + 1))
@pytest.mark.parametrize("score", range(HIGHEST_LEVEL + 1))
def test_each_level_holds_one_grade_more(level: int, score: int) -> None:
    held = bool(held_for({Category.HATE: score}, {Category.HATE: level}))
    assert held == (score > 0 and level > 0 and score > HIGHEST_LEVEL - level)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(Category), st.integers(0, 4)), st.dictionaries(st.sampled_from(Category), st.integers(0, 4)))
def test_the_order_of_categories_changes_nothing(found: dict[Category, int], levels: dict[Category, int]) -> None:
    assert held_for(found, levels) == held_for(dict(reversed(found.items())), dict(reversed(levels.items())))


@settings(deadline=None)
@given(st.text(max_size=500))
def test_the_same_text_always_scores_the_same(text: str) -> None:
    assert scores(normal(text)) == scores(normal(text))


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nasty_texts_are_scored(text: str) -> None:
    scores(normal(text))
