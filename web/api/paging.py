"""Lists by the page: ``?cursor=&limit=``. A cursor is opaque, good for its own list only, and checked before it reaches a query."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from storage.model.errors import BadInput, ErrorCode
from web.schema.paging import Page

LIMIT = 25
MOST = 100
LONGEST_CURSOR = 400
_CHECK = 6
_POSITION = 200

T = TypeVar("T")
R = TypeVar("R", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """At most ``limit`` entries that come after the entry at position ``after``, which is empty at the start of the list.

    ``list_name`` tells one list from another: its path and what it was filtered by.
    """

    limit: int = LIMIT
    after: str = ""
    list_name: str = ""

    def of(self, found: Sequence[T], position: Callable[[T], str], show: Callable[[T], R]) -> Page[R]:
        """The page made of ``limit + 1`` entries if there were as many: the one too many says that there is a next page.

        ``position`` is what :attr:`after` will be for the entries behind an entry: at most 200 printable characters.
        """
        more = len(found) > self.limit
        kept = found[: self.limit]
        return Page(items=tuple(show(entry) for entry in kept), next=cursor(self.list_name, position(kept[-1])) if more else None)


def cursor(list_name: str, position: str) -> str:
    """A position as it is shown."""
    data = position.encode()
    return base64.urlsafe_b64encode(_check(list_name, data) + data).decode().rstrip("=")


def position_of(list_name: str, shown: str) -> str:
    """The position in a cursor made by :func:`cursor` for the same list.

    Raises:
        BadInput: ``CURSOR_INVALID``.
    """
    position = _opened(list_name, shown) if len(shown) <= LONGEST_CURSOR else None
    if position is None:
        raise BadInput(ErrorCode.CURSOR_INVALID, "The cursor is not one of this list; start again without it.")
    return position


def _opened(list_name: str, shown: str) -> str | None:
    try:
        data = base64.b64decode(shown.encode("ascii") + b"=" * (-len(shown) % 4), altchars=b"-_", validate=True)
        check, data = data[:_CHECK], data[_CHECK:]
        position = data.decode()
    except ValueError:
        return None
    return position if check == _check(list_name, data) and position.isprintable() and 1 <= len(position) <= _POSITION else None


def _check(list_name: str, data: bytes) -> bytes:
    return hashlib.sha256(list_name.encode() + b"\0" + data).digest()[:_CHECK]
