"""Terms a team blocks, holds and permits: thousands are looked for at once. Pure.

A literal or wildcard is looked for in a message's lines (see :mod:`chat.normalise`), so that it is found however it is written; an
expression in the text as it stands, with case, width and look-alikes folded. What a permitted term covers is not looked at.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from chat.expressions import Expression, Many, Unfit, compiled
from chat.normalise import Normal, fold, shortened, unmixed, words
from storage.model.chat import TermEffect, TermForm
from storage.model.errors import BadInput, Conflict, ErrorCode

LONGEST_TERM = 200
"""Characters."""
MOST_TERMS = 5000
"""Of one channel."""
MOST_STEPS = 500
"""A character may cost one expression or wildcard; and all of a channel together :data:`MOST_STEPS_TOGETHER`."""
MOST_STEPS_TOGETHER = 1500
SHORTEST_WILDCARD = 2
"""Letters and digits a wildcard has."""

_BETWEEN = "[^ \n]"
_VOWELS = "aeiouy"
_JOINS = "-'\u2019._"
_COVERED = " \x00 "


@dataclass(frozen=True, slots=True)
class Term:
    """What to look for, and what becomes of a message that has it."""

    form: TermForm
    text: str
    effect: TermEffect


@dataclass(frozen=True, slots=True)
class Found:
    """The texts of the terms that were found."""

    block: tuple[str, ...] = ()
    hold: tuple[str, ...] = ()


NOTHING_FOUND = Found()


def checked(term: Term) -> Term:
    """A term that can be one. Raises ``BadInput(TERM_INVALID)``."""
    if not term.text.strip() or len(term.text) > LONGEST_TERM:
        raise BadInput(ErrorCode.TERM_INVALID, f"A term has 1 to {LONGEST_TERM} characters.")
    if not fold(term.text).strip():
        raise BadInput(ErrorCode.TERM_INVALID, "There is nothing to see in the term.")
    if term.form is TermForm.WILDCARD and sum(map(str.isalnum, fold(term.text))) < SHORTEST_WILDCARD:
        raise BadInput(ErrorCode.TERM_INVALID, f"Beside its wildcards the term needs {SHORTEST_WILDCARD} letters or digits.")
    try:
        found = compiled(pattern(term))
    except Unfit as error:
        raise BadInput(ErrorCode.TERM_INVALID, f"The expression can't be read: {error}.") from None
    if found.search("") is not None:
        raise BadInput(ErrorCode.TERM_INVALID, "The term would be found in every message.")
    if _is_costly(term) and found.programsize > MOST_STEPS:
        raise BadInput(ErrorCode.TERM_INVALID, "The term is too large.")
    return term


def check_together(terms: Sequence[Term]) -> None:
    """That a channel's terms are not too many. Raises ``Conflict(LIMIT_REACHED)``."""
    if len(terms) > MOST_TERMS:
        raise Conflict(ErrorCode.LIMIT_REACHED, f"A channel has at most {MOST_TERMS} terms.", limit=MOST_TERMS)
    if sum(compiled(pattern(term)).programsize for term in terms if _is_costly(term)) > MOST_STEPS_TOGETHER:
        raise Conflict(
            ErrorCode.LIMIT_REACHED, "The channel's expressions and wildcards are too large together.", limit=MOST_STEPS_TOGETHER
        )


def _is_costly(term: Term) -> bool:
    """Whether its cost grows with what it holds: literals, and wildcards at the ends, are found in one step."""
    return term.form is TermForm.EXPRESSION or (term.form is TermForm.WILDCARD and bool(re.search(r"[*?]", term.text.strip("*"))))


def pattern(term: Term) -> str:
    """The expression that finds a term."""
    if term.form is TermForm.EXPRESSION:
        return term.text
    return spelling(term.text, wildcards=term.form is TermForm.WILDCARD)


@lru_cache(maxsize=20_000)
def spelling(text: str, *, wildcards: bool = False, stretch: bool = False) -> str:
    """The expression that finds a word or phrase in a message's lines.

    Where a letter stands once it may stand three times: ``god`` is not ``good``, but ``goood``. With ``stretch`` vowels and the last
    letter may stand twice too.
    """
    folded = " ".join(unmixed(fold(text)).split())
    open_start, open_end = wildcards and folded.startswith("*"), wildcards and folded.endswith("*")
    core = folded.strip("*") if wildcards else folded
    signs = "?*" if wildcards else ""
    if any(not (one.isalnum() or one in _JOINS or one in signs or one == " ") for one in core) or not words(core).strip():
        return _verbatim(shortened(" ".join(fold(text).split())).strip(signs[1:]), signs)
    core = core.strip(_JOINS + " ")
    runs = [(letter, len(list(run))) for letter, run in groupby(core)]
    parts = "".join(
        _part(letter, size, signs, stretch=stretch and (letter in _VOWELS or at == len(runs))) for at, (letter, size) in enumerate(runs, 1)
    )
    start = "" if open_start or _is_unspaced(core[:1]) else "(?:^| )"
    end = "" if open_end or _is_unspaced(core[-1:]) or _is_hangul(core[-1:]) else "(?: |$)"
    return f"(?m:{start}{parts}{end})"


