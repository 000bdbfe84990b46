"""One contract for API tokens in every database: SQLite, and a real PostgreSQL."""

from datetime import timedelta

import pytest
import pytest_asyncio

from storage.clock import utc_now
from storage.database.accounts import AccountRepository
from storage.database.api_tokens import ApiTokenRepository
from storage.database.engine import Database
from storage.model.account import Account, Scope
from storage.model.ids import AccountName, RecordId
from tests.storage.hand_clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock(1_800_000_000)


@pytest_asyncio.fixture
async def ada(database: Database, clock: HandClock) -> Account:
    return await AccountRepository(database, clock).create(AccountName("ada"))


async def test_many_tokens_are_read_at_once_without_those_that_open_nothing_any_more(
    database: Database, clock: HandClock, ada: Account
) -> None:
    tokens = ApiTokenRepository(database, clock)
    scopes = frozenset({Scope.CHAT, Scope.MODERATE})
    lasting, plain = await tokens.create(ada.id, "bot", scopes)
    short, _ = await tokens.create(ada.id, "short", scopes, utc_now(clock) + timedelta(minutes=1))
    revoked, _ = await tokens.create(ada.id, "revoked", scopes)
    await tokens.revoke(ada.id, revoked.id)
    asked = [lasting.id, short.id, revoked.id, RecordId("0" * 26)]

    assert await tokens.accounts(asked) == {lasting.id: (ada, scopes), short.id: (ada, scopes)}
    assert await tokens.accounts([]) == {}
    assert await tokens.verify(plain) == (lasting.id, ada, scopes)
    clock.turn(61)
    assert await tokens.accounts(asked) == {lasting.id: (ada, scopes)}
