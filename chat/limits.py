"""What is odd in how a message is written: capitals, signs, repetition, marks, mentions, hidden characters. Pure."""

import re
import unicodedata
from collections.abc import Iterator

from chat.normalise import INVISIBLE
from storage.chat.settings import Automod

FEWEST = 8
"""Letters or characters below which a share of them says nothing."""
MOST_HIDDEN = 2
"""Invisible characters between letters that are nobody's doing."""

_MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9](?:[A-Za-z0-9_-]{0,30}[A-Za-z0-9])?)")
_RUN = re.compile(r"(\S)\1+")
_SIGN = re.compile(r"[^\w\s]|_")
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
# Marks that turn what follows around: what is read is not what is there.
_OVERRIDES = re.compile("[\u202d\u202e]")
_CONTROLS = re.compile("[\x01-\x08\x0b-\x1f\x7f-\x9f]")
_TAGS = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f\u200e\u200f\u061c\u2066\u2067\u2068\u2069\u202a\u202b\u202c")
# Nobody can write these, and not everything can keep them: half characters, the null character, what is no character.
_IMPOSSIBLE = re.compile("[\x00\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def is_impossible(text: str) -> bool:
    """Whether a text has what can't be kept as text."""
    return _IMPOSSIBLE.search(text) is not None


def is_blank(text: str) -> bool:
    """Whether there is nothing to see."""
    return all(one.isspace() or one in INVISIBLE or unicodedata.category(one) in {"Cc", "Mn"} for one in text)


def mentions(text: str) -> tuple[str, ...]:
    """The account names a text addresses with ``@``, each once, in order."""
    return tuple(dict.fromkeys(name.lower() for name in _MENTION.findall(text))) if "@" in text else ()


def excesses(text: str, limits: Automod) -> Iterator[str]:
    """Names of the limits a message is over, but for ``repeats``, which is counted once for more than this."""
    if limits.capitals_percent and _over(sum(map(str.isupper, text)), sum(map(str.isalpha, text)), limits.capitals_percent):
        yield "capitals"
    if limits.symbols_percent and _over(_signs(text), sum(not one.isspace() for one in text), limits.symbols_percent):
        yield "symbols"
    if limits.marks and not text.isascii() and marks(text) > limits.marks:
        yield "marks"
    if limits.mentions and "@" in text and len(mentions(text)) > limits.mentions:
        yield "mentions"


def _over(part: int, whole: int, percent: int) -> bool:
    return whole >= FEWEST and 100 * part > percent * whole


def _signs(text: str) -> int:
    found = _SIGN.findall(text)
    # Marks are parts of letters in many scripts.
    return len(found) if text.isascii() else sum(unicodedata.category(one) not in {"Mn", "Mc", "Cf"} for one in found)


def repeats(text: str) -> int:
    """How often a character or word comes in a row at most."""
    most = max((len(run[0]) for run in _RUN.finditer(text)), default=1 if text.strip() else 0)
    before, count = "", 0
    for word in text.casefold().split():
        count = count + 1 if word == before else 1
        before = word
        most = max(most, count)
    return most


def marks(text: str) -> int:
    """How many combining marks one character carries at most."""
    apart = unicodedata.normalize("NFD", text)
    return max((len(run[0]) for run in _MARKS.finditer(apart)), default=0)


def hides(text: str) -> bool:
    """Whether a text has characters that serve only to hide or turn around what it says."""
    if text.isascii():
        return _CONTROLS.search(text) is not None
    if _OVERRIDES.search(text) or _CONTROLS.search(text):
        return True
    hidden = 0
    text = _TAGS.sub("", text)
    for at, one in enumerate(text):
        if one in INVISIBLE and not (one in _JOINERS and _belongs(text, at)):
            hidden += 1
    return hidden > MOST_HIDDEN


def _belongs(text: str, at: int) -> bool:
    """Whether a joiner or direction stands where its script or an emoji needs it: not between two Latin letters or digits."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    crowded = before in INVISIBLE and text[at - 2 : at - 1] in INVISIBLE
    return not crowded and not (_is_plain(before) and _is_plain(after))


def _is_plain(one: str) -> bool:
    return one.isascii() and one.isalnum()
