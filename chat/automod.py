"""The built-in engine of automod: how bad a message is in each category, from nothing to 4. Pure, the same for the same message.

Words and phrases stand in ``chat/lists/words.*.txt`` under a category and how bad they are; spam is also told by how often the same
is said, by links and by floods of one character.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from chat.expressions import Expression, Many, compiled
from chat.normalise import Normal
from chat.terms import spelling
from storage.chat.settings import HIGHEST_LEVEL, Category

LISTS = ("words.en.txt", "words.other.txt")
REPETITIONS = ((5, 4), (3, 3), (2, 2))
"""So often the writer said the same a moment ago, and how bad that is."""
LINKS = ((5, 3), (3, 2))
FLOODS = ((200, 3), (80, 2), (30, 1))
"""So often one character comes in a row."""

_COVERED = " \x00 "


@dataclass(frozen=True, slots=True)
class Entry:
    """A word or phrase of a list."""

    category: Category
    severity: int
    text: str
    exception: bool = False


def entries(text: str) -> Iterator[Entry]:
    """What a list says. Raises ValueError where it is written wrongly."""
    category, severity = None, 0
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("#"):
            continue
        if line.startswith("["):
            name, number = line.strip("[]").split()
            category, severity = Category(name), int(number)
            if not 1 <= severity <= HIGHEST_LEVEL:
                raise ValueError(line)
            continue
        if category is None:
            raise ValueError(line)
        yield Entry(category, severity, line.removeprefix("!"), line.startswith("!"))


@cache
def listed() -> tuple[Entry, ...]:
    """All lists."""
    data = resources.files("chat").joinpath("lists")
    return tuple(entry for name in LISTS for entry in entries(data.joinpath(name).read_text("utf-8")))


@cache
def _engine() -> tuple[tuple[Entry, ...], Many, Expression]:
    """Made ready at first use: the words, all of them as one, and what is let alone."""
    sought = tuple(entry for entry in listed() if not entry.exception)
    spellings = tuple(spelling(entry.text, wildcards="*" in entry.text, stretch=True) for entry in sought)
    exceptions = "|".join(spelling(entry.text, wildcards="*" in entry.text) for entry in listed() if entry.exception)
    return sought, Many(spellings), compiled(exceptions)


def scores(text: Normal) -> dict[Category, int]:
    """How bad a message's words are; categories it has nothing of are left out."""
    sought, words, exceptions = _engine()
    found = words.find(text.lines)
    if found:
        found = words.find(exceptions.sub(_COVERED, text.lines))
    return worst((sought[index].category, sought[index].severity) for index in found)


def spam(*, said_before: int, links: int, repeats: int) -> int:
    """How much of spam there is in how a message is written: ``said_before`` is how often its writer said the same lately."""
    return max(_step(said_before, REPETITIONS), _step(links, LINKS), _step(repeats, FLOODS))


def _step(count: int, steps: Iterable[tuple[int, int]]) -> int:
    return next((severity for least, severity in steps if count >= least), 0)


def worst(found: Iterable[tuple[Category, int]]) -> dict[Category, int]:
    """Of each category the worst."""
    result: dict[Category, int] = {}
    for category, severity in found:
        result[category] = max(result.get(category, 0), severity)
    return result


def held_for(scores: Mapping[Category, int], levels: Mapping[Category, int]) -> tuple[Category, ...]:
    """The categories a message is held for: level 1 holds the worst only, level 4 everything that was found."""
    if not scores:
        return ()
    return tuple(
        category
        for category in Category
        if scores.get(category, 0) and levels.get(category, 0) and scores[category] + levels[category] > HIGHEST_LEVEL
    )
