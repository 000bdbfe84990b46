"""One contract for accounts in every database: SQLite, and a real PostgreSQL."""

import asyncio
import dataclasses

import pytest

from storage.clock import SystemClock
from storage.database.accounts import AccountRepository
from storage.database.channels import ChannelRepository
from storage.database.engine import Database
from storage.database.export import ExportRepository
from storage.model.account import AccountRole, AccountState
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelName

ADA, BEN = AccountName("ada"), AccountName("ben")


@pytest.fixture
def accounts(database: Database) -> AccountRepository:
    return AccountRepository(database, SystemClock())


async def test_an_account_is_read_back_as_it_was_made(accounts: AccountRepository) -> None:
    made = await accounts.create(ADA, password_hash="$h", display_name=" Ada Ångström 🎬 ", email="Ada@Example.ORG")
    assert (made.display_name, made.email, made.email_verified_at, made.generation, made.version) == (
        "Ada Ångström 🎬",
        "ada@example.org",
        None,
        1,
        1,
    )
    assert await accounts.get(made.id) == made
    assert await accounts.by_name(ADA) == made
    plain = await accounts.create(BEN)
    assert plain.display_name == BEN
    assert plain.role is AccountRole.USER


async def test_a_name_is_taken_once(accounts: AccountRepository) -> None:
    results = await asyncio.gather(*(accounts.create(ADA) for _ in range(5)), return_exceptions=True)
    assert [result.code for result in results if isinstance(result, Conflict)] == [ErrorCode.ACCOUNT_EXISTS] * 4


async def test_who_is_not_there_is_not_found(accounts: AccountRepository) -> None:
    nobody = AccountId("0" * 26)
    for attempt in (
        accounts.get(nobody),
        accounts.by_name(ADA),
        accounts.by_email("a@example.org"),
        accounts.change(nobody, 1, display_name="x"),
        accounts.set_password(nobody, "$h"),
        accounts.bump(nobody),
        accounts.govern(nobody, state=AccountState.BANNED),
        accounts.delete(nobody),
    ):
        with pytest.raises(NotFound) as raised:
            await attempt
        assert raised.value.code == ErrorCode.ACCOUNT_NOT_FOUND


@pytest.mark.parametrize("text", ["x" * 65, "two\nlines", "\x1b[31mred", "nul\x00", "\u202egnirts", "   "])
async def test_a_display_name_that_could_harm_a_page_or_a_log_is_refused(accounts: AccountRepository, text: str) -> None:
    with pytest.raises(BadInput):
        await accounts.create(ADA, display_name=text)
    made = await accounts.create(ADA)
    with pytest.raises(BadInput):
        await accounts.change(made.id, 1, display_name=text)


@pytest.mark.parametrize(
    "text", ["a", "a@b", "@b.c", "a b@c.org", "a@c.org\r\nBcc: x@y.z", "a@" + "b" * 250 + ".org", "a@-b.org", '"a"@b.org']
)
async def test_what_is_no_address_is_refused(accounts: AccountRepository, text: str) -> None:
    with pytest.raises(BadInput):
        await accounts.create(ADA, email=text)


async def test_the_version_decides_who_may_change_an_account(accounts: AccountRepository) -> None:
    made = await accounts.create(ADA)
    results = await asyncio.gather(
        *(accounts.change(made.id, made.version, display_name=f"Ada {number}") for number in range(4)), return_exceptions=True
    )
    assert [result.code for result in results if isinstance(result, Conflict)] == [ErrorCode.PRECONDITION_FAILED] * 3
    changed = await accounts.get(made.id)
    assert changed.version == 2
    assert changed.generation == 1
    again = await accounts.change(made.id, 2, colour="#ABCDEF")
    assert (again.colour, again.display_name, again.version) == ("#abcdef", changed.display_name, 3)
    with pytest.raises(BadInput):
        await accounts.change(made.id, 3, colour="red")


async def test_an_address_may_be_stated_by_many_and_proven_by_one(accounts: AccountRepository) -> None:
    ada, ben = await accounts.create(ADA, email="a@example.org"), await accounts.create(BEN, email="a@example.org")
    with pytest.raises(NotFound):
        await accounts.by_email("a@example.org")
    proven = await accounts.prove_email(ada.id, "A@example.org")
    assert proven.email_verified_at is not None
    assert await accounts.by_email("a@EXAMPLE.org") == proven
    with pytest.raises(Conflict) as raised:
        await accounts.prove_email(ben.id, "a@example.org")
    assert raised.value.code == ErrorCode.EMAIL_TAKEN
    assert (await accounts.change(ada.id, proven.version, email="a@example.org")).email_verified_at == proven.email_verified_at
    other = await accounts.change(ada.id, proven.version + 1, email="b@example.org")
    assert (other.email, other.email_verified_at) == ("b@example.org", None)
    assert (await accounts.prove_email(ben.id, "a@example.org")).email_verified_at is not None
    assert (await accounts.change(ada.id, other.version, email="")).email is None


