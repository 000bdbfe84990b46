"""The recorder against a real bus and database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.bus.messages import Call, ChannelInfo, EndCall, EndReply, Reply, SessionInfo
from storage.bus.topics import channel_key, session_key
from storage.database.broadcasts import BroadcastRecord
from storage.model.broadcast import BroadcastState, PublishEnd
from storage.model.channel import Visibility
from storage.model.channel_edit import ChannelEdit
from storage.model.ids import BroadcastId, NodeId, SessionId
from storage.model.notification import Notification
from tests.web.conftest import DEMO, NODE, SESSION, Site
from tests.web.people import add_account

T = TypeVar("T")


async def until(read: Callable[[], Awaitable[T]], fits: Callable[[T], bool]) -> T:
    async with asyncio.timeout(20):
        while True:
            found = await read()
            if fits(found):
                return found
            await asyncio.sleep(0.05)


async def test_a_broadcast_is_recorded_from_its_start_to_its_end_and_followers_are_told(site: Site) -> None:
    storage = site.storage
    fan = await add_account(storage, "fan")
    demo = await storage.channels.get(DEMO)
    await storage.follows.follow(fan.id, demo.id)
    await site.on_air(BroadcastState.STARTING)
    await storage.bus.count_viewers(DEMO, NodeId("edge-1"), 7, ttl=30)

    async def record() -> BroadcastRecord | None:
        return await storage.broadcasts.get(BroadcastId("b0"))

    async def told() -> list[Notification]:
        return list(await storage.notifications.list(fan.id))

    await until(record, lambda found: found is not None and found.state is BroadcastState.STARTING)
    await site.on_air(BroadcastState.INTERRUPTED)
    await until(record, lambda found: found is not None and found.state is BroadcastState.INTERRUPTED and found.live_at is not None)
    (one,) = await until(told, bool)
    assert (one.channel, one.text) == (DEMO, "Friday night synths")
    await site.on_air(BroadcastState.LIVE)
    await until(record, lambda found: found is not None and found.state is BroadcastState.LIVE)
    await until(lambda: site.read("/api/v1/channels/demo"), lambda view: view["viewers"] == 7)
    await site.on_air(BroadcastState.ENDED, end_reason="publisher_left")
    over = await until(record, lambda found: found is not None and found.state is BroadcastState.ENDED)
    assert over is not None
    assert (over.end_reason, over.title, over.peak_viewers) == ("publisher_left", "Friday night synths", 7)
    assert len(await told()) == 1


async def test_a_broadcast_whose_successor_is_on_the_air_is_over(site: Site) -> None:
    await site.on_air(BroadcastState.LIVE)

    async def record() -> BroadcastRecord | None:
        return await site.storage.broadcasts.get(BroadcastId("b0"))

    await until(record, lambda found: found is not None and found.state is BroadcastState.LIVE)
    await site.on_air(BroadcastState.LIVE, broadcast=BroadcastId("b1"))
    over = await until(record, lambda found: found is not None and found.state is BroadcastState.ENDED)
    assert over is not None
    assert over.end_reason == "lost"


async def test_the_media_plane_hears_what_a_channel_on_the_air_is_now(site: Site) -> None:
    await site.published_to()
    demo = await site.storage.channels.get(DEMO)

    async def heard() -> ChannelInfo | None:
        return await site.storage.bus.read(channel_key(DEMO), ChannelInfo)

    await until(heard, lambda found: found is not None and found.visibility is Visibility.PUBLIC)
    await site.storage.channels.edit(demo.id, ChannelEdit(visibility=Visibility.NAMED))
    await until(heard, lambda found: found is not None and found.visibility is Visibility.NAMED)


async def test_what_a_revoked_key_publishes_is_ended(site: Site) -> None:
    calls: list[Call] = []

    async def ingest(call: Call) -> Reply:
        calls.append(call)
        return EndReply()

    serving = asyncio.ensure_future(site.storage.bus.serve_calls(NODE, ingest))
    try:
        kept, _ = await site.storage.stream_keys.add(DEMO, "kept")
        revoked, _ = await site.storage.stream_keys.add(DEMO, "revoked")
        for key, session in ((kept, SessionId(f"{NODE}.kept")), (revoked, SESSION)):
            info = SessionInfo(session=session, channel=DEMO, node=NODE, relay="unix:/none", tracks=(), started_ms=1, by=f"key:{key.id}")
            await site.storage.bus.register(session_key(DEMO), info, ttl=60)
            await site.storage.bus.announce_change(DEMO)
            await asyncio.sleep(2.5)
            assert calls == []
        await site.storage.stream_keys.revoke(DEMO, revoked.id)

        async def said() -> list[Call]:
            return calls

        assert (await until(said, bool))[0] == EndCall(session=SESSION, channel=DEMO, reason=PublishEnd.REVOKED)
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
