"""A create that is sent again: done once, answered twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from quart import Quart
from quart.typing import TestClientProtocol as Client
from werkzeug.datastructures import Headers

from storage.clock import SystemClock
from storage.model.account import Actor
from storage.model.errors import Conflict, ErrorCode
from storage.node import Tasks
from storage.opening import open_storage
from storage.rate_limits import RateLimits
from storage.settings import Settings
from tests.fixtures.tables import with_tables
from tests.fixtures.valkey import Valkey
from web.api.cors import Cors
from web.api.frame import Frame
from web.api.idempotency import Idempotency
from web.api.route import Answer, Noun
from web.app import tell_errors

NOUN = Noun("made", "Things that are made.")
PATH = "/api/v1/made"


class NewThing(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class Made(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    secret: str
    version: int = 1


@dataclass
class Maker:
    made: list[str] = field(default_factory=list)
    refuse: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @NOUN.route("POST", "/made", status=201)
    async def create(self, body: NewThing) -> Answer[Made]:
        """A new thing."""
        await self.gate.wait()
        if self.refuse:
            raise Conflict(ErrorCode.CHANNEL_EXISTS, "Not now.")
        self.made.append(body.name)
        return Answer(Made(name=body.name, secret=f"secret-{len(self.made)}"), {"Location": f"{PATH}/{body.name}", "X-Else": "1"})


@dataclass
class Rig:
    client: Client
    maker: Maker
    folder: Path
    address: str = "192.0.2.1"

    async def asks(self) -> Actor:
        return Actor(None, address=self.address)

    async def post(self, key: str, name: str = "a") -> tuple[int, Any, Headers]:
        response = await self.client.post(PATH, json={"name": name}, headers={"Idempotency-Key": key})
        return response.status_code, await response.get_json(), response.headers


@pytest_asyncio.fixture
async def rig(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Rig]:
    clock = SystemClock()
    with_tables(tmp_path)
    async with open_storage(Settings(data=tmp_path, redis_url=valkey.url)) as storage, Tasks("test") as tasks:
        app = Quart(__name__)
        maker = Maker()
        maker.gate.set()
        rig = Rig(app.test_client(), maker, tmp_path)
        idempotency = Idempotency(lambda: storage.idempotency, clock)
        app.register_blueprint(Frame(rig.asks, Cors(()), RateLimits(storage.bus, clock), idempotency).blueprint(NOUN, maker))
        tell_errors(app)
        tasks.start("idempotency", idempotency.run())
        async with app.test_app():
            yield rig


async def test_the_second_request_gets_the_first_ones_answer(rig: Rig) -> None:
    first = await rig.post("once")
    second = await rig.post("once")
    assert (first[0], second[0]) == (201, 201)
    assert first[1] == second[1] == {"name": "a", "secret": "secret-1", "version": 1}
    assert rig.maker.made == ["a"]
    assert "Idempotent-Replayed" not in first[2]
    assert second[2]["Idempotent-Replayed"] == "true"
    for name in ("Location", "ETag", "Content-Type"):
        assert second[2][name] == first[2][name]


async def test_another_request_with_the_key_is_refused(rig: Rig) -> None:
    await rig.post("once")
    status, told, _ = await rig.post("once", "b")
    assert (status, told["code"]) == (422, "idempotency_key_reused")
    assert rig.maker.made == ["a"]


async def test_somebody_elses_key_is_another(rig: Rig) -> None:
    await rig.post("once")
    rig.address = "192.0.2.2"
    assert (await rig.post("once", "b"))[0] == 201
    assert rig.maker.made == ["a", "b"]


async def test_twenty_at_a_time_are_done_once(rig: Rig) -> None:
    rig.maker.gate.clear()
    asked = [asyncio.ensure_future(rig.post("once")) for _ in range(20)]
    await asyncio.sleep(0.3)
    rig.maker.gate.set()
    answers = await asyncio.gather(*asked)
    assert {status for status, _, _ in answers} == {201}
    assert {told["secret"] for _, told, _ in answers} == {"secret-1"}
    assert rig.maker.made == ["a"]


async def test_a_client_that_hangs_up_gets_the_answer_when_it_asks_again(rig: Rig) -> None:
    rig.maker.gate.clear()
    asked = asyncio.ensure_future(rig.post("once"))
    await asyncio.sleep(0.3)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    rig.maker.gate.set()
    assert (await rig.post("once"))[1]["secret"] == "secret-1"
    assert rig.maker.made == ["a"]


async def test_a_refusal_leaves_the_key_free(rig: Rig) -> None:
    rig.maker.refuse = True
    assert (await rig.post("once"))[1]["code"] == "channel_exists"
    rig.maker.refuse = False
    assert (await rig.post("once"))[0] == 201


async def test_without_a_key_everything_is_done(rig: Rig) -> None:
    for _ in range(2):
        assert (await rig.client.post(PATH, json={"name": "a"})).status_code == 201
    assert rig.maker.made == ["a", "a"]


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 129, "käse"])
async def test_a_key_that_is_none_is_refused(rig: Rig, key: str) -> None:
    status, told, _ = await rig.post(key)
    assert (status, told["code"]) == (400, "bad_request")


async def test_what_was_shown_once_is_not_kept_in_the_clear(rig: Rig) -> None:
    await rig.post("a-key-that-is-secret")
    kept = b"".join(path.read_bytes() for path in rig.folder.glob("fanlight.db*"))
    assert b"secret-1" not in kept
    assert b"a-key-that-is-secret" not in kept
