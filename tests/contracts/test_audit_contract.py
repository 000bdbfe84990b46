"""One contract for the audit log in every database."""

from datetime import timedelta

import pytest

from storage.clock import SystemClock
from storage.database.audit import KEPT, AuditLog
from storage.database.channels import ChannelRepository
from storage.database.engine import Database
from storage.model.account import Actor
from storage.model.ids import AccountId, ChannelId, ChannelName

NOBODY = Actor(None, address="192.0.2.1")


class LateClock(SystemClock):
    late = timedelta()

    def unix_ns(self) -> int:
        return super().unix_ns() + int(self.late.total_seconds() * 1_000_000_000)


async def test_entries_are_read_newest_first_by_the_page(database: Database) -> None:
    clock = LateClock()
    log = AuditLog(database, clock)
    for number in range(7):
        clock.late += timedelta(milliseconds=5)
        await log.write(NOBODY, "thing.made", subject=f"thing {number}", data={"number": number})
    first = await log.list(limit=4)
    rest = await log.list(limit=4, before=first[-1].id)
    assert [entry.subject for entry in (*first, *rest)] == [f"thing {number}" for number in reversed(range(7))]
    assert (first[0].address, first[0].data, first[0].actor) == ("192.0.2.1", {"number": 6}, None)


async def test_entries_are_found_by_action_and_channel(database: Database) -> None:
    log = AuditLog(database, SystemClock())
    channel = await ChannelRepository(database, SystemClock()).create(ChannelName("studio"), "")
    await log.write(NOBODY, "channel.renamed", channel=channel.id)
    await log.write(NOBODY, "channel.stopped", channel=ChannelId("gone"))
    await log.write(NOBODY, "account.made")
    assert [entry.action for entry in await log.list(action="channel")] == ["channel.stopped", "channel.renamed"]
    assert [entry.action for entry in await log.list(action="channel.renamed")] == ["channel.renamed"]
    assert [entry.action for entry in await log.list(action="chan")] == []
    (found,) = await log.list(channel=channel.id)
    assert (found.channel_name, found.channel) == ("studio", channel.id)
    assert [entry.channel_name for entry in await log.list(channel=ChannelId("gone"))] == [None]
    assert await log.list(actor=AccountId("somebody")) == []


async def test_an_entry_is_bounded_and_forges_nothing(database: Database) -> None:
    log = AuditLog(database, SystemClock())
    await log.write(
        NOBODY, "thing.made", subject="a\nb\0\x1b[31m" + "x" * 500, data={"n" * 99: "y\r\n" * 999, **{str(n): n for n in range(99)}}
    )
    (found,) = await log.list()
    assert len(found.subject) == 80
    assert found.subject.startswith("a?b??[31m")
    assert len(found.data) == 20
    assert all(len(name) <= 40 and (not isinstance(value, str) or len(value) <= 200) for name, value in found.data.items())


async def test_what_is_older_than_a_year_is_forgotten(database: Database) -> None:
    clock = LateClock()
    log = AuditLog(database, clock)
    await log.write(NOBODY, "thing.made")
    clock.late = KEPT + timedelta(days=1)
    await log.write(NOBODY, "thing.kept")
    assert await log.prune() == 1
    assert [entry.action for entry in await log.list()] == ["thing.kept"]


@pytest.mark.parametrize("action", ["", "made", "thing.", "Thing.made", "thing.made.again", "thing made"])
async def test_an_action_is_a_noun_and_a_verb(database: Database, action: str) -> None:
    with pytest.raises(ValueError, match="action"):
        await AuditLog(database, SystemClock()).write(NOBODY, action)
