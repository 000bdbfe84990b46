"""One contract for calls, their invites and their log in every database."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from storage.database.call_log import MOST_STAYS, position
from storage.database.calls import MOST_COHOSTS
from storage.model.account import AccountState
from storage.model.call import Call, CallRole, HowEnded, HowLeft, RelayRule
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, CallId
from storage.secrets import digest
from tests.contracts.conftest import Records

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
SECRET = digest("a secret")


def _after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def _call(records: Records, host: str = "ada") -> Call:
    return await records.storage.calls.create((await records.account(host)).id)


async def _enter(records: Records, call: Call, seat: str, account: AccountId | None, seconds: float, *, shown: str = "Grace") -> None:
    at = _after(seconds)
    await records.storage.call_log.entered(call.id, seat, account=account, shown=shown, role=CallRole.PERSON, now=at)


async def test_a_call_is_found_by_its_name_alone(records: Records) -> None:
    host = await records.account("ada")
    made = await records.storage.calls.create(host.id, title="Tea", lobby=False, relay_only=RelayRule.EVERYBODY)
    assert await records.storage.calls.find(made.name) == made
    assert await records.storage.calls.get(made.id) == made
    assert await records.storage.calls.get(CallId(made.name)) is None
    assert (made.host, made.host_name, made.title, made.lobby, made.relay_only) == (host.id, "ada", "Tea", False, RelayRule.EVERYBODY)
    assert (made.locked, made.version, made.started_at, made.is_over) == (False, 1, None, False)
    assert await records.storage.calls.role(made.id, host.id) is CallRole.HOST
    for other in ("", made.id, made.name[:-1], made.name + "\x00", "x" * 26):
        assert await records.storage.calls.find(other) is None


async def test_nobody_finds_the_call_of_a_host_who_is_banned_or_gone(records: Records) -> None:
    host = await records.account("ada")
    call = await records.storage.calls.create(host.id)
    await records.storage.accounts.govern(host.id, state=AccountState.BANNED)
    assert await records.storage.calls.find(call.name) is None
    await records.storage.accounts.govern(host.id, state=AccountState.ACTIVE)
    assert await records.storage.calls.find(call.name) is not None
    await records.storage.accounts.delete(host.id)
    assert await records.storage.calls.find(call.name) is None


async def test_a_change_needs_the_version_it_was_made_from(records: Records) -> None:
    calls = records.storage.calls
    call = await _call(records)
    changed = await calls.change(call, title="Tea", locked=True, version=1)
    assert (changed.title, changed.locked, changed.lobby, changed.version) == ("Tea", True, True, 2)
    with pytest.raises(Conflict) as refused:
        await calls.change(call, title="Coffee", version=1)
    assert refused.value.code is ErrorCode.PRECONDITION_FAILED
    await calls.lock(call.id, False)
    await calls.lock(call.id, False)
    found = await calls.find(call.name)
    assert found is not None
    assert (found.locked, found.version) == (False, 3)
    await calls.delete(call.id)
    with pytest.raises(NotFound):
        await calls.change(call, title="Coffee")


async def test_only_who_was_in_a_call_is_made_a_co_host_and_the_host_stays_it(records: Records) -> None:
    calls = records.storage.calls
    call, grace = await _call(records), await records.account("grace")
    with pytest.raises(NotFound):
        await calls.set_role(call.id, grace.id, CallRole.COHOST)
    await _enter(records, call, "one", grace.id, 0)
    await calls.set_role(call.id, grace.id, CallRole.COHOST)
    await calls.set_role(call.id, call.host, CallRole.COHOST)
    assert await calls.cohosts(call.id) == [grace.id]
    assert await calls.role(call.id, call.host) is CallRole.HOST
    await _enter(records, call, "two", grace.id, 1)
    assert await calls.role(call.id, grace.id) is CallRole.COHOST
    await calls.set_role(call.id, grace.id, CallRole.PERSON)
    assert await calls.cohosts(call.id) == []


async def test_a_call_has_so_many_co_hosts_and_no_more(records: Records) -> None:
    call = await _call(records)
    people = [await records.account(f"person-{number}") for number in range(MOST_COHOSTS + 1)]
    for number, person in enumerate(people):
        await _enter(records, call, str(number), person.id, number)
    for person in people[1:]:
        await records.storage.calls.set_role(call.id, person.id, CallRole.COHOST)
    with pytest.raises(Conflict):
        await records.storage.calls.set_role(call.id, people[0].id, CallRole.COHOST)


async def test_an_invite_for_one_lets_one_in_of_many_at_once(records: Records) -> None:
    call, invites = await _call(records), records.storage.call_invites
    now = datetime.now(UTC)
    await invites.create(call.id, SECRET, timedelta(hours=1), single_use=True, by=call.host)
    used = await asyncio.gather(*(invites.use(call.id, SECRET, True, now) for _ in range(8)))
    assert len([one for one in used if one]) == 1
    assert await invites.look(call.id, SECRET, now) is None
    assert await invites.list(call.id) == []


async def test_an_open_invite_lets_in_until_it_is_over(records: Records) -> None:
    call, invites = await _call(records), records.storage.call_invites
    now = datetime.now(UTC)
    made = await invites.create(call.id, SECRET, timedelta(hours=1), by=call.host)
    assert await invites.use(call.id, SECRET, True, now) == made
    assert await invites.use(call.id, SECRET, False, now) == made
    assert await invites.look(call.id, SECRET, now) == made
    for at in (made.expires_at, made.expires_at + timedelta(days=1)):
        assert await invites.use(call.id, SECRET, True, at) is None
        assert await invites.look(call.id, SECRET, at) is None


async def test_an_invite_is_of_one_call_and_nothing_else_opens_it(records: Records) -> None:
    call, other = await _call(records), await _call(records, "grace")
    invites, now = records.storage.call_invites, datetime.now(UTC)
    made = await invites.create(call.id, SECRET, timedelta(hours=1), by=call.host)
    for where, key in ((other.id, SECRET), (call.id, digest("another")), (call.id, b""), (CallId(""), SECRET)):
        assert await invites.use(where, key, False, now) is None
    with pytest.raises(NotFound):
        await invites.revoke(other.id, made.id)
    await invites.revoke(call.id, made.id)
    assert await invites.use(call.id, SECRET, False, now) is None
    with pytest.raises(NotFound):
        await invites.revoke(call.id, made.id)


async def test_an_invite_for_accounts_lets_in_no_guest_and_is_not_used_up_by_one(records: Records) -> None:
    call, invites, now = await _call(records), records.storage.call_invites, datetime.now(UTC)
    await invites.create(call.id, SECRET, timedelta(hours=1), guests=False, single_use=True, by=call.host)
    assert await invites.use(call.id, SECRET, True, now) is None
    assert await invites.use(call.id, SECRET, False, now) is not None


async def test_the_log_tells_each_stay_once_with_its_first_end(records: Records) -> None:
    call, log, grace = await _call(records), records.storage.call_log, await records.account("grace")
    for _ in range(2):
        await log.started(call.id, NOW)
        await _enter(records, call, "a", grace.id, 0)
    await _enter(records, call, "b", None, 5, shown="Guest")
    await log.left(call.id, "a", HowLeft.LEFT, {"loss": 0.01}, _after(10))
    await log.left(call.id, "a", HowLeft.LOST, {}, _after(20))
    visit = await log.visit(call.id, call.host)
    assert visit is not None
    assert [(one.seat, one.account, one.shown, one.guest) for one in visit.stays] == [
        ("a", "grace", "Grace", False),
        ("b", None, "Guest", True),
    ]
    first, second = visit.stays
    assert (first.entered_at, first.left_at, first.how_left, first.quality) == (NOW, _after(10), HowLeft.LEFT, {"loss": 0.01})
    assert (second.left_at, second.how_left) == (None, None)
    assert (visit.call.started_at, visit.call.ended_at) == (NOW, None)
    with pytest.raises(BadInput):
        await log.left(call.id, "b", HowLeft.LEFT, {"loss": float("nan")}, NOW)


async def test_a_call_everybody_left_begins_again_and_one_that_was_ended_does_not(records: Records) -> None:
    call, log = await _call(records), records.storage.call_log
    assert await log.going_on() == []
    await log.started(call.id, NOW)
    assert [one.id for one in await log.going_on()] == [call.id]
    await log.ended(call.id, HowEnded.EMPTY, _after(10))
    assert await log.going_on() == []
    await log.started(call.id, _after(20))
    assert [(one.started_at, one.how_ended) for one in await log.going_on()] == [(NOW, None)]
    await _enter(records, call, "a", None, 21)
    await log.ended(call.id, HowEnded.ENDED, _after(30))
    await log.ended(call.id, HowEnded.EMPTY, _after(40))
    await log.started(call.id, _after(50))
    visit = await log.visit(call.id, call.host)
    assert visit is not None
    assert (visit.call.ended_at, visit.call.how_ended, visit.call.is_over) == (_after(30), HowEnded.ENDED, True)
    assert [(one.left_at, one.how_left) for one in visit.stays] == [(_after(30), HowLeft.ENDED)]


async def test_a_call_that_is_empty_can_still_be_ended(records: Records) -> None:
    call, log = await _call(records), records.storage.call_log
    await log.started(call.id, NOW)
    await log.ended(call.id, HowEnded.LOST, _after(10))
    await log.ended(call.id, HowEnded.ENDED, _after(20))
    found = await records.storage.calls.find(call.name)
    assert found is not None
    assert (found.is_over, found.ended_at) == (True, _after(20))


async def test_nothing_is_written_of_a_call_or_an_account_that_is_gone(records: Records) -> None:
    call, log = await _call(records), records.storage.call_log
    await _enter(records, call, "a", AccountId("0" * 26), 0)
    await log.entered(CallId("0" * 26), "a", account=None, shown="x", role=CallRole.PERSON, now=NOW)
    await log.left(CallId("0" * 26), "a", HowLeft.LEFT, {}, NOW)
    await log.ended(CallId("0" * 26), HowEnded.EMPTY, NOW)
    visit = await log.visit(call.id, call.host)
    assert visit is not None
    assert visit.stays == []


async def test_the_same_seat_taken_by_two_nodes_at_once_is_written_once(records: Records) -> None:
    call, grace = await _call(records), await records.account("grace")
    await asyncio.gather(*(_enter(records, call, "a", grace.id, 0) for _ in range(6)))
    visit = await records.storage.call_log.visit(call.id, call.host)
    assert visit is not None
    assert len(visit.stays) == 1


async def test_a_person_is_told_of_those_who_were_there_with_them(records: Records) -> None:
    call, log = await _call(records), records.storage.call_log
    grace, alan = await records.account("grace"), await records.account("alan")
    for seat, account, entered, left in (
        ("before", None, 0, 10),
        ("until", None, 0, 11),
        ("grace", grace.id, 10, 20),
        ("from", None, 19, 30),
        ("after", None, 20, 30),
        ("alan", alan.id, 40, 50),
    ):
        await _enter(records, call, seat, account, entered)
        await log.left(call.id, seat, HowLeft.LEFT, {}, _after(left))
    await _enter(records, call, "still", None, 15)

    async def told(account: AccountId) -> set[str]:
        visit = await log.visit(call.id, account)
        return set() if visit is None else {one.seat for one in visit.stays}

    assert await told(grace.id) == {"until", "grace", "from", "still"}
    assert await told(alan.id) == {"alan", "still"}
    assert len(await told(call.host)) == 7
    await records.storage.calls.set_role(call.id, alan.id, CallRole.COHOST)
    assert len(await told(alan.id)) == 7
    assert await log.visit(call.id, (await records.account("nobody")).id) is None


async def test_stays_have_pages_newest_first(records: Records) -> None:
    call, log = await _call(records), records.storage.call_log
    for number in range(5):
        await _enter(records, call, f"seat-{number}", None, number // 2 + 0.000001)
    found, before = [], None
    while page := await log.stays(call.id, call.host, before=before, limit=2):
        found += [one.seat for one in page]
        before = position(page[-1])
    assert found == [f"seat-{number}" for number in (4, 3, 2, 1, 0)]
    visit = await log.visit(call.id, call.host)
    assert visit is not None
    assert [one.seat for one in visit.stays] == found[::-1]


async def test_a_call_tells_its_newest_stays_with_it(records: Records) -> None:
    call, log = await _call(records), records.storage.call_log
    for number in range(MOST_STAYS + 1):
        await _enter(records, call, f"seat-{number}", None, number)
    (visit,) = await log.history(call.host)
    assert [one.seat for one in visit.stays] == [f"seat-{number + 1}" for number in range(MOST_STAYS)]


async def test_a_history_has_pages_newest_first_and_what_was_taken_out_comes_back_with_another_visit(records: Records) -> None:
    log, calls = records.storage.call_log, records.storage.calls
    ada, grace = await records.account("ada"), await records.account("grace")
    mine = [await calls.create(ada.id) for _ in range(2)]
    hers = await calls.create(grace.id)
    await _enter(records, hers, "a", ada.id, 0)

    async def pages() -> list[str]:
        found: list[str] = []
        before = None
        while page := await log.history(ada.id, before=before, limit=1):
            found.append(page[0].call.id)
            before = page[0].call.id
        return found

    assert await pages() == sorted([mine[0].id, mine[1].id, hers.id], reverse=True)
    await log.hide(hers.id, ada.id)
    assert hers.id not in await pages()
    assert len(await log.history(grace.id)) == 1
    await _enter(records, hers, "b", ada.id, 10)
    assert hers.id in await pages()


async def test_an_account_is_given_and_takes_along_what_is_its_own_and_of_others_nothing(records: Records) -> None:
    call, grace = await _call(records), await records.account("grace")
    await records.storage.call_invites.create(call.id, SECRET, timedelta(hours=1), by=call.host)
    await _enter(records, call, "hers", grace.id, 0)
    await _enter(records, call, "guest", None, 0)
    of_host, of_grace = (await records.storage.export.of(call.host)).records, (await records.storage.export.of(grace.id)).records
    assert [row["id"] for row in of_host["call"]] == [call.id]
    assert [row["role"] for row in of_host["call_person"]] == ["host"]
    assert "digest" not in of_host["call_invite"][0]
    assert "call_seat" not in of_host
    assert [row["seat"] for row in of_grace["call_seat"]] == ["hers"]
    assert not {"call", "call_invite"} & of_grace.keys()
    await records.storage.accounts.delete(grace.id)
    visit = await records.storage.call_log.visit(call.id, call.host)
    assert visit is not None
    assert [one.seat for one in visit.stays] == ["guest"]
    await records.storage.accounts.delete(call.host)
    assert await records.storage.call_invites.look(call.id, SECRET, datetime.now(UTC)) is None
