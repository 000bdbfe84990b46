"""Each route by each kind of person, and what every answer carries."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from quart import Response, g, request
from sqlalchemy import insert

from storage.database.tables import channel as channels
from storage.database.tables import channel_role as roles
from storage.model.account import AccountRole, Actor, Scope
from storage.model.call import CallRole
from storage.model.event import Event
from storage.model.ids import new_record_id
from storage.secrets import digest
from tests.web.conftest import Site
from tests.web.matrix import ACTS_SAY, ANY_SCOPE, MATRIX, PEOPLE
from tests.web.people import Member, member
from web.api.route import Route, Who
from web.api.table import NOUNS, routes

EVIL = "https://evil.example"
EVENTS = 5.0
"""Seconds until a stream has begun."""


@dataclass
class World:
    """People, and a channel that is the owner's. A new one for each route: what one may do changes what the next one finds."""

    site: Site
    people: dict[str, Member]
    words: dict[str, str]

    async def ask(self, route: Route, person: str) -> tuple[int, str]:
        ask = MATRIX[route.identifier]
        path = route.full_path.format(**self.words) + (f"?{ask.query.format(**self.words)}" if ask.query else "")
        options: dict[str, Any] = {"headers": dict(ask.headers)}
        if ask.json is not None:
            options["json"] = {name: value.format(**self.words) if isinstance(value, str) else value for name, value in ask.json.items()}
        if ask.data is not None:
            options["data"] = ask.data
        if person == "stranger":
            response = await opened(self.site, route, path, options)
        elif person == "unscoped":
            options["headers"]["X-Unscoped"] = "operator" if route.who is Who.OPERATOR else "owner"
            response = await opened(self.site, route, path, options)
        else:
            asker = self.people[person]
            options["headers"] |= {"Cookie": asker.cookie, "X-CSRF-Token": asker.csrf, "Sec-Fetch-Site": "same-origin"}
            response = await opened(self.site, route, path, options)
        return response.status_code, (await response.get_data(as_text=True) if response.status_code >= 400 else "")


async def opened(site: Site, route: Route, path: str, options: dict[str, Any]) -> Response:
    """The answer, of a stream only its head."""
    client = site.app.test_client(use_cookies=False)
    if not route.events:
        return await client.open(path, method=route.method, **options)
    async with asyncio.timeout(EVENTS), client.request(path, headers=options["headers"]) as connection:
        await connection.send_complete()
        await connection.receive()
        await connection.disconnect()
        # The protocol names neither.
        begun: Any = connection
        return Response(b"{}", status=begun.status_code, headers=begun.headers)


@pytest_asyncio.fixture
async def worlds(site: Site) -> AsyncIterator["Worlds"]:
    found = Worlds(site)

    @site.app.before_request
    async def without_scopes() -> None:
        if name := request.headers.get("X-Unscoped"):
            g.actor = Actor(found.newest.people[name].account, scopes=frozenset())

    yield found


