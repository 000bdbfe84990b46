"""Calls over REST: making, inviting, looking, remembering, forgetting."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from quart import Response
from sqlalchemy import update

from storage.database.calls import MOST_CALLS
from storage.database.tables import call_invite
from storage.model.account import AccountState
from storage.model.call import CallRole, HowEnded, HowLeft
from storage.model.ids import CallId
from storage.secrets import digest
from tests.web.conftest import Site
from tests.web.people import Member, member, sign_in

PATH = "/api/v1/calls"
START = datetime(2030, 1, 1, 12, tzinfo=UTC)


async def _made(host: Member, **body: Any) -> dict[str, Any]:
    response = await host.post(PATH, json=body)
    told: dict[str, Any] = await response.get_json()
    assert response.status_code == 201, told
    assert response.headers["Location"] == f"{PATH}/{told['name']}"
    return told


async def _invited(host: Member, call: dict[str, Any], **body: Any) -> dict[str, Any]:
    response = await host.post(f"{PATH}/{call['name']}/invites", json=body)
    told: dict[str, Any] = await response.get_json()
    assert response.status_code == 201, told
    return told


async def _code(response: Response) -> tuple[int, str]:
    return response.status_code, (await response.get_json() or {}).get("code", "") if response.status_code != 204 else ""


async def _look(site: Site, name: str, secret: str, asker: Member | None = None) -> Response:
    path, body = f"{PATH}/{name}/look", {"invite": secret}
    return await (asker.post(path, json=body) if asker else site.client.post(path, json=body))


async def _identifier(site: Site, call: dict[str, Any]) -> CallId:
    found = await site.storage.calls.find(call["name"])
    assert found is not None
    return found.id


async def _visit(site: Site, call: CallId, seat: str, who: Member | None, *, start: float, end: float) -> None:
    log, account = site.storage.call_log, None if who is None else who.account.id
    at, until = START + timedelta(seconds=start), START + timedelta(seconds=end)
    await log.started(call, at)
    await log.entered(call, seat, account=account, shown=seat.title(), role=CallRole.PERSON, now=at)
    await log.left(call, seat, HowLeft.LEFT, {"loss": 0.25}, until)


async def test_a_call_is_made_changed_and_forgotten_by_its_host(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    made = await _made(ada, title=" Tea ")
    host = {"name": "ada", "shown": "Ada"}
    assert made == made | {"title": "Tea", "host": host, "role": "host", "lobby": True, "relay_only": "guests", "locked": False}
    path = f"{PATH}/{made['name']}"
    assert await (await ada.get(path)).get_json() == made
    assert await _code(await ada.patch(path, json={"locked": True})) == (428, "precondition_required")
    changed = await (await ada.patch(path, json={"locked": True, "title": ""}, headers={"If-Match": '"v1"'})).get_json()
    assert changed == made | {"locked": True, "title": "", "version": 2}
    assert await _code(await ada.patch(path, json={"lobby": False}, headers={"If-Match": '"v1"'})) == (412, "precondition_failed")
    assert (await ada.delete(path)).status_code == 204
    assert await _code(await ada.get(path)) == (404, "call_unknown")
    assert [entry.action for entry in await site.storage.audit.list(action="call")] == ["call.deleted", "call.created"]


async def test_what_no_call_or_invite_is(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    unfit: list[dict[str, Any]] = [
        {"title": "x" * 101},
        {"title": "two\nlines"},
        {"relay_only": "some"},
        {"lobby": "yes"},
        {"name": "mine"},
    ]
    for body in unfit:
        assert await _code(await ada.post(PATH, json=body)) == (400, "bad_request"), body
    call = await _made(ada)
    unfit = [{"minutes": 0}, {"minutes": 43_201}, {"minutes": 1.5}, {"uses": 3}]
    for body in unfit:
        assert await _code(await ada.post(f"{PATH}/{call['name']}/invites", json=body)) == (400, "bad_request"), body


async def test_an_account_keeps_so_many_calls(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    for _ in range(MOST_CALLS):
        await site.storage.calls.create(ada.account.id)
    assert await _code(await ada.post(PATH, json={})) == (409, "limit_reached")


async def test_the_same_request_makes_one_call(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    first, again = [await (await ada.post(PATH, json={}, headers={"Idempotency-Key": "one"})).get_json() for _ in range(2)]
    assert first == again
    assert len((await (await ada.get(PATH)).get_json())["items"]) == 1


async def test_an_invite_tells_its_secret_once_and_opens_the_page_before_the_call(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    call = await _made(ada, title="Tea", lobby=False)
    invite = await _invited(ada, call, minutes=60, guests=False)
    assert invite["url"].endswith(f"/calls/{call['name']}#{invite['secret']}")
    assert invite["expires_ms"] - invite["made_ms"] == 3_600_000
    listed = (await (await ada.get(f"{PATH}/{call['name']}/invites")).get_json())["items"]
    assert listed == [invite | {"secret": None, "url": None}]
    seen = {"title": "Tea", "host": {"name": "ada", "shown": "Ada"}, "guests": False, "locked": False, "lobby": False}
    assert await (await _look(site, call["name"], invite["secret"])).get_json() == seen
    assert await (await _look(site, call["name"], "", ada)).get_json() == seen
    assert (await ada.delete(f"{PATH}/{call['name']}/invites/{invite['id']}")).status_code == 204
    assert await _code(await _look(site, call["name"], invite["secret"])) == (404, "call_unknown")
    assert await _code(await ada.delete(f"{PATH}/{call['name']}/invites/{invite['id']}")) == (404, "not_found")


async def test_whatever_is_wrong_with_an_invite_the_answer_is_the_same(site: Site) -> None:
    ada, grace = [await member(site.app, site.storage, name) for name in ("ada", "grace")]
    call, other = await _made(ada, title="Tea"), await _made(grace)
    open_one, used, old = [await _invited(ada, call, single_use=single) for single in (False, True, False)]
    identifier, now = await _identifier(site, call), datetime.now(UTC)
    assert await site.storage.call_invites.use(identifier, digest(used["secret"]), True, now) is not None
    async with site.storage.database.transaction() as connection:
        await connection.execute(update(call_invite).where(call_invite.c.id == old["id"]).values(expires_at=now))
    unknown, good = "z" * 26, open_one["secret"]
    tries = [(unknown, good), (other["name"], good), (call["name"], ""), (call["name"], "nonsense")]
    tries += [(call["name"], used["secret"]), (call["name"], old["secret"]), ("x", good), (call["name"], good + "A")]
    answers = [await (await _look(site, *one)).get_json() for one in tries]
    answers += [await (await _look(site, call["name"], "", grace)).get_json()]
    told = [{name: value for name, value in answer.items() if name != "instance"} for answer in answers]
    assert told[0]["code"] == "call_unknown"
    assert all(one == told[0] for one in told), told
    assert (await _look(site, call["name"], good)).status_code == 200
    await site.storage.call_log.ended(identifier, HowEnded.ENDED, now)
    assert await _code(await _look(site, call["name"], good)) == (404, "call_unknown")


async def test_nobody_looks_into_the_call_of_a_banned_host(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    call = await _made(ada)
    invite = await _invited(ada, call)
    await site.storage.accounts.govern(ada.account.id, state=AccountState.BANNED)
    assert await _code(await _look(site, call["name"], invite["secret"])) == (404, "call_unknown")


async def test_guessing_is_stopped_by_address_whoever_asks(site: Site) -> None:
    guessers = [await member(site.app, site.storage, f"guesser-{number}") for number in range(4)]
    statuses = [(await _look(site, "z" * 26, "nonsense", guessers[number % 4])).status_code for number in range(40)]
    assert statuses.count(404) == 30
    assert statuses[-1] == 429


async def test_the_secret_of_an_invite_is_kept_as_a_digest_alone(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    call = await _made(ada)
    invite = await _invited(ada, call)
    export = await (await ada.get("/api/v1/account/export")).get_data(as_text=True)
    assert call["name"] in export
    assert invite["secret"] not in export
    found = await site.storage.call_invites.look(await _identifier(site, call), digest(invite["secret"]), datetime.now(UTC))
    assert found is not None


async def test_a_history_tells_who_was_there_for_how_long_and_how_it_was(site: Site) -> None:
    ada, grace = [await member(site.app, site.storage, name) for name in ("ada", "grace")]
    call = await _made(ada, title="Tea")
    identifier = await _identifier(site, call)
    await _visit(site, identifier, "early", None, start=0, end=10)
    await _visit(site, identifier, "grace", grace, start=20, end=80)
    await site.storage.call_log.ended(identifier, HowEnded.EMPTY, START + timedelta(seconds=80))
    (hers,) = (await (await grace.get(PATH)).get_json())["items"]
    start = int(START.timestamp() * 1000)
    assert hers["call"] == call | {"role": "person"}
    assert (hers["started_ms"], hers["ended_ms"], hers["how_ended"]) == (start, start + 80_000, "empty")
    assert (hers["seconds"], hers["quality"]) == (60, {"loss": 0.25})
    assert [(one["seat"], one["account"], one["how_left"]) for one in hers["stays"]] == [("grace", "grace", "left")]
    (his,) = (await (await ada.get(PATH)).get_json())["items"]
    assert (his["seconds"], [one["seat"] for one in his["stays"]]) == (0, ["early", "grace"])
    path = f"{PATH}/{call['name']}"
    assert [one["seat"] for one in (await (await ada.get(f"{path}/stays?limit=1")).get_json())["items"]] == ["grace"]
    assert (await grace.delete(f"/api/v1/account/calls/{call['name']}")).status_code == 204
    assert (await (await grace.get(PATH)).get_json())["items"] == []
    assert len((await (await ada.get(PATH)).get_json())["items"]) == 1


async def test_stays_are_read_page_by_page(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    call = await _made(ada)
    identifier = await _identifier(site, call)
    for number in range(5):
        await _visit(site, identifier, f"seat-{number}", None, start=number // 2, end=10)
    found, cursor = [], ""
    while cursor is not None:
        page = await (await ada.get(f"{PATH}/{call['name']}/stays?limit=2" + (f"&cursor={cursor}" if cursor else ""))).get_json()
        found += [one["seat"] for one in page["items"]]
        cursor = page["next"]
    assert found == [f"seat-{number}" for number in (4, 3, 2, 1, 0)]


async def test_an_account_that_is_deleted_takes_its_calls_along_and_chat_nodes_are_told(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    hashed = await site.storage.passwords.hash("correct horse battery")
    await site.storage.accounts.set_password(ada.account.id, hashed)
    ada = await sign_in(site.app, site.storage, await site.storage.accounts.get(ada.account.id))
    identifier = await _identifier(site, await _made(ada))
    async with site.storage.bus.call_changes(poll=5) as changes, asyncio.timeout(10):
        heard = aiter(changes)
        await anext(heard)
        assert (await ada.delete("/api/v1/account", json={"password": "correct horse battery"})).status_code == 204
        while (told := await anext(heard)) is None:
            pass
    assert told == identifier
    assert await site.storage.calls.get(identifier) is None


async def test_chat_nodes_are_told_of_a_call_that_changed_or_is_gone(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    call = await _made(ada)
    identifier, path = await _identifier(site, call), f"{PATH}/{call['name']}"
    async with site.storage.bus.call_changes(poll=5) as changes, asyncio.timeout(10):
        heard = aiter(changes)
        await anext(heard)
        for act in (ada.patch(path, json={"locked": True}, headers={"If-Match": '"v1"'}), ada.delete(path)):
            assert (await act).status_code < 300
            while (told := await anext(heard)) is None:
                pass
            assert told == identifier
