"""One contract for sessions in every database: SQLite, and a real PostgreSQL."""

import asyncio

import pytest
import pytest_asyncio

from storage import secrets
from storage.database.accounts import AccountRepository
from storage.database.engine import Database
from storage.database.sessions import GRACE, KEPT, TOUCH, SessionRepository
from storage.model.account import Account, AccountState
from storage.model.errors import NotFound, Refused
from storage.model.ids import AccountName, RecordId
from storage.model.session import ABSOLUTE, IDLE, SessionEnd, SessionKind
from tests.storage.hand_clock import HandClock

START = 1_800_000_000


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


@pytest.fixture
def accounts(database: Database, clock: HandClock) -> AccountRepository:
    return AccountRepository(database, clock)


@pytest.fixture
def sessions(database: Database, clock: HandClock) -> SessionRepository:
    return SessionRepository(database, clock)


@pytest_asyncio.fixture
async def ada(accounts: AccountRepository) -> Account:
    return await accounts.create(AccountName("ada"))


async def started(sessions: SessionRepository, account: Account, kind: SessionKind = SessionKind.BROWSER) -> RecordId:
    session, _ = await sessions.start(account, kind, user_agent="Firefox", address="192.0.2.1")
    return session.id


async def test_a_session_is_read_back_with_its_account_and_the_digest_of_its_secret(sessions: SessionRepository, ada: Account) -> None:
    made, secret = await sessions.start(ada, SessionKind.BROWSER, user_agent="Fire\nfox \ud800" + "x" * 300, address="2001:db8::1")
    found = await sessions.get(made.id)
    assert found is not None
    assert (found.session, found.account, found.digest) == (made, ada, secrets.digest(secret))
    assert found.session.user_agent.startswith("Fire fox  x")
    assert len(found.session.user_agent) == 200
    assert await sessions.get(RecordId("0" * 26)) is None


async def test_a_session_ends_unused_after_a_fortnight_and_in_any_case_after_a_month(
    sessions: SessionRepository, ada: Account, clock: HandClock
) -> None:
    unused, used = await started(sessions, ada), await started(sessions, ada)
    clock.turn(IDLE.total_seconds() - 1)
    assert await sessions.get(used)
    clock.turn(1)
    assert await sessions.get(unused) is None
    assert await sessions.get(used)
    clock.turn((IDLE - TOUCH).total_seconds())
    assert await sessions.get(used)
    clock.turn(START + ABSOLUTE.total_seconds() - 1 - clock.unix)
    assert await sessions.get(used)
    clock.turn(1)
    assert await sessions.get(used) is None
    assert await sessions.list(ada.id) == []


async def test_use_is_noted_to_the_minute(sessions: SessionRepository, ada: Account, clock: HandClock) -> None:
    session = await started(sessions, ada)
    clock.turn(TOUCH.total_seconds() - 1)
    await sessions.get(session)
    assert (await sessions.list(ada.id))[0].used_at.timestamp() == START
    clock.turn(2)
    await sessions.get(session)
    assert (await sessions.list(ada.id))[0].used_at.timestamp() == clock.unix


async def test_a_session_is_ended_once_and_by_its_account_only(
    sessions: SessionRepository, accounts: AccountRepository, ada: Account
) -> None:
    eve = await accounts.create(AccountName("eve"))
    session = await started(sessions, ada)
    with pytest.raises(NotFound):
        await sessions.end(session, SessionEnd.REVOKED, account=eve.id)
    await sessions.end(session, SessionEnd.REVOKED, account=ada.id)
    assert await sessions.get(session) is None
    with pytest.raises(NotFound):
        await sessions.end(session, SessionEnd.REVOKED, account=ada.id)


