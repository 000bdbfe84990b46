"""The team's work over REST: what is answered, beyond who may."""

from typing import Any

import pytest
import pytest_asyncio
from quart import Response

from storage.model.account import AccountRole
from storage.model.channel import ChannelRole
from storage.model.ids import ChannelName
from tests.contracts.room import Room
from tests.web.conftest import Site
from tests.web.people import Member, member

BASE = "/api/v1/channels/studio"


class Studio:
    """Anna's channel, a moderator, and a guest who wrote there."""

    def __init__(self, site: Site, room: Room, owner: Member, mod: Member, guest: Member) -> None:
        self.site, self.room, self.owner, self.mod, self.guest = site, room, owner, mod, guest


@pytest_asyncio.fixture
async def studio(site: Site) -> Studio:
    owner, mod, guest = [await member(site.app, site.storage, name) for name in ("anna", "mod", "guest")]
    channel = await site.storage.channels.create(ChannelName("studio"), "Studio", owner=owner.account.id)
    await site.storage.roles.give(channel.id, mod.account.id, ChannelRole.MODERATOR, by=None)
    room = Room(site.storage, channel)
    await room.came(guest.account)
    return Studio(site, room, owner, mod, guest)


async def told(response: Response, status: int = 200) -> Any:
    body = await response.get_json() if response.status_code != 204 else None
    assert response.status_code == status, body
    return body


async def code(response: Response) -> tuple[int, str]:
    return response.status_code, (await response.get_json())["code"]


async def test_settings_are_read_changed_and_refused_when_somebody_was_faster(studio: Studio) -> None:
    path = f"{BASE}/chat/settings"
    response = await studio.mod.get(path)
    before = await told(response)
    assert (before["modes"]["slow_seconds"], before["version"], response.headers["ETag"]) == (0, 1, '"v1"')
    change = {
        "modes": {"slow_seconds": 30, "followers_minutes": None},
        "automod": {"levels": {"hate": 3}},
        "allowed_hosts": ["example.org"],
    }
    after = await told(await studio.mod.patch(path, json=change, headers={"If-Match": '"v1"'}))
    assert (after["modes"]["slow_seconds"], after["automod"]["levels"], after["version"]) == (30, {"hate": 3}, 2)
    assert await code(await studio.mod.patch(path, json=change, headers={"If-Match": '"v1"'})) == (412, "precondition_failed")
    for wrong in ({"shield": True}, {"modes": {"slow_seconds": 99_999}}, {"automod": {"levels": {"nonsense": 1}}}, {"modes": {"no": 1}}):
        assert (await studio.mod.patch(path, json=wrong, headers={"If-Match": '"v2"'})).status_code == 400, wrong
    await told(await studio.mod.put(f"{BASE}/chat/shield", json={"seconds": 60}))
    shielded = await told(await studio.mod.get(path))
    assert (shielded["shield"], shielded["effective"]["links"], shielded["modes"]["links"]) == (True, "nobody", "everybody")
    await told(await studio.mod.delete(f"{BASE}/chat/shield"))
    assert (await studio.mod.put(f"{BASE}/chat/shield", json={"seconds": 0})).status_code == 400


async def test_an_act_answers_with_its_line_by_which_it_is_undone(studio: Studio) -> None:
    message = await studio.room.write(studio.guest.account, "hello")
    done = await told(await studio.mod.delete(f"{BASE}/chat/messages/{message}?reason=spam"))
    (line, *_) = (await told(await studio.owner.get(f"{BASE}/chat/log?account=guest")))["items"]
    assert (line["id"], line["action"], line["by"], line["reason"], line["data"]) == (
        done["line"],
        "delete",
        "mod",
        "spam",
        {"text": "hello"},
    )
    undone = await told(await studio.owner.post(f"{BASE}/chat/log/{done['line']}/undo"))
    lines = (await told(await studio.owner.get(f"{BASE}/chat/log?message={message}")))["items"]
    assert [(one["action"], one["undoes"], one["undone_by"]) for one in lines] == [
        ("restore", done["line"], None),
        ("delete", None, undone["line"]),
    ]
    assert await studio.room.texts() == ["hello"]
    nothing = await told(await studio.mod.delete(f"{BASE}/chat/shield"))
    assert nothing == {"line": None}
    for query, count in (("by=mod", 1), ("by=anna", 1), ("action=restore", 1), ("action=ban", 0)):
        assert len((await told(await studio.mod.get(f"{BASE}/chat/log?{query}")))["items"]) == count, query


