"""PostgreSQL dies or hangs while it is asked all the time: every answer comes soon and says what to do, and then all is well again."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest_asyncio
from quart import Quart

from storage.clock import SystemClock
from storage.model.ids import AccountName
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.fixtures.postgres import PostgreSQL
from tests.fixtures.valkey import Valkey
from web.app import create_app

AWAY = 3.0
SOON = 4.0
"""Seconds an answer may take here: 2 s are promised, and this machine may be busy."""


@dataclass
class Load:
    """Asks without a pause, in several places at once. ``seen`` is (when it was answered, status, how long it took, Retry-After)."""

    app: Quart
    seen: list[tuple[float, int, float, str]] = field(default_factory=list)
    stop: bool = False

    async def ask(self) -> None:
        client = self.app.test_client(use_cookies=False)
        while not self.stop:
            started = time.monotonic()
            response = await client.get("/api/v1/accounts/ada")
            now = time.monotonic()
            self.seen.append((now, response.status_code, now - started, response.headers.get("Retry-After", "")))
            await asyncio.sleep(0.01)

    def since(self, moment: float) -> list[tuple[float, int, float, str]]:
        return [one for one in self.seen if one[0] >= moment]

    async def until_answered(self, status: int, moment: float) -> float:
        """How long after ``moment`` the first answer with that status came."""
        async with asyncio.timeout(20):
            while True:
                for at, found, _, _ in self.since(moment):
                    if found == status:
                        return at - moment
                await asyncio.sleep(0.02)


@dataclass
class Place:
    app: Quart
    storage: Storage
    postgres: PostgreSQL


@pytest_asyncio.fixture
async def place(valkey: Valkey, postgres: PostgreSQL, tmp_path: Path) -> AsyncIterator[Place]:
    settings = Settings(
        data=tmp_path,
        redis_url=valkey.url,
        secret="sixteen characters",
        database_url=postgres.database_with_tables(),
        rate_limits=1_000_000,
    )
    async with open_storage(settings) as storage:
        await storage.accounts.create(AccountName("ada"))
        app = create_app(settings, storage, SystemClock())
        async with app.test_app():
            yield Place(app, storage, postgres)


async def _endures(place: Place, fault: str) -> None:
    load = Load(place.app)
    workers = [asyncio.ensure_future(load.ask()) for _ in range(16)]
    try:
        await load.until_answered(200, 0)
        broken = time.monotonic()
        await asyncio.to_thread(place.postgres.hang if fault == "hang" else place.postgres.kill)
        try:
            refused = await load.until_answered(503, broken)
            await asyncio.sleep(AWAY)
        finally:
            await asyncio.to_thread(place.postgres.go_on if fault == "hang" else place.postgres.start)
        back = time.monotonic()
        healed = await load.until_answered(200, back)
        await asyncio.sleep(1.0)
        # Nothing broken was left in the pool.
        well = load.since(back + healed + 0.2)
    finally:
        load.stop = True
        async with asyncio.timeout(30):
            await asyncio.gather(*workers)
    statuses = Counter(status for _, status, _, _ in load.seen)
    longest = max(taken for _, _, taken, _ in load.seen)
    print(f"{fault}: {dict(statuses)}, longest answer {longest:.2f} s, first refusal {refused:.2f} s, first success {healed:.2f} s")
    assert set(statuses) == {200, 503}
    assert all(retry for _, status, _, retry in load.seen if status == 503)
    assert longest < SOON
    assert healed < SOON
    assert well
    assert {status for _, status, _, _ in well} == {200}


async def test_a_database_that_is_killed_under_load_is_missed_and_found_again(place: Place) -> None:
    await _endures(place, "kill")


async def test_a_database_that_hangs_under_load_holds_up_nobody(place: Place) -> None:
    await _endures(place, "hang")
