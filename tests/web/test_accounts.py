"""Accounts over the interface: signing up, what one may change, forgotten passwords, a copy of everything, and the end."""

import asyncio
import dataclasses
import io
import json
import re
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_asyncio
from PIL import Image
from quart import Response
from sqlalchemy import LargeBinary

from storage.bus.messages import Call, EndCall, EndReply, NodeInfo, Reply
from storage.bus.topics import node_key
from storage.clock import SystemClock
from storage.database.export import OF_ACTORS, SECRETS
from storage.database.tables import metadata
from storage.model.account import AccountRole, AccountState
from storage.model.ids import AccountName
from storage.model.one_time import Purpose
from storage.opening import open_storage
from storage.settings import Settings
from tests.fixtures.mail import MailServer, link_in
from tests.fixtures.tables import patient, with_tables
from tests.fixtures.valkey import Valkey
from tests.web.conftest import DEMO, NODE, SESSION, Site
from tests.web.people import Member, member
from web.app import create_app
from web.cookies import credential
from web.first_channel import NAME, TITLE

PASSWORD = "correct horse battery staple"
ACCOUNTS = "/api/v1/accounts"
ACCOUNT = "/api/v1/account"
PASSWORD_PATH = f"{ACCOUNT}/password"
AVATAR = f"{ACCOUNT}/avatar"
OURS = {"Sec-Fetch-Site": "same-origin"}

Opens = Callable[..., Any]


