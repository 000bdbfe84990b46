"""Polls in a channel's chat: what can be asked. Pure."""

from collections.abc import Sequence

from storage.model.errors import BadInput, ErrorCode

LONGEST_QUESTION = 200
LONGEST_OPTION = 80
FEWEST_OPTIONS, MOST_OPTIONS = 2, 10
SHORTEST_POLL, LONGEST_POLL = 15, 86_400
"""Seconds."""


def checked_poll(question: str, options: Sequence[str], seconds: int) -> tuple[str, tuple[str, ...]]:
    """A poll's question and options as they are kept. Raises ``BadInput(BAD_REQUEST)``."""
    if not FEWEST_OPTIONS <= len(options) <= MOST_OPTIONS:
        raise BadInput(ErrorCode.BAD_REQUEST, f"A poll has {FEWEST_OPTIONS} to {MOST_OPTIONS} options.", field="options")
    if not SHORTEST_POLL <= seconds <= LONGEST_POLL:
        raise BadInput(ErrorCode.BAD_REQUEST, "A poll lasts 15 seconds to a day.", field="seconds")
    checked = tuple(_shown(option, "An option", LONGEST_OPTION) for option in options)
    if len(set(checked)) < len(checked):
        raise BadInput(ErrorCode.BAD_REQUEST, "Two options of a poll are the same.", field="options")
    return _shown(question, "A question", LONGEST_QUESTION), checked


def _shown(text: str, what: str, longest: int) -> str:
    """A line people read, without white space around it. Raises ``BadInput(BAD_REQUEST)``."""
    trimmed = text.strip()
    if not trimmed or len(trimmed) > longest or not trimmed.isprintable():
        raise BadInput(ErrorCode.BAD_REQUEST, f"{what} has 1 to {longest} characters.")
    return trimmed