class Worlds:
    """Makes worlds whose people and channels have names of their own."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._count = 0
        self.newest = World(site, {}, {})

    async def new(self, route: Route | None = None, *, closed: bool = False) -> World:
        self._count += 1
        storage = self._site.storage
        people: dict[str, Member] = {}
        for name in ("other", "viewer", "moderator", "owner", "operator", "victim"):
            role = AccountRole.OPERATOR if name == "operator" else AccountRole.USER
            people[name] = await member(self._site.app, storage, f"{name}-{self._count}", role=role)
        channel = f"channel-{self._count}"
        identifier, now = new_record_id(self._count), datetime.now(UTC)
        record: dict[str, object] = {
            "id": identifier,
            "name": channel,
            "title": "",
            "owner": people["owner"].account.id,
            "description": "",
            "category": "",
        }
        record |= {"language": "", "mature": False, "visibility": "named" if closed else "public", "version": 1}
        given = [
            {"channel": identifier, "account": people[name].account.id, "role": name, "created_at": now} for name in ("viewer", "moderator")
        ]
        async with storage.database.transaction() as connection:
            await connection.execute(insert(channels).values(**record, created_at=now, changed_at=now))
            await connection.execute(insert(roles), given)
        webhook = await storage.webhooks.create(
            storage.webhooks.new_id(),
            people["owner"].account.id,
            (await storage.channels.get(self._name(channel))).id,
            url="https://webhook.invalid/",
            secret=b"unreadable",
            events={Event.BROADCAST_ENDED},
        )
        await storage.webhooks.emit(Event.BROADCAST_ENDED, webhook.channel, {})
        (delivery,) = await storage.webhooks.deliveries(webhook)
        victim = people["victim"].account.name
        words = {"channel": channel, "name": channel, "account": victim, "session": people["owner"].credential.session}
        key, _ = await storage.stream_keys.add(self._name(channel))
        token, _ = await storage.api_tokens.create(people["owner"].account.id, "bot", frozenset({Scope.CHAT}), None)
        words |= {"key": key.id, "token": token.id, "provider": "nobody"}
        words |= {"emote": "wave", "kind": "banner", "poll": identifier, "broadcast": "0123456789abcdef"}
        words |= dict.fromkeys(("message", "term", "note", "line", "appeal"), identifier)
        words |= {"webhook": webhook.id, "delivery": delivery.id, "victim": victim}
        words |= {"invite": identifier, "secret": ""}
        if route is not None and route.noun == "calls":
            words |= await self._call(people)
        if route is not None and route.identifier in ABOUT_ACCOUNTS:
            words["name"] = victim
        if route is not None and route.identifier in ABOUT_A_VIEWER:
            words["account"] = people["viewer"].account.name
        self.newest = World(self._site, people, words)
        return self.newest

    async def _call(self, people: dict[str, Member]) -> dict[str, str]:
        storage, secret = self._site.storage, "secret"
        call = await storage.calls.create(people["owner"].account.id)
        invite = await storage.call_invites.create(call.id, digest(secret), timedelta(hours=1), by=call.host)
        for name in ("viewer", "moderator"):
            person = people[name].account
            await storage.call_log.entered(call.id, name, account=person.id, shown=name, role=CallRole.PERSON, now=datetime.now(UTC))
        await storage.calls.set_role(call.id, people["moderator"].account.id, CallRole.COHOST)
        return {"name": call.name, "invite": invite.id, "secret": secret}

    @staticmethod
    def _name(text: str) -> Any:
        return text


ABOUT_A_VIEWER = {"roles_take"}
"""Whose ``{account}`` has a role already."""

ABOUT_ACCOUNTS = {"admin_govern", "accounts_read", "follows_block", "follows_unblock"}
"""Whose ``{name}`` is an account's."""


def test_every_route_is_in_the_matrix() -> None:
    assert {route.identifier for route in routes()} == set(MATRIX)


def test_every_route_for_accounts_asks_a_token_for_a_scope() -> None:
    without = {route.identifier for route in routes() if route.who in {Who.ACCOUNT, Who.OPERATOR} and route.scope is None}
    assert without == ANY_SCOPE


@pytest.mark.parametrize("noun", [noun.name for noun in NOUNS])
async def test_everybody_gets_what_the_matrix_says(worlds: Worlds, noun: str) -> None:
    wrong = []
    for route in (route for route in routes() if route.noun == noun):
        outcomes = MATRIX[route.identifier].outcome
        for closed, outcome in enumerate((outcomes,) if isinstance(outcomes, str) else outcomes):
            world = await worlds.new(route, closed=bool(closed))
            # Whoever is refused changes nothing, so one world is enough, but those who are let through find it as it was.
            for person, expected in sorted(zip(PEOPLE, outcome.split(), strict=True), key=lambda pair: pair[1] == "+"):
                if expected == "+" and route.method != "GET":
                    world = await worlds.new(route, closed=bool(closed))
                status, said = await world.ask(route, person)
                code = json.loads(said).get("code", "") if said else ""
                by_itself = code in ACTS_SAY or code == MATRIX[route.identifier].says
                passed = by_itself or (status not in {401, 403, 404} and status < 500)
                if not passed if expected == "+" else status != int(expected):
                    wrong.append(f"{route.method} {route.path} {'(closed) ' if closed else ''}{person}: {expected}, was {status} {said}")
    assert wrong == []


async def test_every_answer_is_armoured(worlds: Worlds) -> None:
    """Content-Security-Policy, nosniff, caching and CORS, on what strangers from another site get of every route."""
    world = await worlds.new()
    for route in routes():
        path = route.full_path.format(**world.words)
        response = await opened(world.site, route, path, {"headers": {"Origin": EVIL}})
        headers = response.headers
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'", route
        assert headers["X-Content-Type-Options"] == "nosniff", route
        assert headers["Cache-Control"] == "no-store", route
        assert headers["Referrer-Policy"] == "same-origin", route
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", route
        assert headers.get("Access-Control-Allow-Origin") == ("*" if route.public else None), route
        assert "Access-Control-Allow-Credentials" not in headers, route
        assert "Set-Cookie" not in headers, route
        if route.limit is not None:
            assert "RateLimit" in headers, route
            assert "RateLimit-Policy" in headers, route
        before = await world.site.client.options(path, headers={"Origin": EVIL, "Access-Control-Request-Method": route.method})
        assert before.headers.get("Access-Control-Allow-Origin") == ("*" if route.public else None), route
        assert "Access-Control-Allow-Credentials" not in before.headers, route
        assert route.method in before.headers["Allow"].split(", "), route
