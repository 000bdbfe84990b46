"""The records of one database, for the contracts of channels."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from storage.model.account import Account, AccountRole
from storage.model.channel import Channel
from storage.model.ids import AccountName, ChannelName
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.fixtures.postgres import PostgreSQL


@dataclass
class Records:
    """Everything that is kept, in one database, and short ways to make the usual."""

    storage: Storage

    async def account(self, name: str, role: AccountRole = AccountRole.USER) -> Account:
        return await self.storage.accounts.create(AccountName(name), role=role)

    async def channel(self, name: str, owner: Account | None = None, title: str = "") -> Channel:
        return await self.storage.channels.create(ChannelName(name), title, owner=owner.id if owner else None)


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def records(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Records]:
    url = ""
    if request.param == "postgresql":
        postgres: PostgreSQL = request.getfixturevalue("postgres")
        url = postgres.database()
    async with open_storage(Settings(data=tmp_path, database_url=url)) as storage:
        await storage.database.migrate()
        yield Records(storage)