async def test_a_card_tells_everything_and_what_the_asker_may_do(studio: Studio) -> None:
    await studio.room.write(studio.guest.account, "hello")
    await told(await studio.mod.put(f"{BASE}/chat/mutes/guest", json={"seconds": 60, "reason": "caps"}))
    await told(await studio.mod.put(f"{BASE}/chat/warnings/guest", json={"reason": "Mind the rules."}))
    await told(await studio.mod.put(f"{BASE}/chat/suspicions/guest", json={"level": "restricted", "reason": "Like eve"}))
    await told(await studio.mod.post(f"{BASE}/chat/users/guest/notes", json={"text": "Friendly once."}), 201)
    card = await told(await studio.mod.get(f"{BASE}/chat/users/guest"))
    assert (card["rank"], card["notes"], card["banned"], card["actions"]["timeout"]) == ("new", 1, False, 1)
    chatter = card["chatter"]
    assert (chatter["muted_for"], chatter["warning"], chatter["suspicion"]) == ("caps", "Mind the rules.", "restricted")
    assert "ban" in card["can"]
    assert "make_vip" not in card["can"]
    assert "make_vip" in (await told(await studio.owner.get(f"{BASE}/chat/users/guest")))["can"]
    assert (await told(await studio.mod.get(f"{BASE}/chat/users/anna")))["can"] == []
    assert [one["message"]["text"] for one in (await told(await studio.mod.get(f"{BASE}/chat/users/guest/messages")))["items"]] == ["hello"]
    (note,) = (await told(await studio.owner.get(f"{BASE}/chat/users/guest/notes")))["items"]
    await told(await studio.owner.delete(f"{BASE}/chat/users/guest/notes/{note['id']}"))
    for listed in ("mutes", "suspicions", "chatters"):
        assert [one["account"] for one in (await told(await studio.mod.get(f"{BASE}/chat/{listed}")))["items"]] == ["guest"], listed
    await told(await studio.guest.post(f"{BASE}/chat/acknowledgement"), 204)
    assert await code(await studio.guest.post(f"{BASE}/chat/acknowledgement")) == (404, "not_found")


async def test_the_queue_is_decided_once(studio: Studio) -> None:
    held = await studio.room.write(studio.guest.account, "maybe", state="held", held_for='["spam"]')
    (waiting,) = (await told(await studio.mod.get(f"{BASE}/chat/queue")))["items"]
    assert (waiting["message"]["text"], waiting["why"]) == ("maybe", ["spam"])
    await told(await studio.mod.post(f"{BASE}/chat/queue/{held}", json={"let_through": True}))
    assert await code(await studio.owner.post(f"{BASE}/chat/queue/{held}", json={"let_through": False})) == (409, "already_decided")


async def test_a_filter_is_tried_on_the_history_and_changes_nothing(studio: Studio) -> None:
    for text in ("well darn it", "hello", "see example.com", "HELLO EVERYBODY"):
        await studio.room.write(studio.guest.account, text)
    tried = await told(await studio.mod.post(f"{BASE}/chat/terms/test", json={"text": "darn"}))
    assert (tried["looked_at"], tried["refused"], tried["held"]) == (4, 1, 0)
    assert [(one["message"]["text"], one["why"]) for one in tried["examples"]] == [("well darn it", ["term: darn"])]
    change = {"automod": {"capitals_percent": 50}, "modes": {"links": "nobody", "read_only": True}}
    tried = await told(await studio.mod.post(f"{BASE}/chat/automod/test", json=change))
    assert (tried["refused"], tried["held"]) == (1, 1)
    assert {(one["message"]["text"], *one["why"]) for one in tried["examples"]} == {
        ("see example.com", "links_refused"),
        ("HELLO EVERYBODY", "capitals"),
    }
    assert (await told(await studio.mod.get(f"{BASE}/chat/terms")))["terms"] == []
    assert (await told(await studio.mod.get(f"{BASE}/chat/settings")))["version"] == 1
    assert await code(await studio.mod.post(f"{BASE}/chat/terms/test", json={"text": "(", "form": "expression"})) == (422, "term_invalid")


async def test_an_announcement_is_a_message_with_its_line_in_the_log(studio: Studio) -> None:
    path = f"{BASE}/chat/announcements"
    assert await code(await studio.guest.post(path, json={"text": "Hello."})) == (403, "not_allowed")
    assert await code(await studio.mod.post(path, json={"text": " "})) == (400, "message_empty")
    assert await code(await studio.mod.post(path, json={"text": "x" * 501})) == (422, "message_too_long")
    made = await told(await studio.mod.post(path, json={"text": "We begin at eight."}), 201)
    (line,) = (await told(await studio.mod.get(f"{BASE}/chat/log?action=announce")))["items"]
    assert (line["id"], line["by"]) == (made["line"], "mod")
    ((_, message),) = await studio.site.storage.messages.history(studio.room.channel.id)
    assert (message.id, message.kind, message.text) == (line["message"], "announcement", "We begin at eight.")


