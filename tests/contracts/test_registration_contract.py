"""What one-time tokens do to accounts, in every database: SQLite, and a real PostgreSQL."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import text

from storage.clock import SystemClock
from storage.database.accounts import AccountRepository
from storage.database.channels import ChannelRepository
from storage.database.engine import Database
from storage.database.one_time import OneTimeTokens
from storage.database.registration import Registration
from storage.model.account import Account, AccountRole
from storage.model.errors import Conflict, ErrorCode, NotFound, Refused
from storage.model.ids import AccountName, ChannelName
from storage.model.one_time import LIFE, Purpose

MAIN = ChannelName("main")


class MovableClock(SystemClock):
    ahead = timedelta(0)

    def unix_ns(self) -> int:
        return super().unix_ns() + int(self.ahead.total_seconds() * 1e9)


@dataclass
class Desk:
    database: Database
    clock: MovableClock
    accounts: AccountRepository
    tokens: OneTimeTokens
    registration: Registration

    def new(self, name: str) -> Account:
        return self.accounts.new(AccountName(name))


@pytest.fixture
def desk(database: Database) -> Desk:
    clock = MovableClock()
    return Desk(database, clock, AccountRepository(database, clock), OneTimeTokens(database, clock), Registration(database, clock))


async def test_an_invitation_works_once(desk: Desk) -> None:
    token = await desk.tokens.issue(Purpose.INVITE)
    results = await asyncio.gather(
        *(desk.registration.register_invited(desk.new(name), "$h", token) for name in ("ada", "ben", "cleo")), return_exceptions=True
    )
    assert sorted(result.code for result in results if isinstance(result, Refused)) == [ErrorCode.LINK_REFUSED] * 2
    assert len(await desk.accounts.list()) == 1


async def test_a_name_that_is_taken_leaves_the_invitation_good(desk: Desk) -> None:
    await desk.registration.register(desk.new("ada"), "$h")
    token = await desk.tokens.issue(Purpose.INVITE)
    with pytest.raises(Conflict):
        await desk.registration.register_invited(desk.new("ada"), "$h", token)
    await desk.registration.register_invited(desk.new("ben"), "$h", token)


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_a_token_is_for_one_purpose_until_its_time_is_over_and_kept_as_a_digest(desk: Desk, purpose: Purpose) -> None:
    ada = await desk.accounts.create(AccountName("ada"))
    token = await desk.tokens.issue(purpose, account=ada.id, data="a@example.org")
    assert (await desk.tokens.look(purpose, token)).data == "a@example.org"
    for other in Purpose:
        if other is not purpose:
            with pytest.raises(Refused):
                await desk.tokens.look(other, token)
    for wrong in ("", token[:-1], token + "x", "\udcff"):
        with pytest.raises(Refused):
            await desk.tokens.look(purpose, wrong)
    async with desk.database.transaction() as connection:
        rows = (await connection.execute(text("SELECT * FROM one_time_token"))).all()
    assert len(rows) == 1
    assert token not in repr(rows)
    desk.clock.ahead = LIFE[purpose] + timedelta(seconds=1)
    with pytest.raises(Refused):
        await desk.tokens.look(purpose, token)


async def test_a_newer_link_ends_the_one_before(desk: Desk) -> None:
    ada, ben = [await desk.accounts.create(AccountName(name)) for name in ("ada", "ben")]
    first = await desk.tokens.issue(Purpose.RESET, account=ada.id)
    others = await desk.tokens.issue(Purpose.RESET, account=ben.id)
    second = await desk.tokens.issue(Purpose.RESET, account=ada.id)
    with pytest.raises(Refused):
        await desk.registration.reset_password(first, "$2")
    assert (await desk.registration.reset_password(second, "$2")).generation == ada.generation + 1
    with pytest.raises(Refused):
        await desk.registration.reset_password(second, "$3")
    await desk.registration.reset_password(others, "$4")
    found = await desk.accounts.credentials("ada")
    assert found is not None
    assert found.password_hash == "$2"


async def test_the_first_operator_owns_the_first_channel_and_there_is_one(desk: Desk) -> None:
    await ChannelRepository(desk.database, desk.clock).create(MAIN, "")
    earlier = await desk.tokens.issue(Purpose.SETUP)
    token = await desk.tokens.issue(Purpose.SETUP)
    with pytest.raises(Refused):
        await desk.registration.register_first(desk.new("eve"), "$h", earlier, MAIN)
    made = await desk.registration.register_first(desk.new("admin"), "$h", token, MAIN)
    assert made.role is AccountRole.OPERATOR
    assert await desk.accounts.has_operator()
    async with desk.database.transaction() as connection:
        assert (await connection.execute(text("SELECT owner FROM channel"))).scalar() == made.id
    another = await desk.tokens.issue(Purpose.SETUP)
    with pytest.raises(Refused):
        await desk.registration.register_first(desk.new("eve"), "$h", another, MAIN)
    with pytest.raises(NotFound):
        await desk.accounts.by_name(AccountName("eve"))


async def test_an_address_is_proven_by_its_newest_mail_and_only_while_it_is_the_accounts(desk: Desk) -> None:
    ada = await desk.accounts.create(AccountName("ada"), email="a@example.org")
    ben = await desk.accounts.create(AccountName("ben"), email="a@example.org")
    tokens = [await desk.tokens.issue(Purpose.VERIFY, account=one.id, data="a@example.org") for one in (ada, ben)]
    assert await desk.registration.verify_email(tokens[0]) == ada.id
    assert (await desk.accounts.by_email("a@example.org")).id == ada.id
    found = await desk.accounts.credentials("A@Example.org")
    assert found is not None
    assert found.account.id == ada.id
    with pytest.raises(Conflict) as raised:
        await desk.registration.verify_email(tokens[1])
    assert raised.value.code == ErrorCode.EMAIL_TAKEN
    token = await desk.tokens.issue(Purpose.VERIFY, account=ben.id, data="b@example.org")
    with pytest.raises(Refused):
        await desk.registration.verify_email(token)


@pytest.mark.parametrize("name", ["admin", "fanlight", "me"])
async def test_nobody_can_call_themselves_as_the_instance(desk: Desk, name: str) -> None:
    token = await desk.tokens.issue(Purpose.INVITE)
    for attempt in (desk.registration.register(desk.new(name), "$h"), desk.registration.register_invited(desk.new(name), "$h", token)):
        with pytest.raises(Conflict) as raised:
            await attempt
        assert raised.value.code == ErrorCode.ACCOUNT_EXISTS
