"""The interface as a TypeScript client for our own pages: ``python -m web.typescript`` writes ``web/frontend/src/lib/rest.ts``."""

import json
import re
from pathlib import Path
from typing import Any

from web.api.openapi import openapi
from web.api.route import Route
from web.api.table import NOUNS

PLACE = Path(__file__).parent / "frontend" / "src" / "lib" / "rest.ts"
_HEAD = """\
/** The REST interface. Generated from its description by `python -m web.typescript`: do not edit. */

import { call as ask } from './session';

/** What can be asked, by noun. A page carries only the nouns it names. */
export * as rest from './rest';
"""
_WIDTH = 160
_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def client() -> str:
    """The file's text."""
    schemas = openapi(NOUNS)["components"]["schemas"]
    parts = [_HEAD, "export interface Page<T> {\n  items: T[];\n  next: string | null;\n}\n"]
    parts += [_record(name, schema) for name, schema in sorted(schemas.items())]
    parts += [f"export const {noun.name} = {{\n{''.join(_call(route) for route in noun.routes if not route.events)}}};\n" for noun in NOUNS]
    return "\n".join(parts)


def _record(name: str, schema: dict[str, Any]) -> str:
    if schema.get("type") != "object":
        return f"export type {name} = {_type(schema)};\n"
    required = set(schema.get("required", ()))
    # What we are told is always there; what we send may leave out what has a default.
    told = "additionalProperties" not in schema
    rows = [f"{field}{'' if told or field in required else '?'}: {_type(kind)};" for field, kind in schema["properties"].items()]
    if not rows:
        return f"export type {name} = Record<string, never>;\n"
    line = f"export interface {name} {{ {' '.join(rows)} }}\n"
    return line if len(line) <= _WIDTH else "\n  ".join((f"export interface {name} {{", *rows)) + "\n}\n"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(f"'{value}'" for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    kind = schema.get("type", "")
    if isinstance(kind, list):
        return " | ".join(_SIMPLE[one] for one in kind)
    if kind == "array":
        return f"({_type(schema['items'])})[]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>"
    return _SIMPLE.get(kind, "unknown")


def _call(route: Route) -> str:
    parameters = [f"{word}: string" for word in route.words]
    path = re.sub(r"{(\w+)}", r"${encodeURIComponent(\1)}", route.path)
    arguments = ""
    if route.body is not None:
        parameters.append("body: Blob" if route.body is bytes else f"body: {route.body.__name__}")
        arguments = ", body"
    if route.versioned:
        parameters.append("version: number")
        arguments = f"{arguments or ', undefined'}, version"
    if route.query is not None or route.paged:
        parameters.append("query: Record<string, string> = {}")
        path += "?${new URLSearchParams(query).toString()}"
    told = "void" if route.answer is None else getattr(route.answer, "__name__", "unknown")
    told = f"Page<{told}>" if route.listed else told
    address = f"`{path}`" if "$" in path else f"'{path}'"
    summary = json.dumps(route.summary, ensure_ascii=False)[1:-1].replace("*/", "")
    return (
        f"  /** {summary} */\n  {route.handler}: ({', '.join(parameters)}): Promise<{told}> =>"
        f" ask('{route.method}', {address}{arguments}),\n"
    )


if __name__ == "__main__":
    PLACE.write_text(client(), encoding="utf-8")
