"""Databases of both kinds, with tables and without rows."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from storage.database.engine import Database
from storage.model.account import Account, AccountRole
from storage.model.channel import Channel
from storage.model.ids import AccountName, ChannelName
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.fixtures.postgres import PostgreSQL
from tests.fixtures.tables import patient, with_tables


@dataclass
class Records:
    """Everything that is kept, in one database, and short ways to make the usual."""

    storage: Storage

    async def account(self, name: str, role: AccountRole = AccountRole.USER) -> Account:
        return await self.storage.accounts.create(AccountName(name), role=role)

    async def channel(self, name: str, owner: Account | None = None, title: str = "") -> Channel:
        return await self.storage.channels.create(ChannelName(name), title, owner=owner.id if owner else None)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database's address."""
    if request.param == "sqlite":
        return f"sqlite:///{with_tables(tmp_path)}"
    postgres: PostgreSQL = request.getfixturevalue("postgres")
    return postgres.database_with_tables()


@pytest_asyncio.fixture
async def database(address: str) -> AsyncIterator[Database]:
    made = patient(address)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def records(address: str, tmp_path: Path) -> AsyncIterator[Records]:
    async with open_storage(Settings(data=tmp_path, database_url=address)) as storage:
        vars(storage)["database"] = patient(address)
        yield Records(storage)
