"""Channels over REST: who may do what, and what the others are told."""

import asyncio
import io
from typing import Any

from PIL import Image
from quart import Response

from storage.access import Action
from storage.bus.messages import ChannelInfo
from storage.model.account import AccountRole
from storage.model.channel import Visibility
from storage.model.channel_edit import ChannelEdit
from storage.model.ids import ChannelId, ChannelName
from storage.model.token import TokenType
from tests.web.conftest import Site
from tests.web.people import Member, member, sign_in
from tests.web.test_accounts import picture
from tests.web.test_live import eventually
from web.api.channel_views import from_memory
from web.directory import Entry

API = "/api/v1"


async def told(response: Response, status: int = 200) -> Any:
    body = await response.get_json() if response.status_code != 204 else None
    assert response.status_code == status, body
    return body


async def code(response: Response) -> tuple[int, str]:
    return response.status_code, (await response.get_json())["code"]


async def people(site: Site, *names: str) -> list[Member]:
    return [await member(site.app, site.storage, name) for name in names]


async def make(owner: Member, name: str = "studio", **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = await told(await owner.post(f"{API}/channels", json={"name": name, "title": name.title()}), 201)
    if changes:
        made = await told(await owner.patch(f"{API}/channels/{name}", json=changes, headers={"If-Match": f'"v{made["version"]}"'}))
    return made


async def test_a_channel_is_made_edited_renamed_and_deleted_by_its_owner(site: Site) -> None:
    (ada,) = await people(site, "ada")
    made = await make(ada)
    assert (made["owner"], made["version"], "edit" in made["can"]) == ("ada", 1, True)
    assert await code(await ada.post(f"{API}/channels", json={"name": "studio"})) == (409, "channel_exists")
    assert await code(await ada.post(f"{API}/channels", json={"name": "No!"})) == (400, "channel_name_invalid")
    assert await code(await ada.patch(f"{API}/channels/studio", json={"title": "x"})) == (428, "precondition_required")
    change = {"title": "Night", "tags": ["b", "a"], "category": "Music", "language": "de", "mature": True, "description": "Hi"}
    edited = await told(await ada.patch(f"{API}/channels/studio", json=change, headers={"If-Match": '"v1"'}))
    assert (edited["tags"], edited["category"], edited["version"]) == (["a", "b"], "music", 2)
    assert await code(await ada.patch(f"{API}/channels/studio", json={"title": "x"}, headers={"If-Match": '"v1"'})) == (
        412,
        "precondition_failed",
    )
    await told(await ada.patch(f"{API}/channels/studio", json={"name": "loft"}, headers={"If-Match": '"v2"'}))
    moved = await site.client.get(f"{API}/channels/studio")
    assert (moved.status_code, moved.headers["Location"]) == (308, f"{API}/channels/loft")
    assert [one["channel"] for one in (await told(await ada.get(f"{API}/account/channels")))["items"]] == ["loft"]
    assert (await ada.delete(f"{API}/channels/loft", headers={"If-Match": '"v3"'})).status_code == 204
    assert await code(await site.client.get(f"{API}/channels/loft")) == (404, "channel_not_found")
    assert await code(await site.client.get(f"{API}/channels/studio")) == (404, "channel_not_found")


async def test_a_channel_on_the_air_keeps_its_name(site: Site) -> None:
    (ada,) = await people(site, "ada")
    await make(ada)
    await site.on_air(channel=ChannelName("studio"))
    await eventually(site, f"{API}/channels/studio", "live")
    for answer in (
        await ada.patch(f"{API}/channels/studio", json={"name": "loft"}, headers={"If-Match": '"v1"'}),
        await ada.delete(f"{API}/channels/studio", headers={"If-Match": '"v1"'}),
    ):
        assert await code(answer) == (409, "channel_on_air")
    await told(await ada.patch(f"{API}/channels/studio", json={"title": "While live"}, headers={"If-Match": '"v1"'}))


async def test_a_channel_has_a_picture_a_banner_and_one_for_when_it_is_off_the_air(site: Site) -> None:
    (ada,) = await people(site, "ada")
    await make(ada)
    pictures = f"{API}/channels/studio/pictures"
    for kind, field, size in (
        ("picture", "avatar", (256, 256)),
        ("banner", "banner", (1600, 400)),
        ("offline-picture", "offline_picture", (1280, 720)),
    ):
        assert (await ada.put(f"{pictures}/{kind}", data=picture((1600, 900)), headers={"Content-Type": "image/png"})).status_code == 204
        where = (await told(await site.client.get(f"{API}/channels/studio")))[field]
        shown = await site.client.get(where)
        assert Image.open(io.BytesIO(bytes(await shown.get_data(as_text=False)))).size == size, kind
        assert (await ada.delete(f"{pictures}/{kind}")).status_code == 204
        assert (await told(await site.client.get(f"{API}/channels/studio")))[field] is None
        assert (await site.client.get(where)).status_code == 404
    assert await code(await ada.put(f"{pictures}/poster", data=picture(), headers={"Content-Type": "image/png"})) == (404, "not_found")


async def test_others_may_not_and_are_not_told_of_what_is_hidden(site: Site) -> None:
    ada, eve = await people(site, "ada", "eve")
    await make(ada)
    attempts = [
        ("PATCH", "", {"title": "x"}),
        ("DELETE", "", None),
        ("GET", "/keys", None),
        ("POST", "/keys", {}),
        ("PUT", "/roles/eve", {"role": "moderator"}),
        ("PUT", "/bans/ada", {}),
        ("POST", "/publish-tokens", {}),
    ]
    for expected in ((403, "not_allowed"), (404, "channel_not_found")):
        for method, path, body in attempts:
            answer = await eve.ask(method, f"{API}/channels/studio{path}", json=body, headers={"If-Match": '"v1"'})
            assert await code(answer) == expected, path
        record = await site.storage.channels.get(ChannelName("studio"))
        await site.storage.channels.edit(record.id, ChannelEdit(visibility=Visibility.NAMED))
        site.storage.access.forget(record.name)
    for path in ("", "/events", "/broadcasts"):
        assert await code(await eve.get(f"{API}/channels/studio{path}")) == (404, "channel_not_found")
    assert await code(await eve.post(f"{API}/channels/studio/playback-tokens", json={})) == (404, "channel_not_found")
    assert (await told(await ada.get(f"{API}/channels/studio")))["visibility"] == "named"


async def test_keys_are_told_once_and_revoked(site: Site) -> None:
    (ada,) = await people(site, "ada")
    await make(ada)
    made = await told(await ada.post(f"{API}/channels/studio/keys", json={"name": "OBS"}), 201)
    assert made["key"].startswith("fl_")
    (listed,) = (await told(await ada.get(f"{API}/channels/studio/keys")))["items"]
    assert (listed["name"], listed["key"], listed["revoked_ms"]) == ("OBS", None, None)
    shown = {"Authorization": f"Bearer {made['key']}"}
    await told(await site.client.get(f"{API}/channels/studio/session", headers=shown))
    assert (await ada.delete(f"{API}/channels/studio/keys/{made['id']}")).status_code == 204
    assert await code(await ada.delete(f"{API}/channels/studio/keys/{made['id']}")) == (404, "not_found")
    assert await code(await site.client.get(f"{API}/channels/studio/session", headers=shown)) == (401, "key_refused")
    await told(await ada.get(f"{API}/channels/studio/session"))


async def test_roles_bans_follows_blocks(site: Site) -> None:
    ada, mod, fan = await people(site, "ada", "mod", "fan")
    await make(ada)
    await told(await ada.put(f"{API}/channels/studio/roles/mod", json={"role": "moderator"}), 204)
    assert await code(await ada.put(f"{API}/channels/studio/roles/nobody", json={"role": "vip"})) == (404, "account_not_found")
    await told(await fan.put(f"{API}/account/follows/studio", json={}), 204)
    view = await told(await fan.get(f"{API}/channels/studio"))
    assert (view["followers"], view["following"]) == (1, True)
    assert [(one["channel"]["channel"], one["notify"]) for one in (await told(await fan.get(f"{API}/account/follows")))["items"]] == [
        ("studio", True)
    ]
    await told(await fan.put(f"{API}/account/follows/studio", json={"notify": False}), 204)
    assert [one["notify"] for one in (await told(await fan.get(f"{API}/account/follows")))["items"]] == [False]
    await told(await fan.put(f"{API}/account/follows/studio", json={}), 204)
    await told(await mod.put(f"{API}/channels/studio/bans/fan", json={"reason": "spam", "seconds": 600}))
    for protected in ("ada", "mod"):
        assert await code(await mod.put(f"{API}/channels/studio/bans/{protected}", json={})) == (403, "not_allowed")
    (ban,) = (await told(await mod.get(f"{API}/channels/studio/bans")))["items"]
    assert (ban["account"], ban["reason"], ban["expires_ms"] > ban["created_ms"]) == ("fan", "spam", True)
    assert await code(await fan.post(f"{API}/channels/studio/playback-tokens", json={})) == (403, "not_allowed")
    await told(await mod.delete(f"{API}/channels/studio/bans/fan"))
    (role,) = (await told(await mod.get(f"{API}/channels/studio/roles")))["items"]
    assert role == {"account": "mod", "display_name": "Mod", "role": "moderator"}
    await told(await ada.delete(f"{API}/channels/studio/roles/mod"), 204)
    assert await code(await mod.get(f"{API}/channels/studio/bans")) == (403, "not_allowed")
    await told(await fan.delete(f"{API}/account/follows/studio"), 204)
    await told(await fan.put(f"{API}/account/blocks/mod"), 204)
    assert (await told(await fan.get(f"{API}/account/blocks")))["items"] == [{"account": "mod", "display_name": "Mod"}]
    await told(await fan.delete(f"{API}/account/blocks/mod"), 204)
    # Nobody went live; that a ban was lifted is told.
    assert [(one["kind"], one["channel"]) for one in (await told(await fan.get(f"{API}/account/notifications")))["items"]] == [
        ("unbanned", "studio")
    ]
    await told(await fan.post(f"{API}/account/notifications/read"), 204)


async def test_operators_stop_and_ban_but_are_nobody_else(site: Site) -> None:
    ada, _ = await people(site, "ada", "fan")
    root = await member(site.app, site.storage, "root", role=AccountRole.OPERATOR)
    await make(ada, visibility="named")
    assert (await told(await root.get(f"{API}/channels/studio")))["can"] == ["see", "watch", "follow", "see_roles", "moderate", "stop"]
    await told(await root.put(f"{API}/channels/studio/bans/fan", json={}))
    assert await code(await root.post(f"{API}/channels/studio/publish-tokens", json={})) == (403, "not_allowed")
    assert await code(await root.get(f"{API}/channels/studio/keys")) == (403, "not_allowed")


async def test_a_password_opens_a_channel_and_its_token_renews_itself(site: Site) -> None:
    ada, eve = await people(site, "ada", "eve")
    await make(ada, visibility="password", password="open sesame")
    await make(ada, "other", visibility="password", password="shut sesame")
    path = f"{API}/channels/studio/playback-tokens"
    for who in (site.client, eve):
        assert await code(await who.post(path, json={})) == (403, "channel_password_required")
        assert await code(await who.post(path, json={"password": "wrong"})) == (403, "password_wrong")
        answer = await who.post(path, json={"password": "open sesame"})
        token = (await told(answer))["token"]
        assert "HttpOnly" in answer.headers["Set-Cookie"]
        assert "Path=/hls/studio/" in answer.headers["Set-Cookie"]
        await told(await who.post(path, json={"renew": token}))
        assert await code(await who.post(f"{API}/channels/other/playback-tokens", json={"renew": token})) == (401, "token_refused")
    record = await site.storage.channels.get(ChannelName("studio"))
    assert site.storage.tokens.read(TokenType.PLAYBACK, token).claims["channel"] == record.id


async def test_a_playback_token_is_renewed_by_its_own_session_only_and_not_beyond_the_password(site: Site) -> None:
    ada, eve, mallory = await people(site, "ada", "eve", "mallory")
    await make(ada, visibility="password", password="open sesame")
    path = f"{API}/channels/studio/playback-tokens"
    token = (await told(await eve.post(path, json={"password": "open sesame"})))["token"]
    again = await sign_in(site.app, site.storage, eve.account)
    for other in (site.client, mallory, again):
        assert await code(await other.post(path, json={"renew": token})) == (401, "token_refused")
    token = (await told(await eve.post(path, json={"renew": token})))["token"]

    view = await told(await ada.get(f"{API}/channels/studio"))
    change = {"password": "shut sesame"}
    await told(await ada.patch(f"{API}/channels/studio", json=change, headers={"If-Match": f'"v{view["version"]}"'}))
    assert await code(await eve.post(path, json={"renew": token})) == (401, "token_refused")
    token = (await told(await eve.post(path, json={"password": "shut sesame"})))["token"]

    await told(await ada.put(f"{API}/channels/studio/bans/eve", json={}))
    assert await code(await eve.post(path, json={"renew": token})) == (403, "not_allowed")
    await told(await eve.delete(f"{API}/session"), 204)
    assert await code(await eve.post(path, json={"renew": token})) == (401, "token_refused")


async def test_lists_show_what_the_asker_may_find(site: Site) -> None:
    ada, fan = await people(site, "ada", "fan")
    for name in ("public", "unlisted", "followers", "named"):
        await make(ada, name, visibility=name)
        await site.on_air(channel=ChannelName(name))
    await told(await fan.put(f"{API}/account/follows/followers", json={}), 204)
    async with asyncio.timeout(5):
        for name in ("public", "unlisted", "followers", "named"):
            while (await told(await ada.get(f"{API}/channels/{name}")))["state"] != "live":
                await asyncio.sleep(0.02)

    async def listed(who: Any) -> set[str]:
        return {one["channel"] for one in (await told(await who.get(f"{API}/broadcasts")))["broadcasts"]}

    assert await listed(site.client) == {"public"}
    assert await listed(fan) == {"public", "followers"}
    assert await listed(ada) == {"public", "unlisted", "followers", "named"}
    found = await told(await site.client.get(f"{API}/channels?search=PUB"))
    assert [one["channel"] for one in found["items"]] == ["public"]
    assert (await told(await site.client.get(f"{API}/channels?search=unlisted")))["items"] == []
    page = await told(await site.client.get(f"{API}/channels?limit=1"))
    assert page["next"]
    assert len((await told(await site.client.get(f"{API}/channels?limit=1&cursor={page['next']}")))["items"]) == 1


def test_without_the_database_strangers_are_told_what_the_bus_knows() -> None:
    name = ChannelName("studio")
    for visibility in Visibility:
        about = ChannelInfo(channel=name, id=ChannelId("0" * 26), title="Night", visibility=visibility)
        seen = from_memory(Entry(name, None, None, about=about), Action.SEE)
        assert (seen is None) == (visibility is Visibility.NAMED)
        assert (from_memory(Entry(name, None, None, about=about), Action.FIND) is None) == (visibility is not Visibility.PUBLIC)
    assert from_memory(Entry(name, None, None), Action.SEE) is None
