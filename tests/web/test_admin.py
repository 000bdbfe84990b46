import asyncio
from dataclasses import fields

import pytest

from ingest.gateway import Gateway
from storage.bus.messages import Call, EndCall, EndReply, NodeInfo, Reply
from storage.bus.topics import node_key
from storage.clock import SystemClock
from storage.model.account import AccountRole
from storage.model.errors import ErrorCode, NotFound, Refused
from storage.model.ids import ChannelName
from storage.readout import readout
from storage.settings import Settings
from tests.web.conftest import DEMO, NODE, SESSION, Site
from tests.web.people import Member, member

OPERATOR = AccountRole.OPERATOR


async def operator(site: Site) -> Member:
    return await member(site.app, site.storage, "root", role=OPERATOR)


async def test_accounts_are_listed_by_name_and_searched(site: Site) -> None:
    asker = await operator(site)
    for name in ("anna", "annika", "bert"):
        await member(site.app, site.storage, name)
    found = await (await asker.get("/api/v1/admin/accounts?search=ann&limit=1")).get_json()
    assert [account["name"] for account in found["items"]] == ["anna"]
    found = await (await asker.get(f"/api/v1/admin/accounts?search=ann&limit=1&cursor={found['next']}")).get_json()
    assert ([account["name"] for account in found["items"]], found["next"]) == (["annika"], None)


async def test_a_ban_ends_what_was_signed_in_and_is_audited(site: Site) -> None:
    asker = await operator(site)
    anna = await member(site.app, site.storage, "anna")
    assert (await anna.get("/api/v1/sessions")).status_code == 200
    answer = await asker.patch("/api/v1/admin/accounts/anna", json={"state": "banned"}, headers={"If-Match": '"v1"'})
    assert (answer.status_code, (await answer.get_json())["state"]) == (200, "banned")
    assert (await anna.get("/api/v1/sessions")).status_code == 401
    late = await asker.patch("/api/v1/admin/accounts/anna", json={"state": "active"}, headers={"If-Match": '"v1"'})
    assert late.status_code == 412
    entries = (await (await asker.get("/api/v1/admin/audit?action=account")).get_json())["items"]
    assert [(entry["actor"], entry["action"], entry["subject"]) for entry in entries] == [("root", "account.governed", "anna")]
    assert entries[0]["data"]["state"] == "banned"


async def test_the_last_operator_stays(site: Site) -> None:
    asker = await operator(site)
    answer = await asker.patch("/api/v1/admin/accounts/root", json={"role": "user"}, headers={"If-Match": '"v1"'})
    assert (answer.status_code, (await answer.get_json())["code"]) == (409, "last_operator")


async def test_what_is_on_air_is_listed_and_stopped(site: Site) -> None:
    ended: list[Call] = []

    async def ingest(call: Call) -> Reply:
        if not isinstance(call, EndCall):
            raise NotFound(ErrorCode.SESSION_NOT_FOUND, "Gone.")
        ended.append(call)
        return EndReply()

    asker = await operator(site)
    bus = site.storage.bus
    await bus.register(node_key(NODE), NodeInfo(node=NODE, roles=("ingest",), host="127.0.0.1", started_ms=0), ttl=30)
    await site.published_to()
    async with asyncio.timeout(5):
        while not (found := await (await asker.get("/api/v1/admin/broadcasts")).get_json())["items"]:
            await asyncio.sleep(0.02)
    assert [(item["channel"], item["state"], item["title"]) for item in found["items"]] == [("demo", "starting", "Friday night synths")]
    serving = asyncio.ensure_future(bus.serve_calls(NODE, ingest))
    try:
        assert (await asker.delete("/api/v1/admin/broadcasts/demo?seconds=60")).status_code == 204
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert ended == [EndCall(session=SESSION, channel=DEMO)]
    offer = await site.client.post(
        "/whip/demo", data="v=0", headers={"Content-Type": "application/sdp", "Authorization": f"Bearer {site.key}"}
    )
    told = await offer.get_json()
    assert (offer.status_code, told["code"]) == (403, "publishing_stopped")
    assert 50 <= told["data"]["seconds"] <= 60
    entries = (await (await asker.get("/api/v1/admin/audit?channel=demo&actor=root")).get_json())["items"]
    assert [(entry["action"], entry["channel"], entry["data"]) for entry in entries] == [("broadcast.stopped", "demo", {"seconds": 60})]


@pytest.mark.parametrize(("path", "status"), [("nobody", 404), ("NO", 400), ("demo?seconds=-1", 400), ("demo?seconds=99999999", 400)])
async def test_a_stop_that_makes_no_sense_is_refused(site: Site, path: str, status: int) -> None:
    assert (await (await operator(site)).delete(f"/api/v1/admin/broadcasts/{path}")).status_code == status


async def test_stopping_for_no_time_bars_nobody(site: Site) -> None:
    assert (await (await operator(site)).delete("/api/v1/admin/broadcasts/demo?seconds=0")).status_code == 204
    gateway = Gateway(site.storage.bus, SystemClock())
    await gateway.stop(ChannelName("other"), None, seconds=60)
    with pytest.raises(Refused) as raised:
        await gateway.publish(ChannelName("other"), "v=0", b"")
    assert raised.value.code == "publishing_stopped"


async def test_the_settings_are_shown_without_their_secrets(site: Site) -> None:
    found = await (await (await operator(site)).get("/api/v1/admin/settings")).get_json()
    by_name = {setting["name"]: setting for setting in found["settings"]}
    assert by_name["FANLIGHT_EDGE_PORT"] == {"name": "FANLIGHT_EDGE_PORT", "value": "8123", "changed": True, "secret": False}
    assert (by_name["FANLIGHT_SECRET"]["value"], by_name["REDIS_URL"]["value"]) == ("***", "***")


def test_no_secret_shows_whatever_it_is_called() -> None:
    texts = {known.name for known in fields(Settings) if isinstance(getattr(Settings(), known.name), str | tuple)}
    hidden = {name.removeprefix("FANLIGHT_").lower() for name, _, _, secret in readout(Settings()) if secret}
    assert hidden >= {"secret", "smtp_url", "oidc_providers", "s3_access_key", "s3_secret_key", "redis_url", "database_url", "ice_servers"}
    assert hidden <= texts
    assert {value for _, value, _, secret in readout(Settings(secret="s" * 20, redis_url="redis://:p@h")) if secret} == {"", "***"}