async def test_who_is_banned_appeals_once_and_what_is_granted_lifts_the_ban(studio: Studio) -> None:
    path = f"{BASE}/chat/appeal"
    assert await code(await studio.guest.post(path, json={"text": "Please."})) == (404, "not_found")
    await told(await studio.mod.put(f"{BASE}/bans/guest", json={"reason": "spam"}))
    made = await told(await studio.guest.post(path, json={"text": "Please."}), 201)
    assert made["state"] == "open"
    assert await code(await studio.guest.post(path, json={"text": "Please!"})) == (409, "appeal_open")
    (appeal,) = (await told(await studio.mod.get(f"{BASE}/chat/appeals")))["items"]
    assert (appeal["account"], appeal["banned_for"]) == ("guest", "spam")
    await told(await studio.mod.post(f"{BASE}/chat/appeals/{appeal['id']}", json={"granted": True, "text": "Welcome back."}))
    own = await told(await studio.guest.get(path))
    assert (own["state"], own["answer"]) == ("granted", "Welcome back.")
    assert (await told(await studio.mod.get(f"{BASE}/bans")))["items"] == []
    assert len((await told(await studio.mod.get(f"{BASE}/chat/appeals?state=granted")))["items"]) == 1


async def test_who_is_banned_from_a_channel_for_named_accounts_may_appeal_and_nobody_else_learns_of_it(studio: Studio) -> None:
    view = await told(await studio.owner.get(BASE))
    await told(await studio.owner.patch(BASE, json={"visibility": "named"}, headers={"If-Match": f'"v{view["version"]}"'}))
    stranger = await member(studio.site.app, studio.site.storage, "eve")
    assert await code(await stranger.post(f"{BASE}/chat/appeal", json={"text": "Please."})) == (404, "channel_not_found")
    await told(await studio.mod.put(f"{BASE}/bans/guest", json={}))
    await told(await studio.guest.post(f"{BASE}/chat/appeal", json={"text": "Please."}), 201)


async def test_what_an_operator_does_is_audited_and_everything_is_told_to_webhooks(studio: Studio) -> None:
    root = await member(studio.site.app, studio.site.storage, "root", role=AccountRole.OPERATOR)
    made = {"url": "https://webhook.invalid/", "events": ["moderation.acted"], "channel": "studio"}
    webhook = await told(await studio.owner.post("/api/v1/webhooks", json=made), 201)
    await told(await root.put(f"{BASE}/chat/mutes/guest", json={}))
    await told(await studio.mod.delete(f"{BASE}/chat/mutes/guest"))
    entries = await studio.site.storage.audit.list(action="chat")
    assert [(one.action, one.actor_name, one.subject) for one in entries] == [("chat.timeout", "root", "guest")]
    deliveries = (await told(await studio.owner.get(f"/api/v1/webhooks/{webhook['id']}/deliveries")))["items"]
    assert ["untimeout" in one["body"] for one in deliveries] == [True, False]


@pytest.mark.parametrize("visibility", ["followers", "named"])
async def test_another_visibility_renews_the_room(studio: Studio, visibility: str) -> None:
    log = studio.site.storage.chat_log
    before = await log.open(studio.room.channel.id)
    view = await told(await studio.owner.get(BASE))
    await told(await studio.owner.patch(BASE, json={"visibility": visibility}, headers={"If-Match": f'"v{view["version"]}"'}))
    assert (await log.open(studio.room.channel.id)).version == before.version + 1


async def test_a_purge_of_thousands_takes_them_all_and_its_undo_brings_them_back(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.chat_deletions.MOST_PURGED", 4)
    for number in range(10):
        await studio.room.write(studio.guest.account, f"spam {number}")
    done = await told(await studio.mod.delete(f"{BASE}/chat/messages?author=guest"))
    assert await studio.room.texts() == []
    await told(await studio.mod.post(f"{BASE}/chat/log/{done['line']}/undo"))
    assert len(await studio.room.texts()) == 10


async def test_an_account_that_is_banned_from_the_instance_renews_the_rooms_it_wrote_in(studio: Studio) -> None:
    root = await member(studio.site.app, studio.site.storage, "root", role=AccountRole.OPERATOR)
    log = studio.site.storage.chat_log
    before = await log.open(studio.room.channel.id)
    version = studio.guest.account.version
    change = {"state": "banned"}
    await told(await root.patch("/api/v1/admin/accounts/guest", json=change, headers={"If-Match": f'"v{version}"'}))
    assert (await log.open(studio.room.channel.id)).version == before.version + 1