def _part(letter: str, size: int, signs: str, *, stretch: bool) -> str:
    if letter in signs:
        return f"{_BETWEEN}*" if letter == "*" else f"{_BETWEEN}{{{size}}}"
    if letter in _JOINS:
        return " ?"
    if letter == " ":
        return " "
    if size == 1:
        return f"{letter}{{1,3}}" if stretch else f"{letter}(?:{letter}{letter})?"
    return f"{letter}{{{min(size, 3)},}}"


def _verbatim(core: str, signs: str) -> str:
    """What has signs in it is looked for as it stands."""
    parts = "".join(_wild(one) if one in signs else _escaped(one) for one in core)
    start = r"(?:^|[^\pL\pN])" if core[:1].isalnum() else ""
    end = r"(?:$|[^\pL\pN])" if core[-1:].isalnum() else ""
    return f"(?m:{start}{parts}{end})"


def _wild(sign: str) -> str:
    return f"{_BETWEEN}*" if sign == "*" else _BETWEEN


def _escaped(one: str) -> str:
    return one if one.isalnum() or one == " " or not one.isascii() else f"\\x{ord(one):02x}"


_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")


def _is_unspaced(letter: str) -> bool:
    """Whether it is of a script that writes no spaces between words."""
    return bool(_UNSPACED.match(letter))


def _is_hangul(letter: str) -> bool:
    """Korean words are followed by particles."""
    return "\uac00" <= letter <= "\ud7a3"


class Terms:
    """A channel's terms, made ready. What can't be compiled (an older release took it) is left out."""

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        kept = [term for term in dict.fromkeys(terms) if _compiles(term)]
        sought = [term for term in kept if term.effect is not TermEffect.PERMIT]
        self._spelt = tuple(term for term in sought if term.form is not TermForm.EXPRESSION)
        self._typed = tuple(term for term in sought if term.form is TermForm.EXPRESSION)
        self._in_lines = Many(tuple(map(pattern, self._spelt)))
        self._in_text = Many(tuple(map(pattern, self._typed)))
        self._permits = _permits([term for term in kept if term.effect is TermEffect.PERMIT])

    def __bool__(self) -> bool:
        return bool(self._spelt or self._typed)

    def find(self, text: Normal) -> Found:
        """What is in a message."""
        found = self._look(text)
        return self._look(self.uncovered(text)) if found is not NOTHING_FOUND and self._permits else found

    def uncovered(self, text: Normal) -> Normal:
        """The message without what permitted terms cover."""
        folded, lines = text.folded, text.lines
        for permit in self._permits:
            # Twice, since neighbours share the space between them.
            for _ in range(2):
                folded, lines = permit.sub(_COVERED, folded), permit.sub(_COVERED, lines)
        return Normal(folded, lines)

    def _look(self, text: Normal) -> Found:
        found: list[Term] = []
        if self._in_lines:
            found += [self._spelt[index] for index in self._in_lines.find(f"{text.folded}\n{text.lines}")]
        if self._in_text:
            found += [self._typed[index] for index in self._in_text.find(text.folded)]
        if not found:
            return NOTHING_FOUND
        return Found(
            tuple(term.text for term in found if term.effect is TermEffect.BLOCK),
            tuple(term.text for term in found if term.effect is TermEffect.HOLD),
        )


def _compiles(term: Term) -> bool:
    if term.form is TermForm.LITERAL:
        return bool(fold(term.text).strip())
    try:
        checked(term)
    except BadInput:
        return False
    return True


def _permits(terms: Sequence[Term]) -> tuple[Expression, ...]:
    expressions = tuple(map(_covering, terms))
    return tuple(compiled("|".join(expressions[at : at + 500]), memory=8 << 20) for at in range(0, len(expressions), 500))


def _covering(term: Term) -> str:
    """A permit covers its words wherever they stand, in the text as typed too."""
    edge = r"(?:^|$|[^\pL\pN])"
    if term.form is TermForm.EXPRESSION:
        return f"(?:{term.text})"
    return pattern(term).replace("(?:^| )", edge).replace("(?: |$)", edge)


NO_TERMS = Terms()
