"""What a text says behind how it is written: pure, deterministic, and the same for a term and for a message.

Case, width, accents, invisible characters and look-alikes are folded; then a message is spelt out in a few ways, a line each, so that
``f.r.o.g``, ``f r o g``, ``fr0g`` and ``froooog`` all hold the word they mean. Every line begins and ends with a space, and words have
one between them: a whole word is found by a plain search.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

LONGEST = 4096
"""Characters of a text that are looked at."""
LONGEST_RUN = 3
"""The same character more often in a row says no more."""
_PASSES = 4

# Unicode's Default_Ignorable_Code_Point, and what is drawn as nothing.
_IGNORED = (
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xD800, 0xDFFF),
    (0xE0000, 0xE0FFF),
)
INVISIBLE = frozenset(chr(code) for first, last in _IGNORED for code in range(first, last + 1))
_INVISIBLE = re.compile("[" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _IGNORED) + "]")
# Accents of letters, not the vowels of scripts that write them as marks.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\u0640]")
_RUN = re.compile(rf"(.)\1{{{LONGEST_RUN},}}", re.DOTALL)
_NO_WORD = re.compile(r"[^\w]|_")
_SPELT = re.compile(r"(?<!\S)\S(?: \S){2,}(?!\S)")
_SIGN = re.compile(r"[^\w ]|_")
_AMBIGUOUS = re.compile(r"[1|!]")
_LETTER = re.compile(r"[^\W\d_]")
_PLAIN = re.compile(r"[a-z ]*")
_EDGES = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum() and chr(code) not in "@$")
_LEET = str.maketrans("01345789@$!|+", "oieastbgasilt")
_LEET_L = str.maketrans("01345789@$!|+", "oleastbgasllt")


@dataclass(frozen=True, slots=True)
class Normal:
    """A text's forms: ``folded`` as it was typed, punctuation and all, and ``lines`` of words."""

    folded: str
    lines: str


@cache
def _looks() -> dict[int, str]:
    """What characters look like."""
    table: dict[int, str] = {}
    for line in resources.files("chat").joinpath("lists", "confusables.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            look, *codes = line.split(" ")
            table |= {int(code, 16): look for code in codes}
    return table


@cache
def _latin_looks() -> dict[int, str]:
    """Of these only Latin letters, which mean the letter in any company, and signs, which are of no script."""
    return {code: look for code, look in _looks().items() if not chr(code).isalpha() or unicodedata.name(chr(code), "").startswith("LATIN")}


def fold(text: str) -> str:
    """Case, width, accents and invisible characters apart, a text says this. What is folded stays as it is when it is folded again."""
    text = text[:LONGEST]
    if text.isascii():
        return text.lower()
    for _ in range(_PASSES):
        before = text
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
        text = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFD", text))).translate(_latin_looks())
        text = text[:LONGEST]
        if text == before:
            break
    return text


def unmasked(folded: str) -> str:
    """A folded text with letters of other scripts as the Latin ones they look like, where they stand for those.

    They do in a word that has Latin letters too, and in a text whose letters all look like Latin ones: what is really written in
    another script has some that do not.
    """
    if folded.isascii():
        return folded
    looks = _looks()
    foreign = [one for one in folded if not one.isascii() and one.isalpha()]
    if not foreign:
        return folded
    if all(ord(one) in looks for one in foreign):
        return folded.translate(looks)
    return unmixed(folded)


def unmixed(folded: str) -> str:
    """A folded text with each word of one script, where some of its letters are Latin ones."""
    if folded.isascii():
        return folded
    return " ".join([word.translate(_looks()) if _is_mixed(word) else word for word in folded.split(" ")])


def _is_mixed(word: str) -> bool:
    return not word.isascii() and any(one.isascii() and one.isalpha() for one in word)


def shortened(text: str) -> str:
    """Long runs of one character made three."""
    return _RUN.sub(lambda run: run[1] * LONGEST_RUN, text)


def words(folded: str) -> str:
    """A folded text's words, a space before, between and after them."""
    return f" {' '.join(_NO_WORD.sub(' ', folded).split())} "


def normal(text: str) -> Normal:
    """A message's forms."""
    folded = " ".join(shortened(fold(text)).split())
    return Normal(folded, "\n".join(dict.fromkeys(_lines(folded))))


def _lines(folded: str) -> Iterator[str]:
    first = words(folded)
    yield first
    yield _together(first)
    if _PLAIN.fullmatch(folded):
        return
    bare = shortened(unmasked(folded))
    if bare != folded:
        yield words(bare)
    tables = (_LEET, _LEET_L) if _AMBIGUOUS.search(bare) else (_LEET,)
    for form in dict.fromkeys((bare, _together(bare))):
        for table in tables:
            read = " ".join([_read(word, table) for word in form.split(" ")])
            yield words(read)
            yield words(_SIGN.sub("", read))


def _together(line: str) -> str:
    """With letters that stand alone drawn together."""
    return _SPELT.sub(lambda run: run[0].replace(" ", ""), line)


def _read(word: str, table: dict[int, int]) -> str:
    """A word with the letters that its digits and signs stand for. A number is one, and so is what has more digits than letters."""
    word = word.strip(_EDGES)
    if word.isalpha() or not _LETTER.search(word):
        return word
    digits = sum(map(str.isdecimal, word))
    if 2 * digits > len(word):
        return word
    return word.translate(table)


def key(text: str) -> str:
    """The same for texts that say the same: for unique-chat and for repetition. Emoji count."""
    if text.isascii():
        said = text[:LONGEST].lower().encode().translate(None, _BLANK_BYTES).decode()
    else:
        said = _BLANK.sub("", unmasked(fold(text)))
    return _KEY.sub(r"\1", said)


_KEY = re.compile(r"(.)\1+", re.DOTALL)
_BLANK_BYTES = bytes(one for one in range(128) if not chr(one).isalnum() and (chr(one).isprintable() or chr(one).isspace()))
_BLANK = re.compile(r"[\s\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e]+")
