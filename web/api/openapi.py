"""The interface as an OpenAPI 3.1 document. Pure: routes in, document out."""

from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from storage.model.errors import ErrorCode
from web.api.links import links, versioned
from web.api.paging import LIMIT, LONGEST_CURSOR, MOST
from web.api.reading import LONGEST_WORD
from web.api.route import Noun, Route, Who
from web.errors import PROBLEM_TYPE, STATUS, Problem

VERSION = "1"
_TEMPLATE = "#/components/schemas/{name}"
_INTRODUCTION = (
    "Who is live, who is who, and how a broadcast is doing. Publishing is WHIP (RFC 9725) at /whip/{channel}. "
    "Lists are read by the page, edits need If-Match, creates honour Idempotency-Key; docs/rest.md has the rules."
)


def openapi(nouns: Sequence[Noun]) -> dict[str, Any]:
    """The document."""
    routes = [route for noun in nouns for route in noun.routes]
    records = {kind for route in routes for kind in (route.answer, route.body) if _is_record(kind)} | {Problem}
    _, schemas = msgspec.json.schema_components(sorted(records, key=lambda kind: str(kind.__name__)), ref_template=_TEMPLATE)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.full_path, {})[route.method.lower()] = _operation(route, routes)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Fanlight", "version": VERSION, "description": _INTRODUCTION},
        "tags": [{"name": noun.name, "description": noun.summary} for noun in nouns],
        "paths": paths,
        "components": {
            # msgspec tells the default of a tuple as a tuple, which JSON has not.
            "schemas": msgspec.json.decode(msgspec.json.encode(schemas)),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-fanlight", "description": "A browser's session."},
                "token": {"type": "http", "scheme": "bearer", "description": "An access token or an API token."},
                "streamKey": {"type": "http", "scheme": "bearer", "description": "A stream key of the channel."},
            },
        },
    }


def _operation(route: Route, routes: Sequence[Route]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": route.identifier,
        "tags": [route.noun],
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": _responses(route, routes),
    }
    if route.body is not None:
        schema = _reference(route.body) if _is_record(route.body) else _bytes() if route.body is bytes else msgspec.json.schema(route.body)
        described["requestBody"] = {"required": True, "content": {kind: {"schema": schema} for kind in route.takes}}
    if route.asks:
        schemes: list[dict[str, list[str]]] = [{"session": []}, {"token": []}]
        if route.who is Who.KEY:
            schemes.append({"streamKey": []})
        if route.who is Who.ANYONE:
            schemes.append({})
        described["security"] = schemes
    if route.scope is not None:
        described["x-scope"] = str(route.scope)
    return described


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": word, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_WORD}}
        for word in route.words
    ]
    if route.query is not None:
        shape = msgspec.json.schema(route.query)
        shape = shape["$defs"][route.query.__name__]
        found += [
            {"name": name, "in": "query", "required": name in shape.get("required", ()), "schema": schema}
            for name, schema in shape["properties"].items()
        ]
    if route.paged:
        found.append({"name": "cursor", "in": "query", "schema": {"type": "string", "maxLength": LONGEST_CURSOR}})
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}
        found.append({"name": "limit", "in": "query", "schema": limit})
    if route.versioned:
        found.append({"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string", "pattern": '^"v[0-9]{1,9}"$'}})
    if route.idempotent:
        found.append({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"}})
    return found


def _responses(route: Route, routes: Sequence[Route]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done."}
    if route.answer is not None:
        kind = "text/event-stream" if route.events else "application/json" if _is_record(route.answer) else "application/octet-stream"
        schema = _reference(route.answer) if _is_record(route.answer) else _bytes()
        done = {"description": "The answer.", "content": {kind: {"schema": _page(schema) if route.listed else schema}}}
        if versioned(route.answer) and not route.listed:
            done["headers"] = {"ETag": {"description": "The record's version, for If-Match.", "schema": {"type": "string"}}}
    if following := links(route, routes):
        done["links"] = following
    found = {str(route.status): done}
    by_status: dict[int, list[ErrorCode]] = defaultdict(list)
    for code in sorted(route.refusals()):
        by_status[STATUS[code]].append(code)
    for status, codes in sorted(by_status.items()):
        found[str(status)] = {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(codes)}.",
            "content": {PROBLEM_TYPE: {"schema": _reference(Problem)}},
        }
    return found


def _page(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"items": {"type": "array", "items": item}, "next": {"type": ["string", "null"]}},
        "required": ["items", "next"],
    }


def _is_record(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _reference(record: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": _TEMPLATE.format(name=record.__name__)}


def _bytes() -> dict[str, str]:
    return {"type": "string", "format": "binary"}
