"""Passwords everybody tries first: a Bloom filter of those that leaked most often. See docs/accounts.md for its source."""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path

FILE = Path(__file__).parent / "common-passwords.bloom"
MAGIC = b"FLBLOOM1"
PROBES = 10
BITS_EACH = 14.4
"""Of the filter for each password: with ten probes one in a thousand others is taken for a common one."""

_SHORTEST_LISTED = 8


def is_common(password: str) -> bool:
    """Whether a password is among the common ones, whatever its case."""
    return _contains(_filter(), folded(password))


def folded(password: str) -> str:
    """The form in which passwords are compared with the list."""
    return unicodedata.normalize("NFKC", password).casefold()


def build(passwords: Sequence[str]) -> bytes:
    """The filter of a list of passwords: a magic word, then the bits."""
    words = {word for password in passwords if len(word := folded(password)) >= _SHORTEST_LISTED}
    bits = bytearray(-(-int(len(words) * BITS_EACH) // 8) or 1)
    for word in words:
        for place in _places(word, len(bits) * 8):
            bits[place >> 3] |= 1 << (place & 7)
    return MAGIC + bytes(bits)


@cache
def _filter() -> bytes:
    data = FILE.read_bytes()
    assert data.startswith(MAGIC), "another kind of file"
    return data


def _contains(data: bytes, word: str) -> bool:
    return all(data[len(MAGIC) + (place >> 3)] >> (place & 7) & 1 for place in _places(word, (len(data) - len(MAGIC)) * 8))


def _places(word: str, count: int) -> Iterator[int]:
    # Kirsch and Mitzenmacher 2006: two hashes are enough for any number of probes.
    found = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=16, person=b"fanlight-common").digest()
    first, step = int.from_bytes(found[:8]), int.from_bytes(found[8:]) | 1
    return ((first + probe * step) % count for probe in range(PROBES))