async def test_credentials_say_nothing_of_strangers(accounts: AccountRepository) -> None:
    made = await accounts.create(ADA, password_hash="$h")
    found = await accounts.credentials("ada")
    assert found is not None
    assert (found.account, found.password_hash, found.second_factor) == (made, "$h", False)
    for name in ("ben", "", "ADA", "x" * 10_000, "a\x00", "' OR 1=1 --"):
        assert await accounts.credentials(name) is None


async def test_a_new_password_or_power_ends_what_was_signed_before_and_a_rehash_does_not(accounts: AccountRepository) -> None:
    made = await accounts.create(ADA, password_hash="$1")
    await accounts.refresh_hash(made.id, "$1", "$2")
    await accounts.refresh_hash(made.id, "$1", "$3")
    found = await accounts.credentials(ADA)
    assert found is not None
    assert (found.password_hash, found.account.generation) == ("$2", 1)
    assert (await accounts.set_password(made.id, "$4")).generation == 2
    assert (await accounts.govern(made.id, state=AccountState.BANNED)).generation == 3
    assert (await accounts.govern(made.id, role=AccountRole.OPERATOR)).generation == 4
    assert (await accounts.bump(made.id)).generation == 5


async def test_an_avatar_comes_and_goes(accounts: AccountRepository) -> None:
    made = await accounts.create(ADA)
    assert (await accounts.set_avatar(made.id, "pictures/a.webp")).avatar == "pictures/a.webp"
    assert (await accounts.set_avatar(made.id, None)).avatar is None


async def test_somebody_must_be_left_to_run_the_instance(accounts: AccountRepository) -> None:
    assert not await accounts.has_operator()
    ada = await accounts.create(ADA, role=AccountRole.OPERATOR)
    ben = await accounts.create(BEN)
    assert await accounts.has_operator()
    await accounts.govern(ben.id, state=AccountState.BANNED)
    await accounts.govern(ben.id, role=AccountRole.OPERATOR)
    for attempt in (
        accounts.govern(ada.id, role=AccountRole.USER),
        accounts.govern(ada.id, state=AccountState.BANNED),
        accounts.delete(ada.id),
    ):
        with pytest.raises(Conflict) as raised:
            await attempt
        assert raised.value.code == ErrorCode.LAST_OPERATOR
    assert await accounts.get(ada.id) == ada
    await accounts.govern(ben.id, state=AccountState.ACTIVE)
    results = await asyncio.gather(accounts.delete(ada.id), accounts.govern(ben.id, role=AccountRole.USER), return_exceptions=True)
    assert sorted(isinstance(result, Conflict) for result in results) == [False, True]
    assert await accounts.has_operator()


async def test_accounts_are_listed_page_by_page_and_found_by_the_beginning_of_their_name(accounts: AccountRepository) -> None:
    for name in ("b-1", "a_x", "a", "c", "ab"):
        await accounts.create(AccountName(name))
    everybody = await accounts.list()
    assert sorted(account.name for account in everybody) == ["a", "a_x", "ab", "b-1", "c"]
    first = await accounts.list(limit=2)
    rest = await accounts.list(after=first[-1].name)
    assert [*first, *rest] == everybody
    assert [account.name for account in await accounts.list(search="a_")] == ["a_x"]


async def test_an_account_that_is_deleted_is_gone(accounts: AccountRepository) -> None:
    made = await accounts.create(ADA)
    await accounts.delete(made.id)
    with pytest.raises(NotFound):
        await accounts.get(made.id)
    again = await accounts.create(ADA)
    assert dataclasses.replace(again, id=made.id, created_at=made.created_at) == made


async def test_a_copy_of_everything_is_of_one_account(accounts: AccountRepository, database: Database) -> None:
    ada, ben = await accounts.create(ADA, password_hash="$argon2id$x", email="a@example.org"), await accounts.create(BEN)
    channels = ChannelRepository(database, SystemClock())
    await channels.create(ChannelName("garden"), "Ada's", owner=ada.id)
    await channels.create(ChannelName("cellar"), "Ben's", owner=ben.id)
    found = await ExportRepository(database).of(ada.id)
    assert [row["email"] for row in found.records["account"]] == ["a@example.org"]
    assert [row["name"] for row in found.records["channel"]] == ["garden"]
    assert "password_hash" not in found.records["account"][0]
    assert found.cut == []
