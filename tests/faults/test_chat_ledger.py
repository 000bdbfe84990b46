"""Chat nodes, their bus and their database die while many write: what was acknowledged is there, once, in one order for everybody."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.settings import Settings
from tests.chat.ledger import Report, everybody_writes, scene
from tests.chat.nodes import Chat, chat_nodes
from tests.chat.talker import RefusedError
from tests.fixtures.postgres import PostgreSQL
from tests.fixtures.valkey import Valkey

pytestmark = [pytest.mark.faults, pytest.mark.timeout(240)]


def balanced(report: Report) -> None:
    """Nothing acknowledged is lost, nothing is shown twice, all show the log, and no jump is passed over in silence."""
    print(report)
    assert report.acknowledged > 0
    assert (report.lost, report.twice, report.unordered, report.silent, report.holes) == ([], 0, 0, 0, 0)
    assert report.missed == 0, "so little was missed that all of it can be told"


async def test_the_books_balance_though_nodes_and_the_bus_are_killed(tmp_path: Path, postgres: PostgreSQL) -> None:
    async with scene(tmp_path, postgres.database_with_tables(), clients=60, seed=7) as room:
        async with everybody_writes(room, 3):
            await asyncio.gather(room.kill_nodes(6, (0.5, 1.5)), room.kill_bus(2, (2, 4), (0, 1.5)))
        report = await room.report()
    assert (report.killed, report.bus_killed) == (6, 2)
    assert report.away, "nobody had to come back"
    balanced(report)


async def test_a_database_that_is_killed_acknowledges_nothing_it_does_not_have(tmp_path: Path, postgres: PostgreSQL) -> None:
    async with scene(tmp_path, postgres.database_with_tables(), nodes=2, clients=30) as room:
        async with everybody_writes(room, 0.5):
            await asyncio.sleep(2)
            await asyncio.to_thread(postgres.kill)
            try:
                with pytest.raises(RefusedError) as refused:
                    await room.members[0].say("nobody can keep this now")
                await asyncio.sleep(2)
            finally:
                await asyncio.to_thread(postgres.start)
            await asyncio.sleep(2)
        report = await room.report()
    assert refused.value.code in {"database_unavailable", "server_busy"}
    assert refused.value.retry_after > 0
    balanced(report)


async def test_a_node_killed_in_the_middle_of_a_commit_leaves_whole_messages(tmp_path: Path) -> None:
    async with scene(tmp_path, "", nodes=1, clients=30) as room:
        async with everybody_writes(room, 0.3):
            for _ in range(4):
                await asyncio.sleep(room.rng.uniform(0.5, 1.5))
                room.nodes.kill(0)
                await room.nodes.start(0)
                for member in room.members:
                    await member.joined()
        report = await room.report()
        with sqlite3.connect(tmp_path / "fanlight.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
    assert report.killed == 4
    balanced(report)


@pytest_asyncio.fixture
async def two(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Chat]:
    """Two nodes, on SQLite."""
    settings = Settings(secret="a secret of the tests", data=tmp_path, redis_url=valkey.url, rate_limits=10)
    async with chat_nodes(settings, 2) as found:
        yield found


async def test_a_bus_that_hangs_holds_up_no_message(two: Chat, valkey: Valkey) -> None:
    await two.channel()
    async with two.talker("ada", node=0) as ada, two.talker("grace", node=1) as grace:
        await ada.say("before")
        await grace.sees("before")
        took: list[float] = []
        valkey.hang()
        try:
            for number in range(40):
                began = asyncio.get_running_loop().time()
                await (ada, grace)[number % 2].say(f"meanwhile {number}")
                took.append(asyncio.get_running_loop().time() - began)
            for one in (ada, grace):
                await one.shows(41)
        finally:
            valkey.go_on()
        print(f"answered within {sorted(took)[-3:]} s at worst")
        assert sorted(took)[-2] <= 1
        assert ada.shown == grace.shown == ["before", *(f"meanwhile {number}" for number in range(40))]
        assert ada.lost == grace.lost == 0


async def test_a_bus_that_is_emptied_costs_nothing_and_presence_comes_back(two: Chat, valkey: Valkey) -> None:
    await two.channel()
    async with two.talker("ada", node=0) as ada, two.talker("grace", node=1) as grace:
        for number in range(10):
            await ada.say(str(number))
            if number == 4:
                valkey.empty()
        await grace.shows(10)
        assert grace.shown == [str(number) for number in range(10)]
        async with two.talker(node=0):

            def told() -> bool:
                shown = [frame["present"] for frame in grace.frames if frame["type"] == "presence"]
                return bool(shown) and shown[-1] == {"accounts": 2, "strangers": 1, "names": ["ada", "grace"]}

            await grace.until(told)
