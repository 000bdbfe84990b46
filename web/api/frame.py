"""What every route shares: who asks, how often they may, what they sent, what they are told."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from math import ceil
from typing import Any

from quart import Blueprint, Response, g, request

from storage.limits import Limit
from storage.model.account import Account, Actor
from storage.model.errors import ErrorCode, Refused
from storage.rate_limits import RateLimits, too_often
from web.api import reading
from web.api.cors import Cors
from web.api.idempotency import HEADER, Idempotency
from web.api.replies import reply
from web.api.route import PREFIX, BearerKey, Noun, Route, Who
from web.auth import client_address, require_scope
from web.clients import subscriber

Asks = Callable[[], Awaitable[Actor]]
"""Who makes the current request. Raises ``Refused`` if they show something that is not valid."""


class Frame:
    """Makes a noun's routes into a blueprint."""

    def __init__(self, asks: Asks, cors: Cors, limits: RateLimits, idempotency: Idempotency) -> None:
        self._asks = asks
        self._cors = cors
        self._limits = limits
        self._idempotency = idempotency
        self._by_rule: dict[str, list[Route]] = defaultdict(list)

    def blueprint(self, noun: Noun, handlers: object) -> Blueprint:
        """The routes of ``noun``, answered by the methods of ``handlers``."""
        blueprint = Blueprint(noun.name, __name__, url_prefix=PREFIX)
        for route in noun.routes:
            rule = route.path.replace("{", "<").replace("}", ">")
            view = partial(self._answer, route, getattr(handlers, route.handler))
            blueprint.add_url_rule(rule, route.handler, view, methods=[route.method], provide_automatic_options=False)
            if rule not in self._by_rule:
                view = partial(self._options, rule)
                blueprint.add_url_rule(rule, f"options {rule}", view, methods=["OPTIONS"], provide_automatic_options=False)
            # Another noun may have routes at the same address.
            self._by_rule[rule].append(route)
        blueprint.after_request(partial(self._mark, {f"{noun.name}.{route.handler}": route for route in noun.routes}))
        return blueprint

    async def _answer(self, route: Route, handler: Callable[..., Awaitable[object]], **path: str) -> Response:
        key = reading.bearer_key(request.headers.get("Authorization")) if route.who is Who.KEY else BearerKey("")
        actor = await self._actor(route, key)
        await self._count(route.limit, actor)
        if not key:
            _admit(route, actor)
        body = await reading.body(request, route)
        arguments = self._arguments(route, actor, key, {name: reading.word(value) for name, value in path.items()}, body)

        async def do() -> Response:
            return reply(route, await handler(**arguments), if_none_match=request.headers.get("If-None-Match"))

        header = request.headers.get(HEADER) if route.idempotent else None
        if header is None:
            return await do()
        asked = "\n".join((route.method, request.path, request.query_string.decode("latin-1"), "")).encode() + body
        return await self._idempotency.once(header, actor, asked, do)

    async def _actor(self, route: Route, key: BearerKey) -> Actor:
        stranger = Actor(None, address=client_address())
        if key or not route.asks:
            return stranger
        try:
            return await self._asks()
        except Refused:
            await self._count(route.limit, stranger)
            raise

    async def _count(self, limit: Limit | None, actor: Actor) -> None:
        taken = await self._limits.take(limit, actor.account.id if actor.account else subscriber(actor.address)) if limit else None
        if taken is None:
            return
        g.rate_limit = taken
        if not taken.allowed:
            raise too_often(taken)

    def _arguments(self, route: Route, actor: Actor, key: BearerKey, path: dict[str, str], body: bytes) -> dict[str, Any]:
        fields = route.query.__struct_fields__ if route.query else ()
        values = reading.query(request, route, (*fields, *(("cursor", "limit") if route.paged else ())))
        arguments: dict[str, Any] = {}
        for name, kind in route.inject.items():
            match kind:
                case "actor":
                    arguments[name] = actor
                case "account":
                    arguments[name] = _account(actor)
                case "key":
                    arguments[name] = key
                case "page":
                    arguments[name] = reading.page(route, path, values)
                case "version":
                    arguments[name] = reading.if_match(request.headers.get("If-Match"))
                case "word":
                    arguments[name] = path[name]
                case "query":
                    assert route.query is not None
                    arguments[name] = reading.record(route.query, {key: values[key] for key in fields if key in values})
                case "body":
                    arguments[name] = reading.decoded(route, body)
        return arguments

    async def _options(self, rule: str, **_: str) -> Response:
        headers = request.headers
        return self._cors.preflight(self._by_rule[rule], headers.get("Origin"), headers.get("Access-Control-Request-Method"))

    async def _mark(self, routes: dict[str, Route], response: Response) -> Response:
        route = routes.get(request.endpoint or "")
        if route is not None:
            self._cors.mark(response, route, request.headers.get("Origin"))
            response.headers.setdefault("Cache-Control", "no-store")
        if taken := g.get("rate_limit"):
            limit = taken.limit
            response.headers["RateLimit-Policy"] = f'"{limit.name}";q={limit.count};w={limit.seconds}'
            response.headers["RateLimit"] = f'"{limit.name}";r={taken.remaining};t={ceil(taken.reset)}'
        return response


def _admit(route: Route, actor: Actor) -> None:
    if route.who is Who.KEY and actor.account is None:
        raise Refused(ErrorCode.KEY_MISSING, "This needs the channel's stream key, as 'Authorization: Bearer KEY', or its owner.")
    if route.who in {Who.ACCOUNT, Who.OPERATOR}:
        _account(actor)
    if route.scope is not None:
        require_scope(actor, route.scope)
    if route.who is Who.OPERATOR and not actor.is_operator:
        raise Refused(ErrorCode.NOT_ALLOWED, "Only an operator may do that.")


def _account(actor: Actor) -> Account:
    if actor.account is None:
        raise Refused(ErrorCode.SIGN_IN_REQUIRED, "Sign in to do that.")
    return actor.account
