"""Who asks: the cookie, and that nothing but our own pages may use it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from quart import Response

from storage.model.errors import Refused
from storage.model.ids import RecordId
from storage.model.session import SessionEnd
from storage.settings import Settings
from tests.web.conftest import Site
from tests.web.people import COOKIE, Member, member
from web.cookies import Cookies, Credential, credential

SESSION = "/api/v1/session"
SESSIONS = "/api/v1/sessions"


@pytest_asyncio.fixture
async def ada(site: Site) -> AsyncIterator[Member]:
    yield await member(site.app, site.storage, "ada")


async def name(response: Response) -> str:
    account = (await response.get_json())["account"]
    return str(account["name"]) if account else "stranger"


async def test_a_cookie_says_who_asks_and_nothing_says_a_stranger(site: Site, ada: Member) -> None:
    assert await name(await ada.get(SESSION)) == "ada"
    assert await name(await site.client.get(SESSION)) == "stranger"
    assert (await site.client.get(SESSIONS)).status_code == 401
    assert (await ada.get(SESSIONS)).status_code == 200


@pytest.mark.parametrize("change", [{"secret": "A" * 43}, {"session": RecordId("0" * 26)}])
async def test_a_cookie_that_proves_nothing_is_a_strangers(ada: Member, change: dict[str, Any]) -> None:
    forged = replace(ada, credential=replace(ada.credential, **change))
    assert await name(await forged.get(SESSION)) == "stranger"


async def test_the_insecure_cookie_is_not_looked_at_where_the_secure_one_is_used(ada: Member) -> None:
    tossed = ada.cookie.replace(COOKIE, "fanlight")
    assert await name(await ada.get(SESSION, headers={"Cookie": tossed})) == "stranger"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "wrong"},
        {"X-CSRF-Token": "é"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_a_change_that_does_not_come_from_our_pages_is_refused(ada: Member, headers: dict[str, str]) -> None:
    refused = await ada.delete(SESSION, headers=headers)
    assert (refused.status_code, (await refused.get_json())["code"]) == (403, "cross_site_refused")
    assert await name(await ada.get(SESSION)) == "ada"
    assert (await ada.delete(SESSION)).status_code == 204


async def test_a_form_of_another_site_changes_nothing(ada: Member) -> None:
    """What a browser really sends along with one: the cookie (were it not SameSite), its origin, and no header of ours."""
    headers = {"Cookie": ada.cookie, "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for answer in (
        await ada.client.post(SESSIONS, headers=headers, form={"name": "ada"}),
        await ada.client.post(f"{SESSIONS}/refresh", headers=headers, form={"refresh": "x"}),
        await ada.client.delete(SESSION, headers=headers),
        await ada.client.delete(f"{SESSIONS}/{ada.credential.session}", headers=headers),
    ):
        assert answer.status_code in {403, 415}
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert await name(await ada.get(SESSION)) == "ada"


async def test_the_csrf_token_of_another_session_is_refused(site: Site, ada: Member) -> None:
    eve = await member(site.app, site.storage, "eve")
    assert (await ada.delete(SESSION, headers={"X-CSRF-Token": eve.csrf})).status_code == 403


async def test_a_session_that_was_ended_is_over_at_once_where_it_is_told(site: Site, ada: Member) -> None:
    assert await name(await ada.get(SESSION)) == "ada"
    await site.storage.sessions.end(ada.credential.session, SessionEnd.SIGNED_OUT, account=ada.account.id)
    await site.storage.bus.revoke(ada.account.id)
    async with asyncio.timeout(5):
        while await name(await ada.get(SESSION)) != "stranger":
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("fetch_site", "origin", "allowed"),
    [
        (None, None, True),
        ("same-origin", "https://evil.example", True),
        (None, "http://site.example:8000", True),
        (None, "https://public.example", True),
        (None, "https://evil.example", False),
        (None, "http://site.example", False),
        (None, "null", False),
        (None, "", False),
        (None, "http://[", False),
        (None, "site.example:8000", False),
        (None, "ftp://site.example:8000", False),
        ("cross-site", "http://site.example:8000", False),
    ],
)
def test_where_a_request_comes_from(fetch_site: str | None, origin: str | None, allowed: bool) -> None:
    cookies = Cookies(Settings(public_url="https://public.example/"))
    if allowed:
        cookies.check_same_site("site.example:8000", fetch_site=fetch_site, origin=origin)
    else:
        with pytest.raises(Refused):
            cookies.check_same_site("site.example:8000", fetch_site=fetch_site, origin=origin)


@pytest.mark.parametrize("origin", ["", "null", "http://", "https://evil.example"])
def test_without_a_public_address_no_origin_is_ours_by_accident(origin: str) -> None:
    for host in ("site.example", ""):
        with pytest.raises(Refused):
            Cookies(Settings()).check_same_site(host, fetch_site=None, origin=origin)


@pytest.mark.parametrize(
    ("settings", "host", "secure"),
    [
        ({}, "localhost:8000", True),
        ({}, "127.0.0.1:8000", True),
        ({}, "[::1]:8000", True),
        ({}, "10.0.0.7:8000", False),
        ({}, "localhost.evil.example", False),
        ({"public_url": "https://tv.example"}, "tv.example", True),
        ({"tls_certificate": "a.pem", "tls_key": "b.pem"}, "tv.example", True),
    ],
)
def test_the_cookies_flags(settings: dict[str, str], host: str, secure: bool) -> None:
    header = Cookies(Settings(**settings)).issue(host, Credential(RecordId("0" * 26), "A" * 43))  # type: ignore[arg-type] # a table of fields
    name, *flags = header.split("; ")
    assert name.startswith("__Host-fanlight=" if secure else "fanlight=")
    assert {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=2592000"} <= set(flags)
    assert ("Secure" in flags) is secure
    assert not any(flag.startswith("Domain") for flag in flags)


@pytest.mark.parametrize("value", [None, "", ".", "x.y", "0" * 26 + ".", "0" * 26 + "." + "é" * 43, "0" * 26 + "." + "A" * 44, "0" * 9999])
def test_a_cookie_that_is_not_ours_says_nothing(value: str | None) -> None:
    assert credential(value) is None
