"""Range requests (RFC 9110 section 14): one range of bytes is answered as such, anything else whole."""

import re

from storage.model.errors import BadInput, ErrorCode
from web.edge.answers import Answer, problem

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def ranged(answer: Answer, header: str | None) -> Answer:
    """``answer``, or the part of it that a ``Range`` header names, or 416.

    A header we can't read is ignored, and several ranges at once are answered whole, as section 14.2 allows.
    """
    match = _ONE_RANGE.fullmatch(header.strip()) if header else None
    if match is None or answer.status != 200:
        return answer
    first, last = match.groups()
    size = len(answer.body)
    if not first and not last:
        return answer
    start, end = (int(first), int(last) if last else size - 1) if first else (max(0, size - int(last)), size - 1)
    if first and last and end < start:
        return answer
    if start >= size or (not first and int(last) == 0):
        error = BadInput(ErrorCode.RANGE_NOT_SATISFIABLE, "The range begins behind the end.")
        return problem(error, "no-store", ("content-range", f"bytes */{size}"))
    end = min(end, size - 1)
    return Answer(206, [*answer.headers, ("content-range", f"bytes {start}-{end}/{size}")], answer.body[start : end + 1])
