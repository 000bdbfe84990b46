"""What holds of every database: its tables are those of the code, and it is never waited for for long."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from storage.clock import SystemClock
from storage.database.channels import ChannelRepository
from storage.database.engine import Database
from storage.database.stream_keys import StreamKeyRepository
from storage.database.tables import metadata
from storage.model.errors import BadInput, Unavailable
from storage.model.ids import ChannelName
from tests.fixtures.postgres import PostgreSQL


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    postgres: PostgreSQL = request.getfixturevalue("postgres")
    return postgres.database()


@pytest_asyncio.fixture
async def database(place: str) -> AsyncIterator[Database]:
    made = Database(place)
    await made.migrate()
    yield made
    await made.close()


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


async def test_the_newest_migration_makes_the_tables_of_the_code(database: Database) -> None:
    async with database.transaction() as connection:
        assert await connection.run_sync(_differences) == []


async def test_migrating_again_and_by_several_at_once_does_no_harm(place: str) -> None:
    several = [Database(place) for _ in range(3)]
    if several[0].is_sqlite:
        for one in several:
            await one.migrate()
    else:
        await asyncio.gather(*(one.migrate() for one in several))
    channels = ChannelRepository(several[0], SystemClock())
    await channels.create(ChannelName("a"), "")
    await several[1].migrate()
    assert len(await channels.list()) == 1
    for one in several:
        await one.close()


async def test_a_block_that_fails_writes_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as connection:
            columns = "id, name, display_name, colour, role, state, totp_last_step, generation, version, created_at, changed_at"
            values = "'1', 'a', 'A', '', 'user', 'active', 0, 1, 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00'"
            await connection.execute(text(f"INSERT INTO account ({columns}) VALUES ({values})"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with database.transaction() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM account"))).scalar() == 0


async def test_a_transaction_that_takes_too_long_is_given_up_and_the_next_works(place: str) -> None:
    database = Database(place, deadline=0.4)
    await database.migrate()
    started = time.monotonic()
    with pytest.raises(Unavailable):
        async with database.transaction():
            await asyncio.sleep(30)
    assert time.monotonic() - started < 10
    await database.ping()
    await database.close()


async def test_a_lock_held_by_another_is_not_waited_for_for_long(place: str) -> None:
    database, other = Database(place, deadline=0.5), Database(place, deadline=60)
    await database.migrate()
    lock = "BEGIN IMMEDIATE" if other.is_sqlite else "LOCK TABLE channel IN ACCESS EXCLUSIVE MODE"
    channels = ChannelRepository(database, SystemClock())
    async with other.transaction() as connection:
        await connection.execute(text(lock))
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await channels.create(ChannelName("a"), "")
        assert time.monotonic() - started < 10
    await channels.create(ChannelName("a"), "")
    await database.close()
    await other.close()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://localhost/x", "redis://localhost"])
def test_an_address_of_another_kind_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(BadInput, match="DATABASE_URL"):
        Database(url)


async def test_an_address_with_libpqs_sslmode_is_understood(postgres: PostgreSQL) -> None:
    plain, encrypted = Database(postgres.database() + "?sslmode=disable"), Database(postgres.database() + "?sslmode=require")
    await plain.ping()
    with pytest.raises(Unavailable):
        await encrypted.ping()
    await plain.close()
    await encrypted.close()


async def test_a_server_that_hangs_or_is_gone_is_unavailable_and_comes_back(postgres: PostgreSQL) -> None:
    database = Database(postgres.database(), deadline=1)
    await database.migrate()
    channels = ChannelRepository(database, SystemClock())
    await channels.create(ChannelName("a"), "")
    try:
        postgres.hang()
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await StreamKeyRepository(database, SystemClock()).verify(ChannelName("a"), "fl_x")
        assert time.monotonic() - started < 10
    finally:
        postgres.go_on()
    postgres.kill()
    with pytest.raises(Unavailable):
        await channels.list()
    postgres.start()
    assert [channel.name for channel in await channels.list()] == ["a"]
    await database.close()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        await database.ping()
    with pytest.raises(Unavailable):
        await database.migrate()
    await database.close()
