"""What every route gets from the frame, on a small noun of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from msgspec import UNSET, UnsetType
from quart import Quart
from quart.typing import TestClientProtocol as Client

from storage.clock import SystemClock
from storage.limits import Limit
from storage.model.account import Actor
from storage.opening import open_storage
from storage.rate_limits import RateLimits
from storage.settings import Settings
from tests.fixtures.valkey import Valkey
from web.api.cors import Cors
from web.api.frame import Frame
from web.api.idempotency import Idempotency
from web.api.paging import PageRequest
from web.api.route import Answer, IfMatch, Noun, Who
from web.app import tell_errors
from web.schema.paging import Page

THINGS = Noun("things", "Things.")
NUMBERS = [f"{number:03}" for number in range(60)]


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    version: int = 1


class NewThing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    tags: tuple[str, ...] = ()
    size: int = 0
    more: dict[str, Any] = {}


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str | UnsetType = UNSET


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    word: str = ""
    least: int = 0


class Things:
    @THINGS.route("GET", "/things")
    async def list(self, page: PageRequest, query: Filter) -> Page[Thing]:
        """Things."""
        found = [number for number in NUMBERS if number > page.after and int(number) >= query.least and query.word in number]
        return page.of(found[: page.limit + 1], str, lambda number: Thing(name=number))

    @THINGS.route("POST", "/things", status=201, idempotent=False)
    async def create(self, body: NewThing) -> Answer[Thing]:
        """A new thing."""
        return Answer(Thing(name=body.name), {"Location": f"/things/{body.name}"})

    @THINGS.route("PATCH", "/things/{name}")
    async def change(self, name: str, version: IfMatch, body: Change) -> Thing:
        """Another thing."""
        return Thing(name=name if body.name is UNSET else str(body.name), version=version + 1)

    @THINGS.route("GET", "/things/{name}", limit=Limit("few", 3, 600))
    async def one(self, name: str, actor: Actor) -> Thing:
        """A thing."""
        return Thing(name=f"{name} for {actor.address}", version=7)

    @THINGS.route("PUT", "/things/{name}/picture", takes=("image/png",), largest=2048)
    async def picture(self, name: str, body: bytes) -> None:
        """Its picture."""
        assert (name, body[:3]) == ("a", b"PNG")

    @THINGS.route("GET", "/secret", who=Who.ACCOUNT)
    async def secret(self) -> Thing:
        """Not for everybody."""
        return Thing(name="secret")


async def somebody() -> Actor:
    return Actor(None, address="192.0.2.1")


@pytest_asyncio.fixture
async def client(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Client]:
    clock = SystemClock()
    async with open_storage(Settings(data=tmp_path, redis_url=valkey.url)) as storage:
        app = Quart(__name__)
        frame = Frame(
            somebody, Cors(("https://friend.example",)), RateLimits(storage.bus, clock), Idempotency(lambda: storage.idempotency, clock)
        )
        app.register_blueprint(frame.blueprint(THINGS, Things()))
        tell_errors(app)
        async with app.test_app() as running:
            yield running.test_client()


async def post(client: Client, body: bytes, kind: str = "application/json") -> tuple[int, dict[str, Any]]:
    response = await client.post("/api/v1/things", data=body, headers={"Content-Type": kind})
    return response.status_code, await response.get_json()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"name": "a"}', 201),
        (b'{"name": "a", "name": "b"}', 201),
        (b'{"name": "\xf0\x9f\x8e\xac", "tags": ["x"], "more": {"a": [1, {"b": null}]}}', 201),
        (b"", 400),
        (b"{", 400),
        (b"null", 400),
        (b'"a"', 400),
        (b'{"name": "a"} {}', 400),
        (b"\xff\xfe{\x00", 400),
        (b'{"name": "\xed\xa0\x80"}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b'{"name": "a\\u0000b"}', 400),
        (b'{"name": "a", "tags": ["a\\u0000b"]}', 400),
        (b'{"name": "a", "more": {"a": [{"b\\u0000": 1}]}}', 400),
        (b'{"name": 7}', 400),
        (b'{"name": "a", "unknown": 1}', 400),
        (b'{"name": "a", "size": 1.5}', 400),
        (b'{"name": "a", "size": 1e400}', 400),
        (b'{"name": "a", "size": 99999999999999999999999999}', 400),
        (b"[" * 60_000, 400),
        (b'{"name": "a", "more": {"x": ' + b"[" * 60_000 + b"}}", 400),
        (b'{"name": "a", "more": ' + b'{"x": ' * 9_000 + b"1" + b"}" * 9_000 + b"}", 400),
        (b'{"name": "' + b"x" * 70_000 + b'"}', 413),
    ],
)
async def test_a_body_is_taken_or_refused(client: Client, body: bytes, status: int) -> None:
    found, told = await post(client, body)
    assert found == status, told
    if found >= 400:
        assert told["code"] == {400: "bad_request", 413: "body_too_large"}[status]


async def test_a_refusal_says_which_field(client: Client) -> None:
    _, told = await post(client, b'{"name": "a", "tags": ["b", 3]}')
    assert told["data"] == {"field": "tags[1]"}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "image/png", ""])
async def test_a_body_of_another_type_is_refused(client: Client, kind: str) -> None:
    assert (await post(client, b'{"name": "a"}', kind))[0] == 415


async def test_a_picture_is_sent_as_it_is(client: Client) -> None:
    for body, kind, status in ((b"PNG", "image/png", 204), (b"PNG", "image/jpeg", 415), (b"P" * 3000, "image/png", 413)):
        assert (await client.put("/api/v1/things/a/picture", data=body, headers={"Content-Type": kind})).status_code == status


async def test_a_list_is_read_to_its_end_once(client: Client) -> None:
    names: list[str] = []
    cursor = ""
    while True:
        page = await (
            await client.get("/api/v1/things", query_string={"limit": 7, "least": 3, **({"cursor": cursor} if cursor else {})})
        ).get_json()
        names += [item["name"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert names == NUMBERS[3:]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=-1",
        "limit=",
        "limit=1&limit=2",
        "limit=%00",
        "least=x",
        "other=1",
        "word=%00",
        "word=a&word=b",
    ],
)
async def test_a_query_that_does_not_fit_is_refused(client: Client, query: str) -> None:
    response = await client.get(f"/api/v1/things?{query}")
    assert (response.status_code, (await response.get_json())["code"]) == (400, "bad_request")


async def test_a_cursor_is_good_for_its_own_list_only(client: Client) -> None:
    cursor = (await (await client.get("/api/v1/things?least=3")).get_json())["next"]
    for query in (
        f"cursor={cursor}",
        f"least=4&cursor={cursor}",
        "cursor=AAAA",
        "cursor=%F0%9F%8E%AC",
        f"least=3&cursor=A{cursor}",
        "cursor=" + "A" * 900,
    ):
        response = await client.get(f"/api/v1/things?{query}")
        assert (response.status_code, (await response.get_json())["code"]) == (400, "cursor_invalid"), query
    assert (await client.get(f"/api/v1/things?least=3&cursor={cursor}&limit=3")).status_code == 200


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (None, 428),
        ('"v3"', 200),
        (' "v3" ', 200),
        ("*", 412),
        ('W/"v3"', 412),
        ('"v3", "v4"', 412),
        ("v3", 412),
        ('"v-1"', 412),
        ('"v' + "9" * 30 + '"', 412),
    ],
)
async def test_an_edit_says_what_it_rests_on(client: Client, condition: str | None, status: int) -> None:
    response = await client.patch("/api/v1/things/a", json={"name": "b"}, headers={"If-Match": condition} if condition else {})
    assert response.status_code == status
    if status == 200:
        assert response.headers["ETag"] == '"v4"'


async def test_who_has_a_record_already_is_told_so(client: Client) -> None:
    response = await client.get("/api/v1/things/a", headers={"If-None-Match": '"v7"'})
    assert (response.status_code, await response.get_data(), response.headers["ETag"]) == (304, b"", '"v7"')


async def test_too_often_is_told_with_how_often_it_may_be(client: Client) -> None:
    seen = [await client.get("/api/v1/things/a") for _ in range(5)]
    assert [response.status_code for response in seen] == [200, 200, 200, 429, 429]
    assert all(response.headers["RateLimit-Policy"] == '"few";q=3;w=600' for response in seen)
    assert [response.headers["RateLimit"].partition(";t=")[0] for response in seen] == ['"few";r=2', '"few";r=1', *['"few";r=0'] * 3]
    assert 190 <= int(seen[-1].headers["Retry-After"]) <= 200
    assert (await client.get("/api/v1/things")).status_code == 200


@pytest.mark.parametrize("name", ["%00", "%0d%0aSet-Cookie:x", "%E2%80%AE", "x" * 300])
async def test_a_name_nothing_has_is_not_found(client: Client, name: str) -> None:
    assert (await client.get(f"/api/v1/things/{name}")).status_code == 404


async def test_what_is_public_may_be_read_from_anywhere_and_the_rest_from_a_friend(client: Client) -> None:
    for path, origin, allowed in (
        ("/api/v1/things", "https://evil.example", "*"),
        ("/api/v1/secret", "https://evil.example", None),
        ("/api/v1/secret", "https://friend.example.evil.example", None),
        ("/api/v1/secret", "null", None),
        ("/api/v1/secret", "https://friend.example", "https://friend.example"),
    ):
        response = await client.get(path, headers={"Origin": origin})
        assert response.headers.get("Access-Control-Allow-Origin") == allowed
        assert "Access-Control-Allow-Credentials" not in response.headers
        ask = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        before = await client.options(path, headers=ask)
        assert (before.status_code, before.headers.get("Access-Control-Allow-Origin")) == (204, allowed)
        assert ("Access-Control-Allow-Methods" in before.headers) is (allowed is not None)


async def test_another_sites_page_may_change_nothing(client: Client) -> None:
    before = await client.options("/api/v1/things", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
    assert before.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert "Access-Control-Allow-Origin" not in before.headers


async def test_who_is_not_signed_in_is_told(client: Client) -> None:
    response = await client.get("/api/v1/secret")
    assert (response.status_code, (await response.get_json())["code"]) == (401, "sign_in_required")


def test_a_handler_whose_parameters_do_not_fit_is_a_mistake() -> None:
    noun = Noun("wrong", "Wrong.")

    async def surplus(self: object, name: str, other: int) -> None: ...
    async def missing(self: object) -> None: ...

    for handler in (surplus, missing):
        with pytest.raises(TypeError):
            noun.route("GET", "/wrong/{name}")(handler)
