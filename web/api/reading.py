"""From a request to the values a handler takes. Whatever is sent, the worst that comes of it is a refusal."""

import asyncio
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from quart import Request
from werkzeug.exceptions import RequestEntityTooLarge

from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound
from web.api.paging import LIMIT, MOST, PageRequest, position_of
from web.api.route import BearerKey, IfMatch, Route

BODY_SECONDS = 10.0
LONGEST_WORD = 200
_KEY_PREFIX = "fl_"
_LONGEST_KEY = 512
_TAG = re.compile(r'"v(\d{1,9})"')
# Read on a little and throw away: an answer to a client that still sends is lost when its connection is reset.
_READ_ON = 4
_TEXT_NOTHING_CAN_HOLD = re.compile("[\0\ud800-\udfff]")


def word(text: str) -> str:
    """A parameter of the path. Raises ``NotFound(NOT_FOUND)``; nothing is called like that."""
    if len(text) > LONGEST_WORD or not text.isprintable():
        raise NotFound(ErrorCode.NOT_FOUND, "There is nothing at this address.")
    return text


async def body(request: Request, route: Route) -> bytes:
    """The body as it was sent; empty where the route takes none.

    Raises:
        BadInput: ``UNSUPPORTED_MEDIA_TYPE``, ``BODY_TOO_LARGE``, ``BAD_REQUEST``.
    """
    if route.body is None:
        return b""
    if request.mimetype not in route.takes:
        raise BadInput(ErrorCode.UNSUPPORTED_MEDIA_TYPE, f"The body must be {' or '.join(route.takes)}.")
    return await _bytes(request, route.largest)


def decoded(route: Route, data: bytes) -> object:
    """The body as the route takes it. Raises ``BadInput(BAD_REQUEST)``; ``data.field`` says where."""
    if route.body is bytes:
        return data
    try:
        found = msgspec.json.decode(data, type=route.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unfit("The body", error) from None
    _check_texts("The body", found)
    return found


async def _bytes(request: Request, largest: int) -> bytes:
    data = bytearray()
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.body:
                size += len(chunk)
                if size <= largest:
                    data += chunk
                elif size > _READ_ON * largest:
                    break
    except TimeoutError:
        raise BadInput(ErrorCode.BAD_REQUEST, "The body took too long to arrive.") from None
    except RequestEntityTooLarge:
        size = largest + 1
    if size > largest:
        raise BadInput(ErrorCode.BODY_TOO_LARGE, f"The body has at most {largest // 1024} KiB here.")
    return bytes(data)


def query(request: Request, route: Route, names: Iterable[str]) -> dict[str, str]:
    """The query's parameters, each known and there once.

    Raises:
        BadInput: ``BAD_REQUEST``.
    """
    known = set(names)
    found: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in known:
            raise BadInput(ErrorCode.BAD_REQUEST, f"{route.method} {route.full_path} takes {_listed(known)} as query.", field=name[:40])
        if len(values) != 1:
            raise BadInput(ErrorCode.BAD_REQUEST, f"{name} may be given once.", field=name)
        found[name] = values[0]
    return found


def record(kind: type[msgspec.Struct], values: dict[str, str]) -> msgspec.Struct:
    """Query parameters as a record. Raises ``BadInput(BAD_REQUEST)``."""
    try:
        found = msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _unfit("The query", error) from None
    _check_texts("The query", found)
    return found


def page(route: Route, path: dict[str, str], values: dict[str, str]) -> PageRequest:
    """What part of a list is asked for; takes ``cursor`` and ``limit`` out of ``values``.

    Raises:
        BadInput: ``BAD_REQUEST``, ``CURSOR_INVALID``.
    """
    cursor, limit = values.pop("cursor", ""), values.pop("limit", str(LIMIT))
    name = "\n".join((route.identifier, *path.values(), *(f"{key}={values[key]}" for key in sorted(values))))
    if not re.fullmatch("[0-9]{1,3}", limit) or not 1 <= int(limit) <= MOST:
        raise BadInput(ErrorCode.BAD_REQUEST, f"limit is a number from 1 to {MOST}.", field="limit")
    return PageRequest(int(limit), position_of(name, cursor) if cursor else "", name)


def if_match(header: str | None) -> IfMatch:
    """The version an edit rests on, from ``If-Match: "v7"``.

    Raises:
        BadInput: ``PRECONDITION_REQUIRED``.
        Conflict: ``PRECONDITION_FAILED``; it names no version.
    """
    if header is None:
        raise BadInput(ErrorCode.PRECONDITION_REQUIRED, "An edit says what it rests on: If-Match with the ETag of what you read.")
    tag = _TAG.fullmatch(header.strip())
    if tag is None:
        raise Conflict(ErrorCode.PRECONDITION_FAILED, "If-Match names no version of this; read it again.")
    return IfMatch(int(tag[1]))


def bearer_key(header: str | None) -> BearerKey:
    """The stream key of an ``Authorization`` header (RFC 6750 section 2.1), empty if it holds none."""
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    return BearerKey(token if scheme.lower() == "bearer" and token.startswith(_KEY_PREFIX) and len(token) <= _LONGEST_KEY else "")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _unfit(what: str, error: Exception) -> BadInput:
    said = str(error)
    problem, _, place = said.partition(" - at `$")
    if isinstance(error, UnicodeDecodeError):
        problem = "it is not UTF-8"
    elif isinstance(error, RecursionError):
        problem = "it is nested too deep"
    # msgspec quotes a field's name as it was sent.
    return BadInput(ErrorCode.BAD_REQUEST, f"{what} does not fit: {_printable(problem)}.", field=_printable(place.rstrip("`").lstrip(".")))


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:200])


def _check_texts(what: str, found: object) -> None:
    # A database refuses them, each in its own way.
    pending: list[Any] = [found]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            if _TEXT_NOTHING_CAN_HOLD.search(value):
                raise BadInput(ErrorCode.BAD_REQUEST, f"{what} holds a character that no text may.")
        elif isinstance(value, msgspec.Struct):
            pending.extend(getattr(value, name) for name in value.__struct_fields__)
        elif isinstance(value, dict):
            pending.extend(value.keys())
            pending.extend(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            pending.extend(value)
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise BadInput(ErrorCode.BAD_REQUEST, f"{what} holds a number with more than 64 bits.")
