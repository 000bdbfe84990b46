"""Second factors and API tokens, as a client meets them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from quart import Response
from sqlalchemy import update

from storage.database.tables import api_token as api_tokens
from tests.web.conftest import Site
from tests.web.people import Member, add_account, member, sign_in

PASSWORD = "a long walk to the lighthouse"


async def with_password(site: Site, name: str) -> Member:
    account = await add_account(site.storage, name, password_hash=await site.storage.passwords.hash(PASSWORD))
    return await sign_in(site.app, site.storage, account)


async def body(response: Response, status: int = 200) -> Any:
    assert response.status_code == status, await response.get_data(as_text=True)
    return await response.get_json()


async def log_in(site: Site, name: str, code: str = "") -> Response:
    client = site.app.test_client(use_cookies=False)
    response = await client.post("/api/v1/sessions", json={"name": name, "password": PASSWORD, "code": code})
    assert isinstance(response, Response)
    return response


async def test_a_second_factor_is_asked_for_from_then_on(site: Site) -> None:
    ada = await with_password(site, "ada")
    assert (await body(await ada.get("/api/v1/account/second-factor"))) == {"enabled": False}
    wrong = await ada.post("/api/v1/account/second-factor", json={"password": "not hers"})
    assert (await body(wrong, 403))["code"] == "password_wrong"
    enrolment = await body(await ada.post("/api/v1/account/second-factor", json={"password": PASSWORD}))
    assert enrolment["picture"].startswith("data:image/svg+xml")
    # Begun is not set: nobody is locked out by a picture that was never scanned.
    await body(await log_in(site, "ada"), 201)
    totp = pyotp.TOTP(enrolment["secret"])
    recovery = (await body(await ada.post("/api/v1/account/second-factor/confirmation", json={"code": totp.now()})))["recovery_codes"]
    assert len(recovery) == 10

    assert (await body(await log_in(site, "ada"), 401))["code"] == "second_factor_required"
    assert (await body(await log_in(site, "ada", totp.now()), 400))["code"] == "code_refused"
    await body(await log_in(site, "ada", totp.at(datetime.now(UTC) + timedelta(seconds=30))), 201)


async def test_a_recovery_code_signs_in_once(site: Site) -> None:
    ada = await with_password(site, "ada")
    secret = (await body(await ada.post("/api/v1/account/second-factor", json={"password": PASSWORD})))["secret"]
    confirmed = await ada.post("/api/v1/account/second-factor/confirmation", json={"code": pyotp.TOTP(secret).now()})
    code = (await body(confirmed))["recovery_codes"][0]
    await body(await log_in(site, "ada", code), 201)
    await body(await log_in(site, "ada", code), 400)
    assert (await ada.post("/api/v1/account/second-factor/removal", json={"password": PASSWORD})).status_code == 204
    await body(await log_in(site, "ada"), 201)


async def test_an_api_token_may_do_what_its_scopes_say(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    made = await body(await ada.post("/api/v1/account/api-tokens", json={"name": "Bot", "scopes": ["account:read"], "days": 30}), 201)
    client = site.app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {made['token']}"}
    listed = await body(await client.get("/api/v1/account/api-tokens", headers=headers))
    assert [(token["name"], token["scopes"], token["token"]) for token in listed["items"]] == [("Bot", ["account:read"], None)]
    refused = await client.post("/api/v1/account/api-tokens", headers=headers, json={"name": "More", "scopes": ["admin"]})
    assert (await body(refused, 403))["code"] == "scope_required"
    # It is no session.
    assert (await client.delete("/api/v1/session", headers=headers)).status_code == 404

    assert (await ada.delete(f"/api/v1/account/api-tokens/{made['id']}")).status_code == 204
    assert (await body(await client.get("/api/v1/account/api-tokens", headers=headers), 401))["code"] == "token_refused"
    assert (await ada.delete(f"/api/v1/account/api-tokens/{made['id']}")).status_code == 404


async def test_an_api_token_makes_none_that_may_more_than_itself(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    made = await body(await ada.post("/api/v1/account/api-tokens", json={"name": "Bot", "scopes": ["account:write", "chat"]}), 201)
    client = site.app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {made['token']}"}
    more = await client.post("/api/v1/account/api-tokens", headers=headers, json={"name": "More", "scopes": ["chat", "publish"]})
    assert (await body(more, 403))["code"] == "scope_required"
    await body(await client.post("/api/v1/account/api-tokens", headers=headers, json={"name": "Less", "scopes": ["chat"]}), 201)


async def test_an_api_token_is_over_when_it_says(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    made = await body(await ada.post("/api/v1/account/api-tokens", json={"name": "Bot", "scopes": ["account:read"], "days": 1}), 201)
    async with site.storage.database.transaction() as connection:
        await connection.execute(update(api_tokens).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    response = await site.app.test_client(use_cookies=False).get(
        "/api/v1/account/api-tokens", headers={"Authorization": f"Bearer {made['token']}"}
    )
    await body(response, 401)


async def test_somebody_elses_token_is_not_there(site: Site) -> None:
    ada, ben = await member(site.app, site.storage, "ada"), await member(site.app, site.storage, "ben")
    made = await body(await ada.post("/api/v1/account/api-tokens", json={"name": "Bot", "scopes": ["chat"]}), 201)
    assert (await ben.delete(f"/api/v1/account/api-tokens/{made['id']}")).status_code == 404
    assert (await body(await ben.get("/api/v1/account/api-tokens")))["items"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "", "scopes": ["chat"]},
        {"name": "a\nb", "scopes": ["chat"]},
        {"name": "x" * 61, "scopes": ["chat"]},
        {"name": "Bot", "scopes": []},
        {"name": "Bot", "scopes": ["everything"]},
        {"name": "Bot", "scopes": ["chat"], "days": 0},
        {"name": "Bot", "scopes": ["chat"], "days": 99999},
        {"name": "Bot", "scopes": ["chat"], "id": "mine"},
    ],
)
async def test_a_token_that_can_not_be_one_is_refused(site: Site, wrong: dict[str, Any]) -> None:
    ada = await member(site.app, site.storage, "ada")
    await body(await ada.post("/api/v1/account/api-tokens", json=wrong), 400)
