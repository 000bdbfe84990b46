"""The route table: what can be asked is said once, beside the method that answers it.

From a noun's routes come Quart's routing, the OpenAPI document, the matrix of roles in the tests and the pages' TypeScript
client. How to write one: ``docs/rest.md``.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import NoneType
from typing import Any, Generic, NewType, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from quart import Response

from storage.limits import READS, WRITES, Limit
from storage.model.account import Account, Actor, Scope
from storage.model.errors import ErrorCode
from web.api.paging import PageRequest
from web.schema.paging import Page

PREFIX = "/api/v1"
LARGEST_JSON = 64 * 1024
"""Bytes a JSON body may have unless its route says otherwise."""

BearerKey = NewType("BearerKey", str)
"""The stream key of ``Authorization: Bearer fl_…``; empty when an account asks instead."""

IfMatch = NewType("IfMatch", int)
"""The version named by ``If-Match``."""

T_co = TypeVar("T_co", covariant=True)
Handler = TypeVar("Handler", bound=Callable[..., Awaitable[object]])


class Who(StrEnum):
    """Who may ask at all; what they may ask about is the handler's, by :mod:`storage.access`."""

    ANYONE = "anyone"
    ACCOUNT = "account"
    OPERATOR = "operator"
    KEY = "key"
    """Who shows a stream key, or an account."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T_co]):
    """A record with headers beside it (``Location``, a cookie)."""

    record: T_co
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One thing that can be asked. ``path`` is OpenAPI's, below ``/api/v1``; ``handler`` names the method that answers.

    ``answer`` is the record told, or the type of bytes; ``listed`` says that it is told by the page. An ``events`` answer stays
    open and repeats the record whenever it changes. ``inject`` says what each parameter of the handler gets.
    """

    noun: str
    handler: str
    method: str
    path: str
    summary: str
    status: int
    answer: Any = None
    listed: bool = False
    events: bool = False
    body: Any = None
    takes: tuple[str, ...] = ()
    largest: int = LARGEST_JSON
    query: type[msgspec.Struct] | None = None
    who: Who
    scope: Scope | None
    errors: tuple[ErrorCode, ...]
    idempotent: bool
    limit: Limit | None
    public: bool
    inject: Mapping[str, str]

    @property
    def identifier(self) -> str:
        """The same in Quart's routing, the OpenAPI document and the tests."""
        return f"{self.noun}_{self.handler}"

    @property
    def full_path(self) -> str:
        """With the prefix."""
        return PREFIX + self.path

    @property
    def words(self) -> tuple[str, ...]:
        """The names of the path's parameters."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    @property
    def paged(self) -> bool:
        """Whether it takes ``cursor`` and ``limit``."""
        return "page" in self.inject.values()

    @property
    def versioned(self) -> bool:
        """Whether it needs ``If-Match``."""
        return "version" in self.inject.values()

    @property
    def asks(self) -> bool:
        """Whether it matters who asks. Where it does not, the answer does not wait for the database."""
        return "actor" in self.inject.values() or self.who is not Who.ANYONE or self.idempotent

    def refusals(self) -> frozenset[ErrorCode]:
        """Every code it may refuse with."""
        follows: tuple[tuple[bool, tuple[ErrorCode, ...]], ...] = (
            (True, (ErrorCode.BAD_REQUEST, ErrorCode.BUS_UNAVAILABLE, ErrorCode.DATABASE_UNAVAILABLE)),
            (bool(self.words), (ErrorCode.NOT_FOUND,)),
            (self.limit is not None or self.events, (ErrorCode.TOO_MANY_REQUESTS,)),
            (self.body is not None, (ErrorCode.BODY_TOO_LARGE, ErrorCode.UNSUPPORTED_MEDIA_TYPE)),
            (self.versioned, (ErrorCode.PRECONDITION_REQUIRED, ErrorCode.PRECONDITION_FAILED)),
            (self.paged, (ErrorCode.CURSOR_INVALID,)),
            (self.idempotent, (ErrorCode.IDEMPOTENCY_KEY_REUSED, ErrorCode.IDEMPOTENCY_IN_PROGRESS)),
            (self.asks, (ErrorCode.TOKEN_REFUSED,)),
            (self.asks and self.method != "GET", (ErrorCode.CROSS_SITE_REFUSED,)),
            (self.who is Who.KEY, (ErrorCode.KEY_MISSING, ErrorCode.KEY_REFUSED)),
            (self.who in {Who.ACCOUNT, Who.OPERATOR}, (ErrorCode.SIGN_IN_REQUIRED,)),
            (self.who is Who.OPERATOR, (ErrorCode.NOT_ALLOWED,)),
            (self.scope is not None, (ErrorCode.SCOPE_REQUIRED,)),
        )
        return frozenset(self.errors).union(*(codes for applies, codes in follows if applies))


class Noun:
    """The routes about one thing, in the order they are written. One of these per file of ``web/api``, named ``NOUN``."""

    def __init__(self, name: str, summary: str) -> None:
        self.name = name
        self.summary = summary
        self.routes: list[Route] = []

    def route(
        self,
        method: str,
        path: str,
        *,
        who: Who = Who.ANYONE,
        scope: Scope | None = None,
        status: int | None = None,
        answer: Any = None,
        events: bool = False,
        errors: tuple[ErrorCode, ...] = (),
        takes: tuple[str, ...] = (),
        largest: int = LARGEST_JSON,
        idempotent: bool | None = None,
        limit: Limit | str | None = "by method",
        public: bool | None = None,
    ) -> Callable[[Handler], Handler]:
        """Say that a method answers a request; its parameters and what it returns say what is taken and told.

        Parameters: each ``{word}`` of the path as ``str``; ``body`` (a Struct from JSON, or ``bytes`` with ``takes``); ``query``
        (a Struct); by type an :class:`Actor` (who asks), an :class:`Account` (signed in for sure), a :class:`PageRequest`, an
        :data:`IfMatch` and a :data:`BearerKey`. Returns: a Struct, a ``Page`` of them, an :class:`Answer` of either, None
        (204), or a Response that ``answer`` describes. The first sentence of its docstring is the summary that people read.

        Args:
            method: ``GET``, ``POST``, ``PUT``, ``PATCH`` or ``DELETE``.
            path: Below ``/api/v1``, with ``{words}``.
            who: Who may ask at all.
            scope: What an API token must have.
            status: 200, or 204 for None, unless said; 201 for what makes a record.
            answer: The record in a Response.
            events: The answer is an event stream.
            errors: Codes it may refuse with, beyond those that follow from the rest.
            takes: Content types of a body of bytes.
            largest: Bytes of the body.
            idempotent: Whether ``Idempotency-Key`` is honoured; every 201 unless said. The answer is kept, sealed, for a day.
            limit: How often one actor may; None for ever.
            public: Whether any page of the web may read the answer; what anyone may GET, unless said.

        Raises:
            TypeError: The method's parameters do not fit.
        """

        def add(handler: Handler) -> Handler:
            hints = get_type_hints(handler)
            told = answer if answer is not None else _told(hints.pop("return"))
            hints.pop("return", None)
            listed = get_origin(told) is Page
            code = status or (200 if told is not None else 204)
            inject = _injected(handler, hints, path)
            body = hints.get("body")
            self.routes.append(
                Route(
                    noun=self.name,
                    handler=handler.__name__,
                    method=method,
                    path=path,
                    summary=(inspect.getdoc(handler) or "").partition("\n")[0],
                    status=code,
                    answer=get_args(told)[0] if listed else told,
                    listed=listed,
                    events=events,
                    body=body,
                    takes=takes or (() if body is None else ("application/json",)),
                    largest=largest,
                    query=hints.get("query"),
                    who=who,
                    scope=scope,
                    errors=errors,
                    idempotent=(code == 201) if idempotent is None else idempotent,
                    limit=(READS if method == "GET" else WRITES) if isinstance(limit, str) else limit,
                    public=(who is Who.ANYONE and method == "GET") if public is None else public,
                    inject=inject,
                )
            )
            return handler

        return add


_BY_TYPE: Mapping[object, str] = {Actor: "actor", Account: "account", PageRequest: "page", IfMatch: "version", BearerKey: "key"}


def _injected(handler: Callable[..., object], hints: Mapping[str, Any], path: str) -> dict[str, str]:
    inject: dict[str, str] = {}
    words = set(re.findall(r"{(\w+)}", path))
    for name in list(inspect.signature(handler).parameters)[1:]:
        kind = _BY_TYPE.get(hints[name])
        if kind is None and name in {"body", "query"}:
            kind = name
        if kind is None and name in words and hints[name] is str:
            kind = "word"
        if kind is None:
            raise TypeError(f"{handler.__qualname__}: nothing fits the parameter {name}.")
        inject[name] = kind
    if missing := words - inject.keys():
        raise TypeError(f"{handler.__qualname__} takes no {', '.join(sorted(missing))}.")
    return inject


def _told(returned: Any) -> Any:
    if get_origin(returned) is Answer:
        returned = get_args(returned)[0]
    return None if returned in {NoneType, Response} else returned
