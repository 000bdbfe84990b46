"""The interface described: ``/api/openapi.json`` for programs, ``/api/docs`` for people, both from the route table."""

from collections.abc import Sequence

import msgspec
from quart import Blueprint, Response, render_template

from web.api.openapi import openapi
from web.api.route import Noun, Route, Who


def description_blueprint(nouns: Sequence[Noun]) -> Blueprint:
    """Both descriptions; made once, since they never change while a process runs."""
    blueprint = Blueprint("description", __name__)
    document = msgspec.json.format(msgspec.json.encode(openapi(nouns)))

    @blueprint.get("/api/openapi.json")
    async def openapi_json() -> Response:
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=3600"}
        return Response(document, content_type="application/json", headers=headers)

    @blueprint.get("/api/docs")
    async def docs() -> Response:
        page = await render_template("api.html", nouns=nouns, fields=_fields, asks=_asks)
        return Response(page, content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-cache"})

    return blueprint


def _fields(record: object) -> str:
    if isinstance(record, type) and issubclass(record, msgspec.Struct):
        return ", ".join(field.encode_name if field.required else f"[{field.encode_name}]" for field in msgspec.structs.fields(record))
    return "bytes"


def _asks(route: Route) -> str:
    needs = {
        Who.ANYONE: "",
        Who.ACCOUNT: "Needs an account",
        Who.OPERATOR: "Needs an operator's account",
        Who.KEY: "Needs Authorization: Bearer STREAM-KEY, or the owner's account",
    }[route.who]
    return f"{needs}; an API token needs {route.scope}." if needs and route.scope else needs and f"{needs}."
