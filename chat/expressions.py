"""Regular expressions of strangers: RE2, which takes time in proportion to the text whatever the expression."""

from importlib import import_module
from typing import Any, Protocol

# The package brings no types; what is used of it is named here.
_engine = import_module("re2")

MEMORY = 1 << 20
"""Bytes one expression of a person may take, compiled."""
GROUP_MEMORY = 8 << 20
"""Bytes many may take together; beyond it the engine goes on without its cache, slower."""


class Expression(Protocol):
    """A compiled expression; matches regardless of case."""

    def search(self, text: str) -> object | None:
        """Whether it is found: None if not. A text without surrogates."""

    def sub(self, replacement: str, text: str) -> str:
        """The text with what is found replaced."""

    @property
    def programsize(self) -> int:
        """Steps a character may take at worst."""


class Unfit(ValueError):
    """An expression can't be read or is too large; the text is for a person."""


def compiled(expression: str, *, memory: int = MEMORY) -> Expression:
    """Compile. Raises Unfit."""
    options = _engine.Options()
    options.max_mem = memory
    options.log_errors = False
    options.case_sensitive = False
    options.never_capture = True
    try:
        found: Expression = _engine.compile(expression, options)
    except _engine.error as error:
        reason = error.args[0] if error.args else "can't be read"
        raise Unfit(reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)) from None
    except UnicodeEncodeError:
        raise Unfit("no text") from None
    return found


class Many:
    """Expressions looked for together: a text without any of them costs about as much as with one."""

    def __init__(self, expressions: tuple[str, ...], *, together: int = 500) -> None:
        self._parts = tuple(_part(expressions[at : at + together], at) for at in range(0, len(expressions), together))

    def __bool__(self) -> bool:
        return bool(self._parts)

    def find(self, text: str) -> tuple[int, ...]:
        """Which are found, in order."""
        return tuple(index for part in self._parts if part.together.search(text) is not None for index in part.which(text))


class _Part:
    def __init__(self, expressions: tuple[str, ...], first: int) -> None:
        self.together = compiled("|".join(f"(?:{one})" for one in expressions), memory=GROUP_MEMORY)
        self._expressions = expressions
        self._first = first
        self._alone: tuple[Expression, ...] = ()
        self._set: Any = None

    def which(self, text: str) -> tuple[int, ...]:
        if self._set is None:
            self._set = _set(self._expressions)
        found = self._set.Match(text)
        if not found:
            # The set gives up silently where it runs out of memory; each alone does not.
            self._alone = self._alone or tuple(compiled(one) for one in self._expressions)
            found = [index for index, one in enumerate(self._alone) if one.search(text) is not None]
        return tuple(self._first + index for index in sorted(found))


def _part(expressions: tuple[str, ...], first: int) -> _Part:
    return _Part(expressions, first)


def _set(expressions: tuple[str, ...]) -> Any:
    options = _engine.Options()
    options.max_mem = GROUP_MEMORY
    options.log_errors = False
    options.case_sensitive = False
    options.never_capture = True
    together = _engine.Set.SearchSet(options)
    for one in expressions:
        together.Add(one)
    together.Compile()
    return together
