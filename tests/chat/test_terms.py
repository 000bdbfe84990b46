import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.normalise import normal
from chat.terms import LONGEST_TERM, MOST_TERMS, NOTHING_FOUND, Term, Terms, check_together, checked
from storage.model.chat import TermEffect, TermForm
from storage.model.errors import BadInput, Conflict, ErrorCode
from tests.chat.nasty import NASTY


def literal(text: str, effect: TermEffect = TermEffect.BLOCK) -> Term:
    return Term(TermForm.LITERAL, text, effect)


def wildcard(text: str, effect: TermEffect = TermEffect.BLOCK) -> Term:
    return Term(TermForm.WILDCARD, text, effect)


def expression(text: str, effect: TermEffect = TermEffect.BLOCK) -> Term:
    return Term(TermForm.EXPRESSION, text, effect)


FINDS = [
    (literal("frog"), "a FROG!"),
    (literal("Frog"), "f.r.o.g"),
    (literal("frog"), "f r 0 g"),
    (literal("frog"), "froooooog"),
    (literal("frog"), "fr\u043eg"),
    (literal("fr\u043eg"), "frog"),
    (literal("bad phrase"), "such a bad  phrase."),
    (literal("mother-flower"), "motherflower"),
    (literal("mother-flower"), "mother flower"),
    (literal("c++"), "I like C++ much"),
    (literal("\U0001f346"), "eat \U0001f346\U0001f346"),
    (literal("蛙"), "我爱蛙吗"),
    (literal("개구리"), "개구리는"),
    (literal("лягушка"), "ЛЯГУШКА прыгает"),
    (literal("größe"), "GROSSE"),
    (wildcard("*frog"), "bullfrog"),
    (wildcard("frog*"), "frogs"),
    (wildcard("*frog*"), "bullfrogs"),
    (wildcard("f?og"), "flog"),
    (wildcard("f*g"), "fishing"),
    (expression(r"^buy\b.*now"), "Buy it NOW"),
    (expression(r"\d{5,}"), "call 123456"),
    (expression(r"(a+)+$"), "aaaa"),
]
FINDS_NOT = [
    (literal("frog"), "frogs"),
    (literal("god"), "good"),
    (literal("ass"), "class as"),
    (literal("bad phrase"), "bad of phrase"),
    (literal("c++"), "c c# c"),
    (literal("\u0441\u043e\u0440"), "a cop"),
    (wildcard("f?og"), "fog"),
    (wildcard("f*g"), "fish egg"),
    (wildcard("frog*"), "bullfrog"),
    (expression(r"^buy"), "please buy"),
]


@pytest.mark.parametrize(("term", "text"), FINDS)
def test_a_term_is_found(term: Term, text: str) -> None:
    assert Terms([term]).find(normal(text)).block == (term.text,)


@pytest.mark.parametrize(("term", "text"), FINDS_NOT)
def test_a_term_is_not_found_in_something_else(term: Term, text: str) -> None:
    assert Terms([term]).find(normal(text)) is NOTHING_FOUND


@pytest.mark.parametrize(
    ("permit", "text", "blocked"),
    [
        (literal("peacock", TermEffect.PERMIT), "a peacock, peacock peacock!", False),
        (literal("peacock", TermEffect.PERMIT), "a peacock and a hancock", True),
        (wildcard("cockpit*", TermEffect.PERMIT), "in Cockpits", False),
        (expression(r"hand?cock", TermEffect.PERMIT), "hancock", False),
        (literal("other", TermEffect.PERMIT), "hancock", True),
    ],
)
def test_what_a_permit_covers_is_let_alone(permit: Term, text: str, *, blocked: bool) -> None:
    terms = Terms([wildcard("*cock*"), expression("c.ck"), permit])
    assert bool(terms.find(normal(text)).block) == blocked


def test_block_and_hold_are_told_apart() -> None:
    terms = Terms([literal("frog"), literal("toad", TermEffect.HOLD), expression("newt", TermEffect.HOLD)])
    found = terms.find(normal("toad, frog, newt"))
    assert (found.block, set(found.hold)) == (("frog",), {"toad", "newt"})


@pytest.mark.parametrize(
    "term",
    [
        literal(""),
        literal("  "),
        literal("\u200b"),
        literal("x" * (LONGEST_TERM + 1)),
        wildcard("*"),
        wildcard("*a*"),
        wildcard("?" * 20),
        expression("("),
        expression("a*"),
        expression(".*"),
        expression("|b"),
        expression(r"(a)\1"),
        expression("(?=a)"),
        expression(r"\pL{100}"),
        expression("(a{1,100}){1,100}"),
        expression(r"(x[^y]{1,200}){1,4}z"),
        expression("\ud800"),
    ],
)
def test_what_can_not_be_a_term_is_refused(term: Term) -> None:
    with pytest.raises(BadInput) as caught:
        checked(term)
    assert caught.value.code is ErrorCode.TERM_INVALID
    assert Terms([term]).find(normal("some text")) is NOTHING_FOUND


@pytest.mark.parametrize("term", [term for term, _ in FINDS + FINDS_NOT])
def test_what_is_found_can_be_a_term(term: Term) -> None:
    assert checked(term) == term


def test_a_channels_terms_are_bounded_in_number_and_in_cost() -> None:
    check_together([literal(f"word{number}") for number in range(MOST_TERMS)])
    with pytest.raises(Conflict):
        check_together([literal(f"word{number}") for number in range(MOST_TERMS + 1)])
    with pytest.raises(Conflict):
        check_together([expression(f"{number}[a-z]{{1,50}}x") for number in range(100)])


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nasty_texts_are_looked_through(text: str) -> None:
    Terms([term for term, _ in FINDS]).find(normal(text))


@settings(deadline=None)
@given(st.sampled_from(list(TermForm)), st.text(max_size=LONGEST_TERM), st.text(max_size=600))
def test_any_term_and_any_text_go_together(form: TermForm, term: str, text: str) -> None:
    Terms([Term(form, term, TermEffect.BLOCK), Term(form, term, TermEffect.PERMIT)]).find(normal(text))


@settings(deadline=None)
@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40))
def test_a_word_that_is_a_term_is_found_in_itself(word: str) -> None:
    term = literal(word)
    assert Terms([term]).find(normal(word)).block == (word,)


@settings(deadline=None)
@given(st.permutations([literal("frog"), literal("toad", TermEffect.HOLD), wildcard("n*t"), literal("newt", TermEffect.PERMIT)]))
def test_the_order_of_terms_changes_nothing(terms: list[Term]) -> None:
    found = Terms(terms).find(normal("frog toad newt nut"))
    assert (set(found.block), set(found.hold)) == ({"frog", "n*t"}, {"toad"})


def test_expressions_of_an_enemy_take_no_time_that_matters() -> None:
    terms = [checked(wildcard(f"*{letter}{'?' * 16}{letter}*")) for letter in "abcdefgh"]
    check_together(terms)
    ready = Terms(terms)
    text = normal("abcdefghijklmnop" * 31)
    began = time.process_time()
    for _ in range(20):
        ready.find(text)
    # A backtracking engine would take years; seconds stand for a slow machine.
    assert time.process_time() - began < 5
