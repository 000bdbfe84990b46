"""Signing in and out: cookies for browsers, tokens that follow each other for programs, and how often one may try."""

import asyncio
import re
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from quart import Response
from sqlalchemy import update

from storage.clock import SystemClock
from storage.database.tables import account as accounts
from storage.database.tables import session as sessions
from storage.model.account import Account, AccountState
from storage.model.ids import AccountName
from storage.model.session import ABSOLUTE, IDLE, SessionKind
from storage.model.token import TokenType
from storage.opening import open_storage
from storage.settings import Settings
from tests.fixtures.valkey import Valkey
from tests.storage.test_tokens import HOSTILE
from tests.web.conftest import Site
from tests.web.people import COOKIE, Member, add_account, member, sign_in
from web.app import create_app
from web.cookies import Credential, credential

PASSWORD = "correct horse battery staple"
SESSIONS = "/api/v1/sessions"
CURRENT = "/api/v1/session"
REFRESH = "/api/v1/sessions/refresh"


@pytest_asyncio.fixture
async def ada(site: Site) -> AsyncIterator[Account]:
    made = await add_account(site.storage, "ada", password_hash=await site.storage.passwords.hash(PASSWORD))
    yield made


async def attempt(
    site: Site, name: str = "ada", password: str = PASSWORD, *, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    client = site.app.test_client(use_cookies=False)
    return await client.post(SESSIONS, json={"name": name, "password": password, **more}, headers=headers or {})


async def code(response: Response) -> str:
    return str((await response.get_json())["code"])


def as_browser(site: Site, account: Account, response: Response) -> Member:
    (cookie,) = response.headers.getlist("Set-Cookie")
    shown = credential(cookie.split(";")[0].partition("=")[2])
    assert shown is not None
    return Member(site.app.test_client(use_cookies=False), account, shown)


async def tokens(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = (await (await attempt(site, tokens=True)).get_json())["tokens"]
    return found


async def refreshed(site: Site, token: str) -> Response:
    return await site.client.post(REFRESH, json={"refresh": token})


async def who(site: Site, access: str) -> str:
    response = await site.client.get(CURRENT, headers={"Authorization": f"Bearer {access}"})
    told = await response.get_json()
    return str(told["account"]["name"]) if response.status_code == 200 else str(told["code"])


async def change(site: Site, account: Account, **values: Any) -> None:
    async with site.storage.database.transaction() as connection:
        await connection.execute(update(accounts).where(accounts.c.id == account.id).values(**values))


async def test_signing_in_gives_a_cookie_that_no_script_can_read(site: Site, ada: Account) -> None:
    response = await attempt(site)
    told = await response.get_json()
    assert (response.status_code, told["account"]["name"], "tokens" in told and told["tokens"]) == (201, "ada", None)
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{COOKIE}=")
    assert {"Path=/", "HttpOnly", "Secure", "SameSite=Lax"} <= set(cookie.split("; "))
    browser = as_browser(site, ada, response)
    assert told["csrf"] == browser.csrf
    state = await (await browser.get(CURRENT)).get_json()
    assert (state["account"]["name"], state["account"]["email_verified"], state["csrf"]) == ("ada", False, browser.csrf)
    assert response.headers["Cache-Control"] == "no-store"


async def test_a_stranger_has_no_session(site: Site) -> None:
    assert await (await site.client.get(CURRENT)).get_json() == {"account": None, "csrf": ""}


async def test_a_name_may_be_typed_carelessly_and_a_proven_address_stands_for_it(site: Site, ada: Account) -> None:
    assert (await attempt(site, " Ada ")).status_code == 201
    assert (await attempt(site, "ada@example.org")).status_code == 401
    await change(site, ada, email_verified_at=datetime.now(UTC))
    assert (await attempt(site, "Ada@Example.org")).status_code == 201


@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", "wrong"), ("nobody", PASSWORD), ("", PASSWORD), ("ada", ""), ("no body!", PASSWORD), ("x@y", "z"), ("ada", "x" * 2000)],
)
@pytest.mark.usefixtures("ada")
async def test_what_is_wrong_is_not_told(site: Site, name: str, password: str) -> None:
    response = await attempt(site, name, password)
    told = await response.get_json()
    assert (response.status_code, told["code"], told["detail"]) == (
        401,
        "sign_in_refused",
        "The name and the password do not belong together.",
    )
    assert "Set-Cookie" not in response.headers


async def test_the_banned_are_told_so_only_with_their_password(site: Site, ada: Account) -> None:
    await change(site, ada, state=AccountState.BANNED)
    assert await code(await attempt(site, password="wrong")) == "sign_in_refused"
    banned = await attempt(site)
    assert (banned.status_code, await code(banned)) == (403, "account_banned")


async def test_a_second_factor_is_asked_for_after_the_password(site: Site, ada: Account) -> None:
    await change(site, ada, totp_secret=b"x", totp_confirmed_at=datetime.now(UTC))
    assert await code(await attempt(site, password="wrong")) == "sign_in_refused"
    assert await code(await attempt(site)) == "second_factor_required"


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
@pytest.mark.usefixtures("ada")
async def test_another_site_can_not_sign_a_browser_in(site: Site, headers: dict[str, str]) -> None:
    refused = await attempt(site, headers=headers)
    assert (refused.status_code, await code(refused)) == (403, "cross_site_refused")
    form = await site.client.post(SESSIONS, form={"name": "ada", "password": PASSWORD})
    assert form.status_code == 415


async def test_signing_in_makes_a_new_session_and_ends_the_one_before(site: Site, ada: Account) -> None:
    before = as_browser(site, ada, await attempt(site))
    after = as_browser(site, ada, await attempt(site, headers={"Cookie": before.cookie}))
    assert after.credential != before.credential
    assert (await before.get(SESSIONS)).status_code == 401
    assert (await after.get(SESSIONS)).status_code == 200


async def test_a_cookie_somebody_planted_is_not_adopted(site: Site, ada: Account) -> None:
    eve = await member(site.app, site.storage, "eve")
    planted = Credential(eve.credential.session, "A" * 43)
    for cookie in (f"{COOKIE}={planted.session}.{planted.secret}", f"{COOKIE}=chosen-by-eve"):
        response = await attempt(site, headers={"Cookie": cookie})
        assert as_browser(site, ada, response).credential.secret != planted.secret
    # And Eve's own session is none of Ada's.
    assert (await eve.get(SESSIONS)).status_code == 200


async def test_signing_out_ends_the_session_and_takes_the_cookie_back(site: Site, ada: Account) -> None:
    browser = as_browser(site, ada, await attempt(site))
    response = await browser.delete(CURRENT)
    assert response.status_code == 204
    assert re.match(rf"{COOKIE}=; .*Max-Age=0", response.headers["Set-Cookie"])
    assert await (await browser.get(CURRENT)).get_json() == {"account": None, "csrf": ""}
    assert (await browser.delete(CURRENT)).status_code == 401


async def test_sessions_are_listed_and_ended_from_another_one(site: Site, ada: Account) -> None:
    here, there = await sign_in(site.app, site.storage, ada), await sign_in(site.app, site.storage, ada)
    program = await tokens(site)
    found = (await (await here.get(SESSIONS)).get_json())["items"]
    assert [(one["kind"], one["current"]) for one in found] == [("tokens", False), ("browser", False), ("browser", True)]
    assert found[1]["id"] == there.credential.session
    page = await (await here.get(f"{SESSIONS}?limit=2")).get_json()
    rest = await (await here.get(f"{SESSIONS}?limit=2&cursor={page['next']}")).get_json()
    assert [one["id"] for one in page["items"] + rest["items"]] == [one["id"] for one in found]
    for one in found[:2]:
        assert (await here.delete(f"{SESSIONS}/{one['id']}")).status_code == 204
    assert (await there.get(SESSIONS)).status_code == 401
    assert await who(site, program["access"]) == "token_refused"
    assert (await refreshed(site, program["refresh"])).status_code == 401


async def test_somebody_elses_session_is_not_there(site: Site, ada: Account) -> None:
    here, eve = await sign_in(site.app, site.storage, ada), await member(site.app, site.storage, "eve")
    for session in (here.credential.session, "0" * 26, "nonsense"):
        refused = await eve.delete(f"{SESSIONS}/{session}")
        assert (refused.status_code, await code(refused)) == (404, "not_found")
    assert (await here.get(SESSIONS)).status_code == 200


async def test_an_account_has_a_bounded_number_of_sessions(site: Site, ada: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.sessions.MOST", 3)
    found = [await sign_in(site.app, site.storage, ada) for _ in range(5)]
    assert [(await one.get(SESSIONS)).status_code for one in found] == [401, 401, 200, 200, 200]


@pytest.mark.parametrize(("column", "age"), [("used_at", IDLE), ("expires_at", ABSOLUTE - ABSOLUTE)])
async def test_a_session_ends_unused_and_in_any_case(site: Site, ada: Account, column: str, age: Any) -> None:
    browser = await sign_in(site.app, site.storage, ada)
    async with site.storage.database.transaction() as connection:
        await connection.execute(update(sessions).values({column: datetime.now(UTC) - age}))
    assert (await browser.get(SESSIONS)).status_code == 401


@pytest.mark.usefixtures("ada")
async def test_tokens_are_for_programs(site: Site) -> None:
    response = await attempt(site, tokens=True)
    told = await response.get_json()
    assert "Set-Cookie" not in response.headers
    assert (told["csrf"], told["tokens"]["expires_in"]) == ("", 600)
    assert await who(site, told["tokens"]["access"]) == "ada"
    headers = {"Authorization": f"Bearer {told['tokens']['access']}"}
    # A token is shown on purpose: no CSRF token is needed with it.
    assert (await site.client.delete(CURRENT, headers=headers)).status_code == 204
    assert await who(site, told["tokens"]["access"]) == "token_refused"


@pytest.mark.usefixtures("ada")
async def test_a_refresh_token_is_exchanged_once(site: Site) -> None:
    first = await tokens(site)
    second = await (await refreshed(site, first["refresh"])).get_json()
    third = await (await refreshed(site, second["refresh"])).get_json()
    assert await who(site, third["access"]) == "ada"
    # The first was exchanged two exchanges ago: somebody has stolen it, or the other.
    replayed = await refreshed(site, first["refresh"])
    assert (replayed.status_code, await code(replayed)) == (401, "token_refused")
    for token in (first, second, third):
        assert (await refreshed(site, token["refresh"])).status_code == 401
        assert await who(site, token["access"]) == "token_refused"


@pytest.mark.usefixtures("ada")
async def test_an_answer_that_was_lost_costs_no_session_but_a_late_replay_does(site: Site) -> None:
    first = await tokens(site)
    answers = await asyncio.gather(*(refreshed(site, first["refresh"]) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    newest = (await answers[-1].get_json())["refresh"]
    async with site.storage.database.transaction() as connection:
        await connection.execute(update(sessions).values(rotated_at=datetime.now(UTC).replace(year=2020)))
    assert (await refreshed(site, first["refresh"])).status_code == 401
    assert (await refreshed(site, newest)).status_code == 401


@pytest.mark.parametrize("kind", [kind for kind in TokenType if kind is not TokenType.ACCESS])
async def test_no_other_token_opens_the_interface(site: Site, ada: Account, kind: TokenType) -> None:
    session = (await sign_in(site.app, site.storage, ada)).credential.session
    token = site.storage.tokens.issue(kind, ada.id, 30, session=session, rotation=0)
    assert await who(site, token) == "token_refused"


@pytest.mark.parametrize("kind", [kind for kind in TokenType if kind is not TokenType.REFRESH])
async def test_no_other_token_is_exchanged(site: Site, ada: Account, kind: TokenType) -> None:
    session, _ = await site.storage.sessions.start(ada, SessionKind.TOKENS, user_agent="", address="")
    token = site.storage.tokens.issue(kind, ada.id, 30, session=session.id, rotation=0)
    assert (await refreshed(site, token)).status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer x", "Basic YTpi", "bearer " + "a" * 20_000, "Bearer é", "Bearer fl_" + "a" * 32, "Bearer a b"]
)
async def test_a_bad_token_is_not_a_stranger(site: Site, header: str) -> None:
    refused = await site.client.get(SESSIONS, headers={"Authorization": header})
    assert (refused.status_code, await code(refused)) == (401, "token_refused")


async def test_every_hostile_token_gets_the_same_answer(site: Site) -> None:
    """The table of forty, at both doors: same status, same headers, same body."""
    answers = set()
    for make in HOSTILE.values():
        token = make().encode("ascii", "ignore").decode().replace("\n", "").replace("\0", "")[:8000] or "x"
        for response in (
            await site.client.get(CURRENT, headers={"Authorization": f"Bearer {token}"}),
            await site.client.get(SESSIONS, headers={"Authorization": f"Bearer {token}"}),
            await refreshed(site, token),
        ):
            headers = {name: value for name, value in response.headers.items() if not name.lower().startswith("ratelimit")}
            answers.add((response.status_code, str(sorted(headers.items())), await response.get_data(as_text=True)))
    assert {(status, "token_refused" in body) for status, _, body in answers} == {(401, True)}
    assert len(answers) == 1


async def test_a_session_cookie_is_no_token_and_a_programs_session_no_cookie(site: Site, ada: Account) -> None:
    browser = await sign_in(site.app, site.storage, ada)
    access = site.storage.tokens.issue(TokenType.ACCESS, ada.id, 60, session=browser.credential.session)
    assert await who(site, access) == "token_refused"
    program, _ = await site.storage.sessions.start(ada, SessionKind.TOKENS, user_agent="", address="")
    forged = replace(browser, credential=Credential(program.id, "A" * 43))
    assert (await forged.get(SESSIONS)).status_code == 401


async def test_an_access_token_speaks_for_nobody_but_its_sessions_account(site: Site, ada: Account) -> None:
    eve = await add_account(site.storage, "eve")
    program, _ = await site.storage.sessions.start(ada, SessionKind.TOKENS, user_agent="", address="")
    assert await who(site, site.storage.tokens.issue(TokenType.ACCESS, eve.id, 60, session=program.id)) == "token_refused"


@pytest.mark.usefixtures("ada")
async def test_five_tries_a_minute_for_an_account_however_it_is_written_and_whether_it_exists(site: Site) -> None:
    for name in ("ada", "nobody"):
        for number in range(5):
            response = await attempt(site, name if number % 2 else name.upper(), "wrong")
            assert response.status_code == 401
            assert "q=5;w=60" in response.headers["RateLimit-Policy"]
        refused = await attempt(site, name, PASSWORD)
        assert (refused.status_code, await code(refused)) == (429, "too_many_requests")
        assert 1 <= int(refused.headers["Retry-After"]) <= 13
        assert "r=0" in refused.headers["RateLimit"]


async def test_twenty_tries_a_minute_from_an_address(site: Site) -> None:
    answers = await asyncio.gather(*(attempt(site, f"name{number}", "wrong") for number in range(30)))
    found = [answer.status_code for answer in answers]
    # Three seconds give one more, and the machine may take its time.
    assert 20 <= found.count(401) <= 25
    assert found.count(401) + found.count(429) == 30


@pytest.mark.usefixtures("ada")
async def test_tries_are_counted_on_by_each_node_while_the_bus_is_away(site: Site, valkey: Valkey) -> None:
    for _ in range(3):
        assert (await attempt(site, password="wrong")).status_code == 401
    valkey.kill()
    try:
        found = [(await attempt(site, password="wrong")).status_code for _ in range(3)]
        assert found == [401, 401, 429]
    finally:
        valkey.start()


@pytest.mark.usefixtures("ada")
async def test_a_bus_that_lost_its_data_forgives_no_guess(site: Site, valkey: Valkey) -> None:
    for _ in range(5):
        assert (await attempt(site, password="wrong")).status_code == 401
    valkey.kill()
    valkey.start()
    assert (await attempt(site, password="wrong")).status_code == 429


@pytest.mark.usefixtures("ada")
async def test_an_unknown_name_takes_as_long_as_a_wrong_password(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.sign_in.PER_ACCOUNT", replace_limit("a", 10_000))
    monkeypatch.setattr("web.sign_in.PER_ADDRESS", replace_limit("b", 10_000))
    taken: dict[str, list[float]] = {"ada": [], "nobody": []}
    for _ in range(30):
        for name, times in taken.items():
            began = time.perf_counter()
            await attempt(site, name, "wrong")
            times.append(time.perf_counter() - began)
    known, unknown = (statistics.median(times) for times in taken.values())
    # Without argon2id for the unknown it is less than a third; the machine's noise is less than this.
    assert 0.6 < unknown / known < 1.6


def replace_limit(name: str, count: int) -> Any:
    from storage.limits import Limit

    return Limit(name, count, 60)


async def test_what_changes_on_one_node_ends_sessions_on_the_other_within_five_seconds(
    site: Site, ada: Account, valkey: Valkey, tmp_path: Any
) -> None:
    settings = Settings(data=tmp_path, redis_url=valkey.url, edge_port=8123, secret="a secret of the tests")
    clock = SystemClock()
    async with open_storage(settings, clock) as storage:
        other = create_app(settings, storage, clock)
        async with other.test_app():
            for hinted in (True, False):
                browser = await sign_in(site.app, site.storage, await site.storage.accounts.get(ada.id))
                there = replace(browser, client=other.test_client(use_cookies=False))
                assert (await there.get(SESSIONS)).status_code == 200
                assert (await browser.get(SESSIONS)).status_code == 200
                changed = time.monotonic()
                if hinted:
                    assert (await browser.delete(CURRENT)).status_code == 204
                else:
                    # Not even a hint reaches it: a role was changed by a node that died.
                    await site.storage.accounts.bump(ada.id)
                while (await there.get(SESSIONS)).status_code == 200:
                    assert time.monotonic() - changed < 5
                    await asyncio.sleep(0.02)
                assert (await browser.get(SESSIONS)).status_code == 401 or not hinted


async def test_the_session_in_which_the_password_was_changed_goes_on(site: Site, ada: Account) -> None:
    here, there = await sign_in(site.app, site.storage, ada), await sign_in(site.app, site.storage, ada)
    await site.storage.accounts.bump(ada.id)
    await site.storage.sessions.keep(here.credential.session)
    assert (await here.get(SESSIONS)).status_code == 200
    assert (await there.get(SESSIONS)).status_code == 401


async def test_sessions_are_audited_without_their_secrets(site: Site, ada: Account) -> None:
    browser = as_browser(site, ada, await attempt(site))
    program = await tokens(site)
    await browser.delete(CURRENT)
    second = (await (await refreshed(site, program["refresh"])).get_json())["refresh"]
    await refreshed(site, second)
    for _ in range(3):
        await refreshed(site, program["refresh"])
    entries = await site.storage.audit.list(action="session")
    assert [entry.action for entry in entries][::-1] == ["session.begun", "session.begun", "session.ended", "session.token_reused"]
    told = repr(entries)
    assert browser.credential.secret not in told
    assert program["refresh"] not in told


@pytest.mark.usefixtures("ada")
async def test_no_secret_comes_into_a_log(site: Site, valkey: Valkey, capfd: pytest.CaptureFixture[str]) -> None:
    program = await tokens(site)
    browser = as_browser(site, await site.storage.accounts.by_name(AccountName("ada")), await attempt(site))
    await attempt(site, password="a password typed wrong")
    await refreshed(site, (await (await refreshed(site, program["refresh"])).get_json())["refresh"])
    await refreshed(site, program["refresh"])
    valkey.kill()
    try:
        await browser.delete(CURRENT, headers={"X-CSRF-Token": "wrong"})
        await browser.delete(CURRENT)
    finally:
        valkey.start()
    printed = "".join(capfd.readouterr())
    for secret in (PASSWORD, "a password typed wrong", browser.credential.secret, browser.csrf, program["access"], program["refresh"]):
        assert secret not in printed


async def test_an_old_hash_is_renewed_while_the_password_is_at_hand(site: Site) -> None:
    from storage.passwords import Passwords

    weak = Passwords(memory=8192, time=1)
    old = await weak.hash(PASSWORD)
    weak.close()
    await add_account(site.storage, "bob", password_hash=old)
    assert (await attempt(site, "bob")).status_code == 201
    found = await site.storage.accounts.credentials("bob")
    assert found is not None
    assert found.password_hash not in {None, old}
    assert (await attempt(site, "bob")).status_code == 201
