"""Playlists with blocking reload and media from the real edge process."""

import asyncio
import gzip
import json

import httpx
import m3u8
import pytest

from storage.model.rendition import RenditionName
from tests.edge.process import EdgeProcess
from tests.edge.publisher import PARTS, Publisher

VIDEO = RenditionName.VIDEO


def code(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    name: str = json.loads(response.content)["code"]
    return name


async def test_a_channel_off_the_air_is_answered_at_once(viewer: httpx.AsyncClient) -> None:
    for path in ("index.m3u8", "video/media.m3u8", "video/media.m3u8?_HLS_msn=3", "video/0123456789abcdef/1.m4s", "poster.jpg"):
        response = await viewer.get(f"/hls/nobody/{path}")
        assert response.status_code == 404
        assert response.headers["access-control-allow-origin"] == "*"


async def test_the_multivariant_playlist_leads_to_every_part_listed(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.parts(8)
    index = await viewer.get(publisher.index)
    assert index.headers["content-type"] == "application/vnd.apple.mpegurl"
    parsed = m3u8.loads(index.text, uri=str(index.url))
    for address in (parsed.playlists[0].absolute_uri, parsed.media[0].absolute_uri):
        media = m3u8.loads((await viewer.get(address)).text, uri=address)
        for init in media.segment_map:
            assert (await viewer.get(init.absolute_uri)).status_code == 200
        for segment in media.segments:
            for part in segment.parts:
                assert (await viewer.get(part.absolute_uri)).status_code == 200
            if segment.uri:
                assert (await viewer.get(segment.absolute_uri)).status_code == 200


async def test_a_part_and_its_segment_carry_the_same_bytes(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(1)
    folder = publisher.folder
    parts = [(await viewer.get(f"{folder}/0.{number}.m4s")).content for number in range(PARTS)]
    assert parts == [publisher.bytes_of[VIDEO, 0, number] for number in range(PARTS)]
    assert (await viewer.get(f"{folder}/0.m4s")).content == b"".join(parts)


async def test_a_reload_is_held_until_the_segment_is_complete(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(1)
    async with asyncio.TaskGroup() as tasks:
        await viewer.get(publisher.media)
        held = tasks.create_task(viewer.get(f"{publisher.media}?_HLS_msn=1"))
        for _ in range(PARTS):
            await asyncio.sleep(0.1)
            assert not held.done()
            await publisher.part()
    response = held.result()
    assert response.status_code == 200
    assert "/1.m4s" in response.text


async def test_a_reload_is_held_until_the_part_is_there(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.parts(6)
    async with asyncio.TaskGroup() as tasks:
        await viewer.get(publisher.media)
        held = tasks.create_task(viewer.get(f"{publisher.media}?_HLS_msn=1&_HLS_part=1"))
        await asyncio.sleep(0.3)
        assert not held.done()
        await publisher.part()
    assert "/1.1.m4s" in held.result().text
    assert "/1.2.m4s" in held.result().text.partition("PRELOAD-HINT")[2]


async def test_a_part_beyond_the_end_of_a_finished_segment_waits_for_the_next_segment(
    viewer: httpx.AsyncClient, publisher: Publisher
) -> None:
    await publisher.segments(1)
    async with asyncio.TaskGroup() as tasks:
        held = tasks.create_task(viewer.get(f"{publisher.media}?_HLS_msn=0&_HLS_part={PARTS}"))
        await asyncio.sleep(0.3)
        assert not held.done()
        await publisher.part()
    assert "/1.0.m4s" in held.result().text


async def test_an_old_number_gets_the_whole_playlist_at_once(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    publisher.window = 4
    await publisher.announce()
    await publisher.segments(5)
    now = await viewer.get(publisher.media)
    assert m3u8.loads(now.text).media_sequence == 3
    for query in ("_HLS_msn=0", "_HLS_msn=1&_HLS_part=4", "_HLS_msn=4&_HLS_part=0"):
        old = await viewer.get(f"{publisher.media}?{query}")
        assert (old.status_code, old.text) == (200, now.text)


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_part=1",
        "_HLS_msn=4",
        "_HLS_msn=100000000000000000000",
        "_HLS_msn=1&_HLS_part=10",
        "_HLS_msn=-1",
        "_HLS_msn=NaN",
        "_HLS_msn=",
        "_HLS_msn=1&_HLS_part=x",
        "_HLS_msn=1&_HLS_msn=2",
        "_HLS_msn=\u0661",
        "_HLS_msn=1%00",
    ],
)
async def test_directives_no_playlist_can_honour_are_refused_at_once(viewer: httpx.AsyncClient, publisher: Publisher, query: str) -> None:
    await publisher.parts(6)
    response = await viewer.get(f"{publisher.media}?{query}")
    assert response.status_code == 400
    assert code(response) == "bad_request"
    assert "s-maxage=12" in response.headers["cache-control"]


@pytest.mark.parametrize("query", ["utm_source=x&_HLS_msn=0", "_HLS_msn=0&token=a%2Fb", "foo", "_HLS_skip=whatever", "_HLS_new=1"])
async def test_parameters_nobody_knows_are_ignored(viewer: httpx.AsyncClient, publisher: Publisher, query: str) -> None:
    await publisher.parts(6)
    assert (await viewer.get(f"{publisher.media}?{query}")).text == (await viewer.get(publisher.media)).text


async def test_a_hundred_viewers_who_wait_get_one_rendering(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.parts(6)
    await viewer.get(publisher.media)
    before = await rendered(viewer)
    async with asyncio.TaskGroup() as tasks:
        held = [tasks.create_task(viewer.get(f"{publisher.media}?_HLS_msn=1&_HLS_part=1")) for _ in range(100)]
        await waiting(viewer, 100)
        await publisher.part()
    assert len({response.result().content for response in held}) == 1
    assert await rendered(viewer) == before + 1


async def test_waiting_viewers_who_go_away_are_forgotten(edge: EdgeProcess, viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.parts(6)
    await viewer.get(publisher.media)
    port = int(edge.url.rpartition(":")[2])
    writers = []
    for _ in range(1000):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {publisher.media}?_HLS_msn=2 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        writers.append(writer)
    await waiting(viewer, 1000)
    for writer in writers:
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
    await waiting(viewer, 0)
    assert 'fanlight_edge_waits_total{reason="client_gone"} 1000.0' in (await viewer.get("/metrics")).text


async def test_a_held_reload_that_takes_too_long_is_told_so(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    publisher.target_duration = 1
    await publisher.announce()
    await publisher.parts(6)
    response = await viewer.get(f"{publisher.media}?_HLS_msn=2")
    assert response.status_code == 503
    assert code(response) == "media_late"
    assert int(response.headers["retry-after"]) >= 1


async def test_the_end_releases_everybody_with_the_endlist(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(1)
    async with asyncio.TaskGroup() as tasks:
        held = [tasks.create_task(viewer.get(f"{publisher.media}?_HLS_msn={msn}")) for msn in (1, 2)]
        part = tasks.create_task(viewer.get(f"{publisher.folder}/1.0.m4s"))
        await waiting(viewer, 3)
        await publisher.end()
    assert all("#EXT-X-ENDLIST" in response.result().text for response in held)
    assert all("PRELOAD-HINT" not in response.result().text for response in held)
    assert part.result().status_code == 404
    ignored = await viewer.get(f"{publisher.media}?_HLS_msn=99&_HLS_part=99&_HLS_skip=YES")
    assert ignored.status_code == 200
    assert "EXT-X-SKIP" not in ignored.text


async def test_a_hinted_part_is_held_and_answered_whole(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.parts(6)
    hint = m3u8.loads((await viewer.get(publisher.media)).text).preload_hint.uri
    assert hint == f"{publisher.broadcast}/1.1.m4s"
    async with asyncio.TaskGroup() as tasks:
        held = tasks.create_task(viewer.get(f"/hls/{publisher.channel}/video/{hint}"))
        await asyncio.sleep(0.3)
        assert not held.done()
        await publisher.part()
    assert held.result().content == publisher.bytes_of[VIDEO, 1, 1]
    assert int(held.result().headers["content-length"]) == len(held.result().content)
    assert hint in (await viewer.get(publisher.media)).text


async def test_media_that_is_neither_listed_nor_hinted_is_not_found_at_once(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.parts(6)
    await viewer.get(publisher.media)
    for name in ("1.2.m4s", "2.0.m4s", "2.m4s", "1.m4s", "999.m4s", "0.9.m4s", "init-7.mp4", "x.m4s"):
        response = await viewer.get(f"{publisher.folder}/{name}")
        assert (response.status_code, name) == (404, name)


async def test_delta_updates_leave_out_old_segments(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(14)
    full = (await viewer.get(publisher.media)).text
    for value, version in (("YES", 9), ("v2", 10)):
        delta = (await viewer.get(f"{publisher.media}?_HLS_skip={value}")).text
        skipped = m3u8.loads(delta).skip.skipped_segments
        assert m3u8.loads(delta).media_sequence == m3u8.loads(full).media_sequence
        assert f"#EXT-X-VERSION:{version}\n" in delta
        assert [line for line in delta.splitlines() if line[0] != "#"] == [line for line in full.splitlines() if line[0] != "#"][skipped:]
    blocking = await viewer.get(f"{publisher.media}?_HLS_msn=13&_HLS_part=0&_HLS_skip=YES")
    assert "EXT-X-SKIP" in blocking.text


async def test_reports_say_where_the_other_rendition_is(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.parts(7)
    for path, other in ((publisher.media, "../audio/media.m3u8"), (publisher.audio, "../video/media.m3u8")):
        (report,) = m3u8.loads((await viewer.get(path)).text).rendition_reports
        assert (report.uri, report.last_msn, report.last_part) == (other, 1, 1)


async def test_missing_media_is_a_gap(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.parts(5)
    await publisher.part()
    await publisher.part(gap=True)
    text = (await viewer.get(publisher.media)).text
    assert f'URI="{publisher.broadcast}/1.1.m4s",GAP=YES' in text
    await publisher.parts(3)
    text = (await viewer.get(f"{publisher.media}?_HLS_msn=1")).text
    assert f"#EXT-X-GAP\n#EXTINF:2.0,\n{publisher.broadcast}/1.m4s" in text
    assert (await viewer.get(f"{publisher.folder}/1.1.m4s")).status_code == 404


async def test_a_new_init_segment_is_hinted_listed_and_served(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(1)
    publisher.init = 1
    await publisher.inits()
    await viewer.get(f"{publisher.media}?_HLS_msn=0")
    for _ in range(50):
        text = (await viewer.get(f"{publisher.media}?_HLS_msn=0")).text
        if "TYPE=MAP" in text:
            break
        await asyncio.sleep(0.05)
    assert f'TYPE=MAP,URI="{publisher.broadcast}/init-1.mp4"' in text
    await publisher.part(discontinuity=True)
    text = (await viewer.get(f"{publisher.media}?_HLS_msn=1&_HLS_part=0")).text
    assert f'#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="{publisher.broadcast}/init-1.mp4"' in text
    assert (await viewer.get(f"{publisher.folder}/init-1.mp4")).status_code == 200


async def test_playlists_are_compressed_for_those_who_can_read_that(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(3)
    for path in (publisher.index, publisher.media, f"{publisher.media}?_HLS_msn=1"):
        plain = await viewer.get(path, headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        for _ in range(2):
            async with viewer.stream("GET", path, headers={"accept-encoding": "br;q=1.0, gzip;q=0.5"}) as response:
                raw = b"".join([chunk async for chunk in response.aiter_raw()])
            assert response.headers["content-encoding"] == "gzip"
            assert gzip.decompress(raw) == plain.content
        refused = await viewer.get(path, headers={"accept-encoding": "gzip;q=0, br"})
        assert "content-encoding" not in refused.headers
        assert all(answer.headers["vary"] == "Accept-Encoding" for answer in (plain, response, refused))


async def rendered(viewer: httpx.AsyncClient) -> int:
    return await metric(viewer, "fanlight_edge_playlists_rendered")


async def waiting(viewer: httpx.AsyncClient, count: int) -> None:
    async with asyncio.timeout(20):
        while await metric(viewer, "fanlight_edge_waiting") != count:
            await asyncio.sleep(0.05)


async def metric(viewer: httpx.AsyncClient, name: str) -> int:
    text = (await viewer.get("/metrics")).text
    return int(float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).split()[1]))
