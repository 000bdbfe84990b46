import asyncio
import time

from storage.bus.topics import broadcast_key
from storage.model.broadcast import BroadcastState
from storage.model.ids import NodeId, channel_name
from tests.fixtures.valkey import Valkey
from tests.web.conftest import DEMO, Site


async def eventually(site: Site, path: str, *expected: str) -> dict[str, object]:
    """The channel's view, once its state is one of those expected."""
    async with asyncio.timeout(5):
        while True:
            found: dict[str, object] = await site.read(path)
            if found["state"] in expected:
                return found
            await asyncio.sleep(0.02)


async def test_the_time_is_the_servers(site: Site) -> None:
    before = time.time() * 1000 - 1
    found = (await site.read("/api/v1/time"))["unix_ms"]
    assert before <= found <= time.time() * 1000 + 1


async def test_nobody_is_live_at_first(site: Site) -> None:
    assert await site.read("/api/v1/broadcasts") == {"broadcasts": []}
    assert (await site.read("/api/v1/channels/demo"))["state"] == "offline"


async def test_a_live_broadcast_is_listed_with_all_a_card_shows(site: Site) -> None:
    await site.on_air(poster="live/demo/b0/poster-7.jpg")
    await site.storage.bus.count_viewers(DEMO, NodeId("edge-1"), 3, ttl=10)
    await site.storage.bus.count_viewers(DEMO, NodeId("edge-2"), 4, ttl=10)
    await eventually(site, "/api/v1/channels/demo", "live")
    async with asyncio.timeout(5):
        while (await site.read("/api/v1/broadcasts"))["broadcasts"][0]["viewers"] != 7:
            await asyncio.sleep(0.05)
    (card,) = (await site.read("/api/v1/broadcasts"))["broadcasts"]
    assert card == {
        "channel": "demo",
        "title": "Friday night synths",
        "state": "live",
        "started_ms": 1_700_000_000_000,
        "viewers": 7,
        "watch": "/watch/demo",
        "embed": "/embed/demo",
        "playlist": "http://localhost:8123/hls/demo/index.m3u8",
        "poster": "http://localhost:8123/hls/demo/poster.jpg?v=7",
        "picture": {"width": 1280, "height": 720, "frame_rate": 30.0, "lane": "passthrough"},
        "latency": None,
        "description": "",
        "category": "",
        "tags": [],
        "language": "",
        "mature": False,
        "visibility": "public",
        "owner": None,
        "avatar": None,
        "banner": None,
        "offline_picture": None,
        "followers": 0,
        "following": False,
        "can": ["see", "find", "watch"],
        "version": 1,
    }


async def test_a_publisher_before_its_first_picture_is_starting_and_not_listed(site: Site) -> None:
    await site.published_to()
    await eventually(site, "/api/v1/channels/demo", "starting")
    assert (await site.read("/api/v1/broadcasts"))["broadcasts"] == []


async def test_an_interrupted_broadcast_is_still_listed(site: Site) -> None:
    await site.on_air(BroadcastState.INTERRUPTED)
    await eventually(site, "/api/v1/channels/demo", "interrupted")
    assert len((await site.read("/api/v1/broadcasts"))["broadcasts"]) == 1


async def test_an_ended_broadcast_is_told_but_not_listed(site: Site) -> None:
    await site.on_air(BroadcastState.ENDED)
    await eventually(site, "/api/v1/channels/demo", "ended")
    assert (await site.read("/api/v1/broadcasts"))["broadcasts"] == []


async def test_a_new_publisher_after_the_end_is_starting(site: Site) -> None:
    await site.on_air(BroadcastState.ENDED)
    await site.published_to()
    await eventually(site, "/api/v1/channels/demo", "starting")


async def test_a_broadcast_whose_register_is_gone_is_offline_without_a_hint(site: Site) -> None:
    await site.on_air()
    await eventually(site, "/api/v1/channels/demo", "live")
    await site.storage.bus.forget(broadcast_key(DEMO))
    await eventually(site, "/api/v1/channels/demo", "offline")


async def test_unknown_and_impossible_channels_are_told_apart(site: Site) -> None:
    unknown = await site.client.get("/api/v1/channels/nobody")
    impossible = await site.client.get("/api/v1/channels/No%20Body")
    assert (unknown.status_code, (await unknown.get_json())["code"]) == (404, "channel_not_found")
    assert (impossible.status_code, (await impossible.get_json())["code"]) == (400, "channel_name_invalid")


async def test_a_broadcast_of_a_channel_the_database_does_not_know_is_not_listed(site: Site) -> None:
    await site.on_air(channel=channel_name("ghost"))
    await site.on_air()
    await eventually(site, "/api/v1/channels/demo", "live")
    assert [card["channel"] for card in (await site.read("/api/v1/broadcasts"))["broadcasts"]] == ["demo"]


async def test_players_latencies_come_back_as_median_and_tail(site: Site) -> None:
    await site.on_air()
    await eventually(site, "/api/v1/channels/demo", "live")
    for number, latency in enumerate((1000, 1200, 5000)):
        response = await site.client.post("/api/v1/channels/demo/latency", json={"player": f"player-{number}", "latency_ms": latency})
        assert response.status_code == 204
    async with asyncio.timeout(8):
        while (found := (await site.read("/api/v1/channels/demo"))["latency"]) is None:
            await asyncio.sleep(0.1)
    assert found["players"] == 3
    assert found["p50_ms"] == 1200
    assert 1200 < found["p95_ms"] <= 5000


async def test_a_nonsense_latency_is_refused(site: Site) -> None:
    for body in (b"{", b'{"player": "x", "latency_ms": 1}', b'{"player": "somebody", "latency_ms": -1}', b'{"player": "somebody"}', b"[]"):
        response = await site.client.post("/api/v1/channels/demo/latency", data=body, headers={"Content-Type": "application/json"})
        assert (response.status_code, (await response.get_json())["code"]) == (400, "bad_request")


async def test_an_event_stream_says_the_state_at_once_and_every_change(site: Site) -> None:
    async with asyncio.timeout(10), site.client.request("/api/v1/channels/demo/events") as connection:
        await connection.send_complete()
        assert b'"state":"offline"' in await connection.receive()
        await site.on_air()
        assert b'"state":"live"' in await connection.receive()
        await site.on_air(BroadcastState.INTERRUPTED)
        assert b'"state":"interrupted"' in await connection.receive()
        await connection.disconnect()


async def test_pages_go_on_from_what_was_known_while_the_bus_restarts(site: Site, valkey: Valkey) -> None:
    await site.on_air()
    await eventually(site, "/api/v1/channels/demo", "live")
    valkey.kill()
    assert (await site.read("/api/v1/channels/demo"))["state"] == "live"
    valkey.start()
    await eventually(site, "/api/v1/channels/demo", "offline")
    await site.on_air()
    await eventually(site, "/api/v1/channels/demo", "live")
