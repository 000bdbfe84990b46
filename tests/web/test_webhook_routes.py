import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import update

from storage.database.tables import channel as channels
from storage.model.account import AccountRole
from storage.model.event import Event
from tests.web.conftest import DEMO, Site
from tests.web.people import Member, member

URL = "https://example.org/hook"
PATH = "/api/v1/webhooks"


async def owner(site: Site, name: str = "anna") -> Member:
    found = await member(site.app, site.storage, name)
    async with site.storage.database.transaction() as connection:
        await connection.execute(update(channels).where(channels.c.name == "demo").values(owner=found.account.id))
    return found


async def made(asker: Member, **changes: Any) -> dict[str, Any]:
    response = await asker.post(PATH, json={"url": URL, "events": ["broadcast.started"], "channel": "demo"} | changes)
    told: dict[str, Any] = await response.get_json()
    assert response.status_code == 201, told
    return told


async def test_a_webhook_is_made_read_changed_and_deleted(site: Site) -> None:
    asker = await owner(site)
    webhook = await made(asker)
    assert webhook["secret"].startswith("whsec_")
    path = f"{PATH}/{webhook['id']}"
    read = await asker.get(path)
    assert await read.get_json() == webhook | {"secret": None}
    assert read.headers["ETag"] == '"v1"'
    change = {"url": "https://example.org/other", "events": ["broadcast.ended", "moderation.acted"], "enabled": False}
    assert (await asker.patch(path, json=change)).status_code == 428
    assert (await asker.patch(path, json=change, headers={"If-Match": '"v7"'})).status_code == 412
    changed = await (await asker.patch(path, json=change, headers={"If-Match": '"v1"'})).get_json()
    assert {name: changed[name] for name in change} == change
    assert (await (await asker.get(PATH)).get_json())["items"] == [changed]
    assert (await asker.delete(path)).status_code == 204
    assert (await asker.get(path)).status_code == 404
    assert [entry.action for entry in await site.storage.audit.list(action="webhook")] == [
        "webhook.deleted",
        "webhook.changed",
        "webhook.created",
    ]


async def test_what_it_was_told_is_listed_and_replayed(site: Site) -> None:
    asker = await owner(site)
    webhook = await made(asker, url="https://webhook.invalid/")
    channel = (await site.storage.channels.get(DEMO)).id
    for number in range(3):
        await site.storage.webhooks.emit(Event.BROADCAST_STARTED, channel, {"n": number})
        await asyncio.sleep(0.003)
    path = f"{PATH}/{webhook['id']}/deliveries"
    first = await (await asker.get(f"{path}?limit=2")).get_json()
    rest = await (await asker.get(f"{path}?limit=2&cursor={first['next']}")).get_json()
    found = [*first["items"], *rest["items"]]
    assert [delivery["body"].count(f'"n":{number}') for delivery, number in zip(found, (2, 1, 0), strict=True)] == [1, 1, 1]
    again = await asker.post(f"{path}/{found[0]['id']}/replay")
    assert (again.status_code, (await again.get_json())["state"]) == (200, "pending")
    assert (await asker.post(f"{path}/nothing/replay")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"events": []}, 400, "bad_request"),
        ({"events": ["nothing.happened"]}, 400, "bad_request"),
        ({"events": ["account.created"]}, 400, "bad_request"),
        ({"url": "http://example.org/"}, 422, "webhook_url_invalid"),
        ({"url": "https://127.0.0.1/"}, 422, "webhook_url_invalid"),
        ({"channel": "nobody"}, 404, "channel_not_found"),
        ({"channel": None}, 403, "not_allowed"),
    ],
)
async def test_a_webhook_that_can_not_be_is_refused(site: Site, changes: dict[str, Any], status: int, code: str) -> None:
    asker = await owner(site)
    response = await asker.post(PATH, json={"url": URL, "events": ["broadcast.started"], "channel": "demo"} | changes)
    assert (response.status_code, (await response.get_json())["code"]) == (status, code)


async def test_another_account_can_neither_make_nor_see_it(site: Site) -> None:
    webhook = await made(await owner(site))
    stranger = await member(site.app, site.storage, "eve")
    assert (await stranger.post(PATH, json={"url": URL, "events": ["broadcast.started"], "channel": "demo"})).status_code == 403
    path = f"{PATH}/{webhook['id']}"
    for response in (
        await stranger.get(path),
        await stranger.get(f"{path}/deliveries"),
        await stranger.delete(path),
        await stranger.patch(path, json={"enabled": False}, headers={"If-Match": '"v1"'}),
    ):
        assert (response.status_code, (await response.get_json())["code"]) == (404, "webhook_not_found")


async def test_an_operator_may_be_told_of_the_whole_instance(site: Site) -> None:
    root = await member(site.app, site.storage, "root", role=AccountRole.OPERATOR)
    webhook = await made(root, channel=None, events=["account.created", "broadcast.ended"])
    assert webhook["channel"] is None


async def test_an_account_has_twenty_at_most(site: Site) -> None:
    asker = await owner(site)
    for _ in range(20):
        await made(asker)
    response = await asker.post(PATH, json={"url": URL, "events": ["broadcast.started"], "channel": "demo"})
    assert (response.status_code, (await response.get_json())["code"]) == (409, "webhook_limit")


async def test_a_ban_is_audited_and_told(site: Site) -> None:
    asker = await owner(site)
    await member(site.app, site.storage, "eve")
    webhook = await made(asker, events=["moderation.acted"], url="https://webhook.invalid/")
    assert (await asker.put("/api/v1/channels/demo/bans/eve", json={"reason": "spam", "seconds": 60})).status_code == 200
    assert (await asker.delete("/api/v1/channels/demo/bans/eve")).status_code == 200
    told = await (await asker.get(f"{PATH}/{webhook['id']}/deliveries")).get_json()
    data = [json.loads(delivery["body"])["data"] for delivery in told["items"]]
    assert [(one["channel"], one["action"], one["account"], one["by"]) for one in data] == [
        ("demo", action, "eve", "anna") for action in ("unban", "ban")
    ]
    entries = await site.storage.audit.list(action="ban")
    assert [(entry.action, entry.actor_name, entry.subject) for entry in entries] == [
        ("ban.lifted", "anna", "eve"),
        ("ban.set", "anna", "eve"),
    ]
