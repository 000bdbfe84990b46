"""How a record becomes an answer."""

import msgspec
from quart import Response

_OPEN = {"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"}
"""What the interface says without a key is public: any page may read it."""


def json(record: msgspec.Struct) -> Response:
    """``record`` as JSON, never cached."""
    return Response(msgspec.json.encode(record), content_type="application/json", headers=_OPEN)


def nothing() -> Response:
    """Done, and there is nothing to say."""
    return Response(b"", status=204, headers=_OPEN)
