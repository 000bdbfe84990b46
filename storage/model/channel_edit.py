"""What may be written about a channel, and the rules it keeps."""

import re
from dataclasses import dataclass

from storage.model.channel import Visibility
from storage.model.errors import BadInput, ErrorCode
from storage.model.ids import ChannelName

TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 5000
CATEGORY_LENGTH = 40
TAG_LENGTH = 30
MOST_TAGS = 10

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_TAG = re.compile(r"\w[\w-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEdit:
    """New values for some of a channel's fields; None leaves one as it is. ``password_hash`` belongs to ``PASSWORD`` visibility."""

    name: ChannelName | None = None
    title: str | None = None
    description: str | None = None
    category: str | None = None
    language: str | None = None
    mature: bool | None = None
    visibility: Visibility | None = None
    tags: tuple[str, ...] | None = None
    password_hash: str | None = None


def checked_title(text: str) -> str:
    """A title of at most 200 printable characters. Raises ``BadInput(BAD_REQUEST)``."""
    if len(text) > TITLE_LENGTH or not text.isprintable():
        raise BadInput(ErrorCode.BAD_REQUEST, f"A title is at most {TITLE_LENGTH} printable characters.", field="title")
    return text


def checked_description(text: str) -> str:
    """A text of at most 5,000 characters, with line breaks. Raises ``BadInput(BAD_REQUEST)``."""
    text = text.replace("\r\n", "\n")
    if len(text) > DESCRIPTION_LENGTH or not text.replace("\n", "").replace("\t", "").isprintable():
        raise BadInput(ErrorCode.BAD_REQUEST, f"A description is at most {DESCRIPTION_LENGTH} printable characters.", field="description")
    return text


def checked_category(text: str) -> str:
    """A category in lower case with single spaces. Raises ``BadInput(BAD_REQUEST)``."""
    text = " ".join(text.lower().split())
    if len(text) > CATEGORY_LENGTH or not text.isprintable():
        raise BadInput(ErrorCode.BAD_REQUEST, f"A category is at most {CATEGORY_LENGTH} printable characters.", field="category")
    return text


def checked_language(text: str) -> str:
    """A language tag such as ``de`` or ``pt-BR`` (BCP 47), or nothing. Raises ``BadInput(BAD_REQUEST)``."""
    if text and (len(text) > 16 or not _LANGUAGE.fullmatch(text)):
        raise BadInput(ErrorCode.BAD_REQUEST, "A language is a tag such as 'de' or 'pt-BR'.", field="language")
    return text


def checked_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """At most ten different tags of letters, digits and hyphens, in lower case. Raises ``BadInput(BAD_REQUEST)``."""
    found = tuple(dict.fromkeys(tag.strip().lower() for tag in tags))
    if len(found) > MOST_TAGS or not all(len(tag) <= TAG_LENGTH and _TAG.fullmatch(tag) for tag in found):
        detail = f"There are at most {MOST_TAGS} tags of at most {TAG_LENGTH} letters, digits, '-' and '_'."
        raise BadInput(ErrorCode.BAD_REQUEST, detail, field="tags")
    return found
