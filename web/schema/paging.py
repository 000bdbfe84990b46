"""Lists that are read a page at a time."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some of a list. ``next`` is the ``cursor`` that asks for what comes after it, null at the end."""

    items: tuple[T, ...]
    next: str | None
