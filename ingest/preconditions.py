"""Which PATCH a session's ICE generation lets pass (RFC 9110 section 13.1.1, RFC 9725 section 4.3.1). Pure.

| If-Match       | trickle       | ICE restart   |
|----------------|---------------|---------------|
| none           | 428           | 428           |
| ``*``          | passes        | passes        |
| has our tag    | passes        | passes        |
| anything else  | 412           | 412           |

RFC 9725 asks for ``*`` on a restart; some clients send their tag, which says no less. DELETE takes no precondition.
"""

import re
from typing import Protocol

from storage.model.errors import BadInput, Conflict, ErrorCode

_TAG = re.compile(r'\s*(W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*')


class Headers(Protocol):
    """A request's header fields, whatever case their names are in."""

    def get(self, name: str, /) -> str | None:
        """The value of a field."""


def if_match(headers: Headers) -> str | None:
    """The precondition of a request. @eyevinn/whip-web-client sends its tag as ``ETag`` instead of ``If-Match``."""
    return headers.get("If-Match") or headers.get("ETag")


def check(condition: str | None, etag: str) -> None:
    """Let a PATCH pass, or refuse it. ``etag`` is the strong tag of the current ICE generation, with its quotes.

    Raises:
        BadInput: ``PRECONDITION_REQUIRED``.
        Conflict: ``PRECONDITION_FAILED``.
    """
    if condition is None:
        raise BadInput(ErrorCode.PRECONDITION_REQUIRED, "A PATCH of a session needs If-Match.")
    if condition.strip() == "*":
        return
    # Strong comparison: a weak tag never matches.
    tags = [match.group(2) for part in condition.split(",") if (match := _TAG.fullmatch(part)) and not match.group(1)]
    if etag not in tags:
        raise Conflict(ErrorCode.PRECONDITION_FAILED, "If-Match does not name the session's current ICE generation.")
