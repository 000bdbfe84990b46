import asyncio

import pytest

from storage.bus.messages import Call, Reply, StatisticsCall, StatisticsReply
from storage.model.errors import ErrorCode, NotFound
from tests.web.conftest import NODE, SESSION, Site

STATISTICS = "/api/v1/channels/demo/session/statistics"


async def ingest_node(call: Call) -> Reply:
    if not isinstance(call, StatisticsCall) or call.session != SESSION:
        raise NotFound(ErrorCode.SESSION_NOT_FOUND, "Gone.")
    return StatisticsReply(
        connected=True,
        bitrate=2_400_000,
        packets=1000,
        lost=3,
        recovered=2,
        frames=300,
        frames_given_up=1,
        keyframes=5,
        rtt=0.0213,
        width=1280,
        height=720,
        frame_rate=29.97,
        codec="h264",
    )


async def until_known(site: Site) -> None:
    async with asyncio.timeout(5):
        while (await site.read("/api/v1/channels/demo"))["state"] != "starting":
            await asyncio.sleep(0.02)


async def test_a_publisher_reads_its_own_statistics(site: Site) -> None:
    await site.published_to()
    await until_known(site)
    serving = asyncio.ensure_future(site.storage.bus.serve_calls(NODE, ingest_node))
    try:
        response = await site.client.get(STATISTICS, headers={"Authorization": f"Bearer {site.key}"})
        found = await response.get_json()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert response.status_code == 200, found
    assert (found["bitrate"], found["rtt_ms"], found["codec"], found["viewers"]) == (2_400_000, 21.3, "h264", 0)


@pytest.mark.parametrize(
    ("header", "code"),
    [({}, "key_missing"), ({"Authorization": "Basic abc"}, "token_refused"), ({"Authorization": "Bearer fl_wrong"}, "key_refused")],
)
async def test_statistics_need_the_channels_key(site: Site, header: dict[str, str], code: str) -> None:
    await site.published_to()
    await until_known(site)
    response = await site.client.get(STATISTICS, headers=header)
    assert (response.status_code, (await response.get_json())["code"]) == (401, code)
    assert "WWW-Authenticate" in response.headers


async def test_a_session_that_is_over_is_not_found(site: Site) -> None:
    response = await site.client.get(STATISTICS, headers={"Authorization": f"Bearer {site.key}"})
    assert (response.status_code, (await response.get_json())["code"]) == (404, "session_not_found")


async def test_a_publisher_can_see_whether_it_was_replaced(site: Site) -> None:
    path = "/api/v1/channels/demo/session"
    assert (await site.client.get(path)).status_code == 401
    headers = {"Authorization": f"Bearer {site.key}"}
    assert await (await site.client.get(path, headers=headers)).get_json() == {"session": ""}
    await site.published_to()
    await until_known(site)
    assert await (await site.client.get(path, headers=headers)).get_json() == {"session": SESSION}