async def test_what_an_account_may_ends_its_sessions_in_the_same_transaction(
    sessions: SessionRepository, accounts: AccountRepository, ada: Account
) -> None:
    first = await started(sessions, ada)
    await accounts.set_password(ada.id, "hash")
    assert await sessions.get(first) is None
    # One that began from what was read before the change is over before it began.
    assert await sessions.get(await started(sessions, ada)) is None
    kept = await started(sessions, await accounts.get(ada.id))
    changed = await accounts.set_password(ada.id, "another")
    await sessions.keep(kept)
    found = await sessions.get(kept)
    assert found is not None
    assert found.account == changed
    await accounts.govern(ada.id, state=AccountState.BANNED)
    await sessions.keep(kept)
    assert await sessions.get(kept) is None


async def test_the_session_used_longest_ago_makes_room(
    sessions: SessionRepository, ada: Account, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.sessions.MOST", 3)
    found = []
    for _ in range(4):
        found.append(await started(sessions, ada))
        clock.turn(1)
    assert [session.id for session in await sessions.list(ada.id)] == found[:0:-1]


async def test_tokens_follow_each_other(sessions: SessionRepository, ada: Account, clock: HandClock) -> None:
    session = await started(sessions, ada, SessionKind.TOKENS)
    for rotation in range(3):
        assert (await sessions.exchange(session, rotation)).session.rotation == rotation + 1
        clock.turn(3600)
    # A browser's session has none.
    with pytest.raises(Refused):
        await sessions.exchange(await started(sessions, ada), 0)


async def test_of_many_exchanges_at_once_all_get_the_same_next_token(sessions: SessionRepository, ada: Account) -> None:
    session = await started(sessions, ada, SessionKind.TOKENS)
    found = await asyncio.gather(*(sessions.exchange(session, 0) for _ in range(5)))
    assert {answer.session.rotation for answer in found} == {1}


@pytest.mark.parametrize(("rotation", "after"), [(0, 0), (1, GRACE.total_seconds() + 1), (7, 0)])
async def test_a_token_of_another_time_ends_the_session(
    sessions: SessionRepository, ada: Account, clock: HandClock, rotation: int, after: float
) -> None:
    session = await started(sessions, ada, SessionKind.TOKENS)
    await sessions.exchange(session, 0)
    await sessions.exchange(session, 1)
    clock.turn(after)
    with pytest.raises(Refused):
        await sessions.exchange(session, rotation)
    assert await sessions.get(session) is None
    with pytest.raises(Refused):
        await sessions.exchange(session, 2)


async def test_what_is_over_for_long_is_forgotten(sessions: SessionRepository, ada: Account, clock: HandClock) -> None:
    ended, unused = await started(sessions, ada), await started(sessions, ada)
    await sessions.end(ended, SessionEnd.SIGNED_OUT, account=ada.id)
    clock.turn(KEPT.total_seconds() + 1)
    assert await sessions.sweep() == 1
    clock.turn(IDLE.total_seconds())
    fresh = await started(sessions, ada)
    assert await sessions.sweep() == 1
    assert await sessions.get(fresh)
    assert await sessions.get(unused) is None


async def test_many_sessions_are_read_at_once_without_those_that_are_over(
    sessions: SessionRepository, accounts: AccountRepository, ada: Account, clock: HandClock
) -> None:
    eve = await accounts.create(AccountName("eve"))
    first, second, over = await started(sessions, ada), await started(sessions, eve), await started(sessions, ada)
    await sessions.end(over, SessionEnd.REVOKED, account=ada.id)
    asked = [first, second, over, RecordId("0" * 26)]

    assert await sessions.accounts(asked) == {first: ada, second: eve}
    assert await sessions.accounts([]) == {}
    clock.turn(TOUCH.total_seconds() * 2)
    read = await sessions.several(asked)
    again = await sessions.several([first])
    assert read.keys() == {first, second}
    assert again[first].session.used_at > read[first].session.used_at
    clock.turn(TOUCH.total_seconds() * 2)
    assert await sessions.accounts([first]) == {first: ada}
    assert (await sessions.several([first]))[first].session.used_at == again[first].session.used_at
