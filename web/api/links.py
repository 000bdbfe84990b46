"""What may be asked next of a record that was made, read or changed: OpenAPI's links. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from web.api.route import Route
from web.schema.call import Call
from web.schema.channel import Channel

_NAMED_BY: Mapping[object, str] = MappingProxyType({Channel: "channel", Call: "name"})
"""The field that names a record in addresses, where that is not its ``id``."""


def links(route: Route, routes: Sequence[Route]) -> dict[str, Any]:
    """From the answer of one route to the others: from a record that was made to all below it, from one with a version to its changes."""
    if route.listed or route.events or not (isinstance(route.answer, type) and issubclass(route.answer, msgspec.Struct)):
        return {}
    found = {}
    for other in routes:
        parameters = None if other.events else _parameters(route, other)
        if parameters is not None:
            found[other.identifier] = {"operationId": other.identifier, "parameters": parameters, "description": other.summary}
    return found


def versioned(record: object) -> bool:
    """Whether answers with this record have an ``ETag``."""
    return "version" in _fields(record)


def _parameters(route: Route, other: Route) -> dict[str, str] | None:
    known = {word: f"$request.path.{word}" for word in route.words}
    name = _NAMED_BY.get(route.answer, "id" if "id" in _fields(route.answer) else "")
    if route.status == 201 and name and other.path.startswith(f"{route.path}/{{"):
        known[other.words[len(route.words)]] = f"$response.body#/{name}"
    elif not (versioned(route.answer) and other.versioned and other.path == route.path):
        return None
    elif name and route.path.endswith("}"):
        # A change may have given it another name.
        known[route.words[-1]] = f"$response.body#/{name}"
    if not set(other.words) <= known.keys():
        return None
    parameters = {f"path.{word}": known[word] for word in other.words}
    # Below a record are others, whose versions are their own.
    if other.versioned and versioned(route.answer) and other.path.count("/") <= route.path.count("/") + 1:
        parameters["header.If-Match"] = "$response.header.ETag"
    return parameters


def _fields(record: object) -> tuple[str, ...]:
    return record.__struct_fields__ if isinstance(record, type) and issubclass(record, msgspec.Struct) else ()
