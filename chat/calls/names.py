"""What guests call themselves. Pure."""

from chat.limits import hides, is_blank, is_impossible, marks
from storage.model.call import LONGEST_SHOWN
from storage.model.errors import BadInput, ErrorCode

MOST_MARKS = 4
"""Combining marks one character may carry."""


def guest_name(text: str) -> str:
    """A guest's name, without space around it and with single spaces in it. Raises ``BadInput(NAME_INVALID)``."""
    name = " ".join(text.split())
    fits = 1 <= len(name) <= LONGEST_SHOWN and name.isprintable()
    if not fits or is_blank(name) or is_impossible(name) or hides(name) or marks(name) > MOST_MARKS:
        raise BadInput(ErrorCode.NAME_INVALID, f"A guest's name has 1 to {LONGEST_SHOWN} characters that can be seen.")
    return name
