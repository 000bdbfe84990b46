"""One contract for external logins and second factors in every database: SQLite, and a real PostgreSQL."""

import asyncio

import pyotp
import pytest
import pytest_asyncio

from storage.clock import SystemClock
from storage.database.accounts import AccountRepository
from storage.database.engine import Database
from storage.database.identities import IdentityRepository
from storage.database.second_factors import SecondFactorRepository
from storage.model.account import Account
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound
from storage.model.ids import AccountName
from storage.sealing import Sealer

ISSUER = "https://id.example"


@pytest.fixture
def accounts(database: Database) -> AccountRepository:
    return AccountRepository(database, SystemClock())


@pytest.fixture
def identities(database: Database) -> IdentityRepository:
    return IdentityRepository(database, SystemClock())


@pytest.fixture
def factors(database: Database) -> SecondFactorRepository:
    return SecondFactorRepository(database, Sealer("a secret of the tests", "second-factor"), SystemClock())


@pytest_asyncio.fixture
async def ada(accounts: AccountRepository) -> Account:
    return await accounts.create(AccountName("ada"), password_hash="$h")


async def test_a_login_leads_to_its_account(accounts: AccountRepository, identities: IdentityRepository, ada: Account) -> None:
    assert await identities.account(ISSUER, "1") is None
    await identities.link(ada.id, ISSUER, "1", "ada@example.org")
    assert await identities.account(ISSUER, "1") == ada
    assert await identities.account("https://other.example", "1") is None
    assert [(one.issuer, one.subject, one.email) for one in await identities.list(ada.id)] == [(ISSUER, "1", "ada@example.org")]
    ben = await accounts.create(AccountName("ben"))
    with pytest.raises(Conflict) as taken:
        await identities.link(ben.id, ISSUER, "1", None)
    assert taken.value.code is ErrorCode.IDENTITY_TAKEN


async def test_a_new_account_and_its_login_are_written_together_or_not_at_all(
    accounts: AccountRepository, identities: IdentityRepository, ada: Account
) -> None:
    cleo = accounts.new(AccountName("cleo"))
    await identities.create(cleo, ISSUER, "3", None)
    assert await identities.account(ISSUER, "3") == cleo
    with pytest.raises(Conflict) as taken:
        await identities.create(accounts.new(AccountName("dora")), ISSUER, "3", None)
    assert taken.value.code is ErrorCode.IDENTITY_TAKEN
    with pytest.raises(NotFound):
        await accounts.by_name(AccountName("dora"))
    with pytest.raises(Conflict) as exists:
        await identities.create(accounts.new(ada.name), ISSUER, "4", None)
    assert exists.value.code is ErrorCode.ACCOUNT_EXISTS
    assert await identities.account(ISSUER, "4") is None


async def test_the_last_way_to_sign_in_stays(accounts: AccountRepository, identities: IdentityRepository, ada: Account) -> None:
    cleo = accounts.new(AccountName("cleo"))
    await identities.create(cleo, ISSUER, "3", None)
    with pytest.raises(Conflict) as last:
        await identities.unlink(cleo.id, ISSUER)
    assert last.value.code is ErrorCode.LAST_LOGIN
    assert await identities.account(ISSUER, "3") == cleo
    await identities.link(ada.id, ISSUER, "1", None)
    await identities.unlink(ada.id, ISSUER)
    assert await identities.list(ada.id) == []
    with pytest.raises(NotFound):
        await identities.unlink(ada.id, ISSUER)


async def test_a_second_factor_counts_once_a_code_was_seen(
    accounts: AccountRepository, factors: SecondFactorRepository, ada: Account
) -> None:
    secret = await factors.begin(ada.id)
    with pytest.raises(BadInput):
        await factors.check(ada.id, pyotp.TOTP(secret).now())
    with pytest.raises(BadInput):
        await factors.confirm(ada.id, "000000" if pyotp.TOTP(secret).now() != "000000" else "111111")
    recovery = await factors.confirm(ada.id, pyotp.TOTP(secret).now())
    credentials = await accounts.credentials("ada")
    assert credentials is not None
    assert credentials.second_factor
    with pytest.raises(Conflict):
        await factors.begin(ada.id)
    # The code that confirmed is spent.
    with pytest.raises(BadInput):
        await factors.check(ada.id, pyotp.TOTP(secret).now())
    assert len(recovery) == 10


async def test_a_recovery_code_opens_once_however_many_try(factors: SecondFactorRepository, ada: Account) -> None:
    secret = await factors.begin(ada.id)
    recovery = await factors.confirm(ada.id, pyotp.TOTP(secret).now())
    results = await asyncio.gather(*(factors.check(ada.id, recovery[0]) for _ in range(4)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["BadInput", "BadInput", "BadInput", "NoneType"]
    await factors.check(ada.id, recovery[1].upper())
    await factors.remove(ada.id)
    with pytest.raises(BadInput):
        await factors.check(ada.id, recovery[2])
    assert await factors.begin(ada.id) != secret
