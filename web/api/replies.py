"""How what a handler returns becomes an answer."""

from collections.abc import Mapping

import msgspec
from quart import Response

from web.api.route import Answer, Route


def reply(route: Route, told: object, *, if_none_match: str | None = None) -> Response:
    """The answer; never cached. A record with a version has it as its ``ETag``."""
    if isinstance(told, Response):
        return told
    headers: Mapping[str, str] = told.headers if isinstance(told, Answer) else {}
    told = told.record if isinstance(told, Answer) else told
    if told is None:
        return Response(b"", status=route.status, headers={"Cache-Control": "no-store", **headers})
    response = Response(
        msgspec.json.encode(told), status=route.status, content_type="application/json", headers={"Cache-Control": "no-store", **headers}
    )
    version = getattr(told, "version", None)
    if isinstance(version, int):
        response.headers["ETag"] = etag(version)
        if route.method == "GET" and if_none_match == etag(version):
            return Response(b"", status=304, headers={"Cache-Control": "no-store", "ETag": etag(version)})
    return response


def etag(version: int) -> str:
    """The tag of a record's version."""
    return f'"v{version}"'
