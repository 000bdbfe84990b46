"""The REST interface described: ``/api/openapi.json`` for programs, ``/api/docs`` for people, both from one table."""

from dataclasses import dataclass
from typing import Any

import msgspec
from quart import Blueprint, Response, render_template

from web.errors import PROBLEM_TYPE, Problem
from web.schema import Broadcasts, Channel, CurrentSession, LatencyReport, ServerTime, SessionStatistics

VERSION = "1"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked. ``events`` answers stay open and repeat ``answer`` whenever it changes."""

    method: str
    path: str
    summary: str
    answer: type[msgspec.Struct] | None
    body: type[msgspec.Struct] | None = None
    key: bool = False
    events: bool = False


OPERATIONS = (
    Operation("get", "/api/v1/time", "The server's clock.", ServerTime),
    Operation("get", "/api/v1/broadcasts", "Everything that can be watched now, newest first.", Broadcasts),
    Operation("get", "/api/v1/broadcasts/events", "The same, followed.", Broadcasts, events=True),
    Operation("get", "/api/v1/channels/{name}", "One channel and its state.", Channel),
    Operation("get", "/api/v1/channels/{name}/events", "The same, followed.", Channel, events=True),
    Operation("post", "/api/v1/channels/{name}/latency", "A player says how old its picture is.", None, body=LatencyReport),
    Operation("get", "/api/v1/channels/{name}/session", "The session that publishes to a channel.", CurrentSession, key=True),
    Operation("get", "/api/v1/sessions/{session}/statistics", "How a publishing session is doing.", SessionStatistics, key=True),
)


def description_blueprint() -> Blueprint:
    """Both descriptions; made once, since they never change while a process runs."""
    blueprint = Blueprint("description", __name__)
    document = msgspec.json.format(msgspec.json.encode(openapi()))

    @blueprint.get("/api/openapi.json")
    async def openapi_json() -> Response:
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=3600"}
        return Response(document, content_type="application/json", headers=headers)

    @blueprint.get("/api/docs")
    async def docs() -> Response:
        page = await render_template("api.html", operations=OPERATIONS, fields=_fields)
        return Response(page, content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-cache"})

    return blueprint


def openapi() -> dict[str, Any]:
    """The interface as an OpenAPI 3.1 document."""
    records = {kind for operation in OPERATIONS for kind in (operation.answer, operation.body) if kind is not None} | {Problem}
    named = sorted(records, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(named, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fanlight",
            "version": VERSION,
            "description": "Who is live, and how a broadcast is doing. Publishing is WHIP (RFC 9725) at /whip/{channel}.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"streamKey": {"type": "http", "scheme": "bearer", "description": "A stream key of the channel."}},
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done."}
    if operation.answer is not None:
        kind = "text/event-stream" if operation.events else "application/json"
        done = {"description": "The answer.", "content": {kind: {"schema": _reference(operation.answer)}}}
    refusal = {"description": "A refusal; docs/errors.md explains each code.", "content": {PROBLEM_TYPE: {"schema": _reference(Problem)}}}
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": f"{operation.method}{operation.path.removeprefix('/api/v1').translate(str.maketrans('/', '_', '{}'))}",
        "parameters": [
            {"name": word.strip("{}"), "in": "path", "required": True, "schema": {"type": "string"}}
            for word in operation.path.split("/")
            if word.startswith("{")
        ],
        "responses": {"200" if operation.answer else "204": done, "default": refusal},
    }
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _reference(operation.body)}}}
    if operation.key:
        described["security"] = [{"streamKey": []}]
    return described


def _reference(record: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{record.__name__}"}


def _fields(record: type[msgspec.Struct]) -> str:
    return ", ".join(field.encode_name for field in msgspec.structs.fields(record))
