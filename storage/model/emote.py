"""Emotes of a channel. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from storage.model.errors import BadInput, ErrorCode

MOST_EMOTES = 100
"""Emotes of one channel."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_]{1,30}")


@dataclass(frozen=True, slots=True)
class Emote:
    """A small picture that ``:name:`` stands for in a channel's chat. ``picture`` is the name of an object."""

    name: str
    picture: str
    created_at: datetime


def emote_name(text: str) -> str:
    """Check an emote's name: 2 to 31 of a-z, 0-9 and ``_``, not beginning with ``_``. Raises ``BadInput(BAD_REQUEST)``."""
    if not _NAME.fullmatch(text):
        raise BadInput(
            ErrorCode.BAD_REQUEST, "An emote's name is 2 to 31 lower-case letters, digits or '_', and begins with a letter or digit."
        )
    return text
