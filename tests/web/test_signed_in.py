"""What a web process remembers of sessions: for three seconds, until a hint, and never without end."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from storage.database.engine import Database
from storage.database.sessions import SessionRepository
from storage.model.account import Account
from storage.model.ids import RecordId
from storage.model.session import SessionEnd, SessionKind, SignedIn
from storage.opening import open_storage
from storage.settings import Settings
from tests.fixtures.valkey import Valkey
from tests.storage.hand_clock import HandClock
from tests.web.people import add_account
from web.signed_in import LIFE, SignedInSessions


class Counted(SessionRepository):
    """Counts how often the database is asked."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        super().__init__(database, clock)
        self.reads = 0

    async def several(self, found: Collection[RecordId]) -> Mapping[RecordId, SignedIn]:
        self.reads += 1
        return await super().several(found)


async def test_the_database_is_asked_every_three_seconds_and_after_a_change(
    valkey: Valkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.signed_in.MOST", 3)
    clock = HandClock(1_800_000_000)
    async with open_storage(Settings(data=tmp_path, redis_url=valkey.url), clock) as storage:
        await storage.database.migrate()
        sessions = Counted(storage.database, clock)
        known = SignedInSessions(sessions, storage.bus, clock)
        ada, eve = await add_account(storage, "ada"), await add_account(storage, "eve")

        async def begun(account: Account) -> RecordId:
            session, _ = await sessions.start(account, SessionKind.BROWSER, user_agent="", address="")
            return session.id

        first, second, other = await begun(ada), await begun(ada), await begun(eve)
        for session in (first, second, other, first, second, other):
            assert await known.get(session)
        assert sessions.reads == 3
        await known.changed(ada.id)
        for session in (first, second, other):
            assert await known.get(session)
        assert sessions.reads == 5
        clock.turn(LIFE)
        await sessions.end(first, SessionEnd.SIGNED_OUT, account=ada.id)
        assert await known.get(first) is None
        assert sessions.reads == 6
        for _ in range(5):
            assert await known.get(await begun(eve))
        assert len(known._known) == 3
        assert sum(len(found) for found in known._of.values()) == 3
        await known.changed(eve.id)
        await known.changed(ada.id)
        assert (len(known._known), len(known._of)) == (0, 0)
