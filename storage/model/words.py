"""The words a channel is found by, folded so that case, accents and width do not matter."""

import re
import unicodedata
from collections.abc import Iterable

LONGEST_WORD = 40
"""Characters kept of a word."""
MOST_WORDS = 60
"""Words of one channel."""
MOST_SEARCHED = 5
"""Words of a search; the others are ignored."""

_WORD = re.compile(r"\w+")


def fold(text: str) -> str:
    """``Größe`` and ``GROSSE`` become ``grosse``."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))


def words(texts: Iterable[str]) -> tuple[str, ...]:
    """The folded words of texts, each once, in order."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _WORD.findall(fold(text).replace("_", " ")):
            found.setdefault(word[:LONGEST_WORD])
    return tuple(found)[:MOST_WORDS]


def after_prefix(prefix: str) -> str:
    """The smallest text that is greater than every word that begins with ``prefix``, in order of code points."""
    return prefix + "\U0010ffff"