@pytest_asyncio.fixture
async def opens(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Opens sites with settings of their own."""
    with_tables(tmp_path)
    async with AsyncExitStack() as stack:

        @asynccontextmanager
        async def site(**changes: Any) -> AsyncIterator[Site]:
            plain = Settings(data=tmp_path, redis_url=valkey.url, secret="sixteen characters", rate_limits=1000)
            settings = dataclasses.replace(plain, **changes)
            async with open_storage(settings) as storage:
                vars(storage)["database"] = patient(tmp_path / "fanlight.db")
                app = create_app(settings, storage, SystemClock())
                async with app.test_app() as running:
                    yield Site(app, running.test_client(), storage, "")

        async def enter(**changes: Any) -> Site:
            return await stack.enter_async_context(site(**changes))

        yield enter


@pytest_asyncio.fixture
async def here(opens: Opens) -> AsyncIterator[Site]:
    """A site where many things may be tried in a minute."""
    made: Site = await opens()
    yield made


async def sign_up(site: Site, name: str = "ada", **fields: Any) -> Response:
    client = site.app.test_client(use_cookies=False)
    return await client.post(ACCOUNTS, json={"name": name, "password": PASSWORD, **fields}, headers=OURS)


async def signed_up(site: Site, name: str = "ada", **fields: Any) -> Member:
    response = await sign_up(site, name, **fields)
    assert response.status_code == 201, await response.get_data(as_text=True)
    return await as_member(site, name, response)


async def as_member(site: Site, name: str, response: Response) -> Member:
    (cookie,) = response.headers.getlist("Set-Cookie")
    shown = credential(cookie.split(";")[0].partition("=")[2])
    assert shown is not None
    return Member(site.app.test_client(use_cookies=False), await site.storage.accounts.by_name(AccountName(name)), shown)


async def signs_in(site: Site, name: str, password: str) -> bool:
    client = site.app.test_client(use_cookies=False)
    return (await client.post("/api/v1/sessions", json={"name": name, "password": password}, headers=OURS)).status_code == 201


async def code(response: Response, status: int) -> str:
    told = await response.get_json()
    assert response.status_code == status, told
    return str(told["code"])


async def forgot(site: Site, email: str) -> Response:
    return await site.client.post(f"{ACCOUNT}/reset-requests", json={"email": email}, headers=OURS)


def picture(size: tuple[int, int] = (300, 200)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    return out.getvalue()


async def test_who_signs_up_is_signed_in(here: Site) -> None:
    ada = await signed_up(here, display_name="Ada Ångström", email="Ada@example.org")
    told = await (await ada.get(ACCOUNT)).get_json()
    assert (told["name"], told["display_name"], told["email"], told["email_verified"]) == ("ada", "Ada Ångström", "ada@example.org", False)
    assert (told["role"], told["state"], told["avatar"]) == ("user", "active", None)
    assert re.fullmatch("#[0-9a-f]{6}", told["colour"])
    profile = await (await here.client.get(f"{ACCOUNTS}/ada")).get_json()
    assert set(profile) == {"name", "display_name", "colour", "avatar", "created_ms"}
    assert {entry.action for entry in await here.storage.audit.list(limit=5)} == {"account.created", "session.begun"}


async def test_what_can_not_be_signed_up_with_is_told(here: Site) -> None:
    for fields, status, expected in (
        ({"name": "Ada"}, 400, "account_name_invalid"),
        ({"name": "admin"}, 409, "account_exists"),
        ({"password": "short"}, 422, "password_unfit"),
        ({"password": "password1"}, 422, "password_unfit"),
        ({"name": "correct-horse", "password": "correct-horse"}, 422, "password_unfit"),
        ({"password": "x" * 1025}, 422, "password_unfit"),
        ({"email": "nobody"}, 400, "bad_request"),
        ({"display_name": "\u202eevil"}, 400, "bad_request"),
        ({"role": "operator"}, 400, "bad_request"),
        ({"invite": "nonsense"}, 403, "link_refused"),
    ):
        response = await sign_up(here, **fields)
        assert await code(response, status) == expected
        assert "Set-Cookie" not in response.headers


async def test_a_name_is_taken_once_and_another_site_signs_nobody_up(here: Site) -> None:
    await signed_up(here)
    assert await code(await sign_up(here), 409) == "account_exists"
    client = here.app.test_client(use_cookies=False)
    elsewhere = await client.post(ACCOUNTS, json={"name": "eve", "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"})
    assert await code(elsewhere, 403) == "cross_site_refused"


async def test_where_signing_up_needs_an_invitation_an_operators_link_is_one(opens: Opens) -> None:
    site = await opens(registration="invite", public_url="https://live.example.org")
    assert await code(await sign_up(site), 403) == "invite_required"
    ben = await member(site.app, site.storage, "ben")
    assert await code(await ben.post("/api/v1/admin/invites", json={}), 403) == "not_allowed"
    boss = await member(site.app, site.storage, "boss", role=AccountRole.OPERATOR)
    told = await (await boss.post("/api/v1/admin/invites", json={})).get_json()
    assert told["link"] == f"https://live.example.org/signup#invite={told['token']}"
    await signed_up(site, invite=told["token"])
    assert await code(await sign_up(site, "eve", invite=told["token"]), 403) == "link_refused"


async def test_where_nobody_can_sign_up_the_first_operator_still_can(opens: Opens) -> None:
    site = await opens(registration="closed")
    assert await code(await sign_up(site), 403) == "registration_closed"
    await site.storage.channels.create(NAME, TITLE)
    token = await site.storage.one_time.issue(Purpose.SETUP)
    boss = await signed_up(site, "admin", invite=token)
    assert (await (await boss.get(ACCOUNT)).get_json())["role"] == "operator"
    assert [channel.name for channel in await site.storage.channels.of_owner(boss.account.id)] == [NAME]
    assert await code(await sign_up(site, "eve", invite=token), 403) == "link_refused"


async def test_an_edit_rests_on_the_version_that_was_read(here: Site) -> None:
    ada = await signed_up(here, email="ada@example.org")
    assert await code(await ada.patch(ACCOUNT, json={"display_name": "A"}), 428) == "precondition_required"
    edited = await ada.patch(ACCOUNT, json={"display_name": "A", "colour": "#ABCDEF"}, headers={"If-Match": '"v1"'})
    told = await edited.get_json()
    assert (told["display_name"], told["colour"], told["email"], edited.headers["ETag"]) == ("A", "#abcdef", "ada@example.org", '"v2"')
    assert await code(await ada.patch(ACCOUNT, json={"display_name": "B"}, headers={"If-Match": '"v1"'}), 412) == "precondition_failed"
    cleared = await ada.patch(ACCOUNT, json={"email": None}, headers={"If-Match": '"v2"'})
    assert (await cleared.get_json())["email"] is None
    for wrong in ({"colour": "red"}, {"name": "eve"}, {"role": "operator"}, {"display_name": ""}, {"version": 9}):
        assert await code(await ada.patch(ACCOUNT, json=wrong, headers={"If-Match": '"v3"'}), 400) == "bad_request"


async def test_a_new_password_ends_every_other_session_and_follows_this_one(here: Site) -> None:
    ada = await signed_up(here)
    client = here.app.test_client(use_cookies=False)
    elsewhere = await as_member(
        here, "ada", await client.post("/api/v1/sessions", json={"name": "ada", "password": PASSWORD}, headers=OURS)
    )
    assert (await elsewhere.get(ACCOUNT)).status_code == 200
    new = "another good one 77"
    assert await code(await ada.put(PASSWORD_PATH, json={"current": "wrong one", "new": new}), 403) == "password_wrong"
    assert await code(await ada.put(PASSWORD_PATH, json={"current": PASSWORD, "new": "password1"}), 422) == "password_unfit"
    changed = await ada.put(PASSWORD_PATH, json={"current": PASSWORD, "new": new})
    assert changed.status_code == 200
    follower = await as_member(here, "ada", changed)
    assert (await follower.get(ACCOUNT)).status_code == 200
    assert (await changed.get_json())["csrf"] == follower.csrf
    for old in (ada, elsewhere):
        assert (await old.get(ACCOUNT)).status_code == 401
    assert await signs_in(here, "ada", new)
    assert not await signs_in(here, "ada", PASSWORD)


async def test_one_who_found_an_open_browser_can_not_guess_the_password_there(opens: Opens) -> None:
    site = await opens(rate_limits=1)
    ada = await signed_up(site)
    doors: list[Callable[[str], Awaitable[Response]]] = [
        lambda guess: ada.put(PASSWORD_PATH, json={"current": guess, "new": PASSWORD}),
        lambda guess: ada.delete(ACCOUNT, json={"password": guess}),
        lambda guess: ada.post(f"{ACCOUNT}/second-factor", json={"password": guess}),
        lambda guess: ada.post(f"{ACCOUNT}/second-factor/removal", json={"password": guess}),
    ]
    # However the doors are taken in turn, together they take ten guesses.
    answers = [(await doors[number % len(doors)](f"guess {number}")).status_code for number in range(14)]
    assert answers == [403] * 10 + [429] * 4


async def test_an_operator_who_takes_limits_away_lets_nobody_guess_passwords(opens: Opens) -> None:
    site = await opens(rate_limits=0)
    ada = await signed_up(site)
    reads = [(await ada.get(ACCOUNT)).headers for _ in range(2)]
    assert all("RateLimit" not in headers for headers in reads)
    guesses = [await site.client.post("/api/v1/sessions", json={"name": "ada", "password": f"guess {number}"}) for number in range(7)]
    assert [answer.status_code for answer in guesses][-1] == 429
    proofs = [(await ada.put(PASSWORD_PATH, json={"current": "guess", "new": PASSWORD})).status_code for _ in range(11)]
    assert proofs == [403] * 10 + [429]


async def test_a_forgotten_password_is_replaced_by_a_link_sent_to_a_proven_address(opens: Opens, mail_server: MailServer) -> None:
    site = await opens(smtp_url=mail_server.url, mail_from="live@example.org", public_url="https://live.example.org")
    ada = await signed_up(site, email="ada@example.org")
    welcome = await mail_server.letter()
    assert welcome["To"] == "ada@example.org"
    # Not proven yet: nothing comes.
    asked = [await forgot(site, "ada@example.org")]
    token = link_in(welcome).partition("https://live.example.org/verify#token=")[2]
    proof = {"token": token}
    assert (await site.client.post(f"{ACCOUNT}/verifications", json=proof, headers=OURS)).status_code == 204
    assert await code(await site.client.post(f"{ACCOUNT}/verifications", json=proof, headers=OURS), 403) == "link_refused"
    assert (await (await ada.get(ACCOUNT)).get_json())["email_verified"]
    asked += [await forgot(site, email) for email in ("nobody@example.org", "not an address", "ADA@example.org")]
    assert {(answer.status_code, await answer.get_data()) for answer in asked} == {(204, b"")}
    letter = await mail_server.letter(2)
    token = link_in(letter).partition("https://live.example.org/reset#token=")[2]
    reset = f"{ACCOUNT}/resets"
    assert await code(await site.client.post(reset, json={"token": token, "password": "short"}, headers=OURS), 422) == "password_unfit"
    assert (await site.client.post(reset, json={"token": token, "password": "a new one 4711"}, headers=OURS)).status_code == 204
    assert (
        await code(await site.client.post(reset, json={"token": token, "password": "a new one 4712"}, headers=OURS), 403) == "link_refused"
    )
    assert (await ada.get(ACCOUNT)).status_code == 401
    assert await signs_in(site, "ada", "a new one 4711")
    assert await signs_in(site, "ada@example.org", "a new one 4711")
    assert len(mail_server.letters) == 2


async def test_asking_for_a_new_password_takes_as_long_for_an_unknown_address(opens: Opens, mail_server: MailServer) -> None:
    site = await opens(smtp_url=mail_server.url, mail_from="live@example.org", public_url="https://live.example.org")
    ada = await signed_up(site)
    await site.storage.accounts.prove_email(ada.account.id, "ada@example.org")
    taken: dict[str, list[float]] = {"ada@example.org": [], "nobody@example.org": []}
    for _ in range(30):
        for email, times in taken.items():
            started = time.perf_counter()
            await forgot(site, email)
            times.append(time.perf_counter() - started)
    known, unknown = (statistics.median(times) for times in taken.values())
    assert abs(known - unknown) < 0.005 + 0.5 * unknown
    await mail_server.letter(3)
    await asyncio.sleep(0.2)
    assert len(mail_server.letters) == 3, "strangers fill nobody's letter box"


async def test_without_a_mail_server_it_is_said_whom_to_ask(here: Site) -> None:
    ada = await signed_up(here, email="ada@example.org")
    for email in ("ada@example.org", "nobody@example.org"):
        assert await code(await forgot(here, email), 409) == "mail_unset"
    assert await code(await ada.post(f"{ACCOUNT}/verification-requests"), 409) == "mail_unset"


async def test_a_picture_is_shown_replaced_and_taken_away(here: Site) -> None:
    ada = await signed_up(here)
    names = []
    for _ in range(2):
        response = await ada.put(AVATAR, data=picture(), headers={"Content-Type": "image/png"})
        assert response.status_code == 200
        names.append((await response.get_json())["avatar"])
        shown = await here.client.get(names[-1])
        assert Image.open(io.BytesIO(bytes(await shown.get_data(as_text=False)))).size == (200, 200)
    assert (await here.client.get(names[0])).status_code == 404
    assert (await (await here.client.get(f"{ACCOUNTS}/ada")).get_json())["avatar"] == names[1]
    assert (await ada.delete(AVATAR)).status_code == 204
    assert (await here.client.get(names[1])).status_code == 404


async def test_what_is_no_picture_is_refused(here: Site) -> None:
    ada = await signed_up(here)
    for data, content_type, status in (
        (b"<svg/>", "image/svg+xml", 415),
        (b"<svg/>", "image/png", 415),
        (picture(), "application/json", 415),
        (picture((8, 8)), "image/png", 422),
        (bytes(2 * 1024 * 1024 + 1), "image/png", 413),
    ):
        assert (await ada.put(AVATAR, data=data, headers={"Content-Type": content_type})).status_code == status


async def test_a_copy_of_everything_holds_what_is_known_and_no_secret(here: Site) -> None:
    ada = await signed_up(here, email="ada@example.org")
    ben = await signed_up(here, "ben", email="ben@example.org")
    await here.storage.channels.create(NAME, "Ada's", owner=ada.account.id)
    _, key = await here.storage.stream_keys.add(NAME)
    response = await ada.get(f"{ACCOUNT}/export")
    assert response.headers["Content-Disposition"] == 'attachment; filename="fanlight-ada.json"'
    told = await response.get_json()
    assert {"account", "session", "channel", "stream_key", "audit"} <= set(told["records"])
    assert [row["name"] for row in told["records"]["account"]] == ["ada"]
    text = json.dumps(told)
    for secret in (key, "argon2", ada.credential.secret, "ben@example.org", ben.account.id):
        assert secret not in text


def test_no_table_is_forgotten_in_a_copy_of_everything() -> None:
    instance = {"signing_key"}
    known = {
        table.name
        for table in metadata.sorted_tables
        if table in OF_ACTORS
        or table.name == "account"
        or any(key.column.table.name in {"account", "channel"} for key in table.foreign_keys)
    }
    assert {table.name for table in metadata.sorted_tables} - known - instance == {"webhook_delivery"}
    plain = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name not in SECRETS and not isinstance(column.type, LargeBinary)
    }
    told = {name for name in plain if re.search(r"secret|password|digest|hash|private", name)}
    assert told == set()


async def test_an_account_is_deleted_by_its_password_and_its_channels_with_it(here: Site) -> None:
    ada = await signed_up(here)
    await here.storage.channels.create(NAME, "Ada's", owner=ada.account.id)
    avatar = (await (await ada.put(AVATAR, data=picture(), headers={"Content-Type": "image/png"})).get_json())["avatar"]
    assert await code(await ada.delete(ACCOUNT, json={"password": "wrong one"}), 403) == "password_wrong"
    response = await ada.delete(ACCOUNT, json={"password": PASSWORD})
    assert response.status_code == 204
    assert "Max-Age=0" in response.headers["Set-Cookie"]
    assert (await ada.get(ACCOUNT)).status_code == 401
    for path in (f"{ACCOUNTS}/ada", f"/api/v1/channels/{NAME}", avatar):
        assert (await here.client.get(path)).status_code == 404
    assert not await signs_in(here, "ada", PASSWORD)
    await signed_up(here)


async def test_a_broadcast_ends_with_the_account_it_belongs_to(here: Site) -> None:
    ended: list[Call] = []

    async def ingest(call: Call) -> Reply:
        ended.append(call)
        return EndReply()

    ada = await signed_up(here)
    await here.storage.channels.create(DEMO, "Ada's", owner=ada.account.id)
    await here.published_to(DEMO)
    await here.storage.bus.register(node_key(NODE), NodeInfo(node=NODE, roles=("ingest",), host="127.0.0.1", started_ms=0), ttl=30)
    async with asyncio.timeout(20):
        while (await (await here.client.get(f"/api/v1/channels/{DEMO}")).get_json())["state"] == "offline":
            await asyncio.sleep(0.05)
    serving = asyncio.ensure_future(here.storage.bus.serve_calls(NODE, ingest))
    try:
        assert (await ada.delete(ACCOUNT, json={"password": PASSWORD})).status_code == 204
    finally:
        serving.cancel()
        await asyncio.wait({serving})
    assert ended == [EndCall(session=SESSION, channel=DEMO)]


async def test_the_last_operator_stays(here: Site) -> None:
    await here.storage.channels.create(NAME, TITLE)
    boss = await signed_up(here, "boss", invite=await here.storage.one_time.issue(Purpose.SETUP))
    assert await code(await boss.delete(ACCOUNT, json={"password": PASSWORD}), 409) == "last_operator"


async def test_a_banned_account_is_not_shown(here: Site) -> None:
    ada = await signed_up(here)
    await here.storage.accounts.govern(ada.account.id, state=AccountState.BANNED)
    assert await code(await here.client.get(f"{ACCOUNTS}/ada"), 404) == "account_not_found"


async def test_a_stranger_is_asked_to_sign_in(here: Site) -> None:
    for method, path in (
        ("GET", ACCOUNT),
        ("PATCH", ACCOUNT),
        ("DELETE", ACCOUNT),
        ("PUT", PASSWORD_PATH),
        ("POST", f"{ACCOUNT}/verification-requests"),
        ("GET", f"{ACCOUNT}/export"),
        ("PUT", AVATAR),
        ("DELETE", AVATAR),
        ("POST", "/api/v1/admin/invites"),
    ):
        assert await code(await here.client.open(path, method=method, json={}), 401) == "sign_in_required"
