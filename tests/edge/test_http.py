"""Headers, types, ranges and methods of the real edge."""

import asyncio

import httpx
import pytest

from storage.model.rendition import RenditionName
from tests.edge.publisher import PARTS, Publisher

AUDIO = RenditionName.AUDIO
VIDEO = RenditionName.VIDEO


async def test_each_kind_of_resource_has_its_type_and_its_life_in_caches(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(2)
    await publisher.picture(b"\xff\xd8\xff picture")
    sound = publisher.folder.replace("/video/", "/audio/")
    expected = {
        publisher.index: ("application/vnd.apple.mpegurl", "public, max-age=1"),
        publisher.media: ("application/vnd.apple.mpegurl", "public, max-age=1"),
        f"{publisher.media}?_HLS_msn=1": ("application/vnd.apple.mpegurl", "public, max-age=1, s-maxage=18"),
        f"{publisher.folder}/init-0.mp4": ("video/mp4", "public, max-age=3600, immutable"),
        f"{sound}/init-0.mp4": ("audio/mp4", "public, max-age=3600, immutable"),
        f"{publisher.folder}/1.m4s": ("video/iso.segment", "public, max-age=3600, immutable"),
        f"{sound}/1.m4s": ("audio/mp4", "public, max-age=3600, immutable"),
        f"{publisher.folder}/1.2.m4s": ("video/iso.segment", "public, max-age=18, immutable"),
        f"{sound}/1.2.m4s": ("audio/mp4", "public, max-age=18, immutable"),
        f"/hls/{publisher.channel}/poster.jpg": ("image/jpeg", "public, max-age=5"),
    }
    for path, (kind, cache) in expected.items():
        response = await viewer.get(path)
        assert (path, response.status_code) == (path, 200)
        assert (path, response.headers["content-type"], response.headers["cache-control"]) == (path, kind, cache)
        assert response.headers["access-control-allow-origin"] == "*"
        assert {"Date", "Age", "Content-Length"} <= set(response.headers["access-control-expose-headers"].split(", "))
        assert "date" in response.headers
        assert "last-modified" not in response.headers


@pytest.mark.parametrize(("query", "cache"), [("?_HLS_msn=90", "public, max-age=0, s-maxage=12"), ("x", "public, max-age=0, s-maxage=3")])
async def test_refusals_are_cached_by_shared_caches_only(viewer: httpx.AsyncClient, publisher: Publisher, query: str, cache: str) -> None:
    await publisher.parts(2)
    assert (await viewer.get(f"{publisher.media}{query}")).headers["cache-control"] == cache


async def test_a_preflight_is_answered_everywhere(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    for path in (publisher.index, publisher.media, f"{publisher.folder}/0.m4s", "/hls/nobody/index.m3u8"):
        response = await viewer.options(
            path, headers={"origin": "https://x.example", "access-control-request-method": "GET", "access-control-request-headers": "range"}
        )
        assert response.status_code == 204
        assert response.headers["access-control-allow-origin"] == "*"
        assert "GET" in response.headers["access-control-allow-methods"]
        assert "range" in response.headers["access-control-allow-headers"].lower()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
async def test_other_methods_are_refused(viewer: httpx.AsyncClient, publisher: Publisher, method: str) -> None:
    await publisher.segments(1)
    for path in (publisher.index, publisher.media, f"{publisher.folder}/0.0.m4s", "/nothing"):
        response = await viewer.request(method, path)
        assert response.status_code == 405
        assert response.headers["allow"] == "GET, HEAD, OPTIONS"


async def test_head_has_the_headers_of_get_and_no_body(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(2)
    for path in (
        publisher.index,
        publisher.media,
        f"{publisher.folder}/0.m4s",
        f"{publisher.folder}/0.0.m4s",
        f"{publisher.folder}/init-0.mp4",
    ):
        for encoding in ("identity", "gzip"):
            async with viewer.stream("GET", path, headers={"accept-encoding": encoding}) as get:
                raw = b"".join([chunk async for chunk in get.aiter_raw()])
            head = await viewer.head(path, headers={"accept-encoding": encoding})
            assert head.status_code == 200
            assert int(head.headers["content-length"]) == len(raw)
            for name in ("content-type", "cache-control"):
                assert head.headers[name] == get.headers[name]


RANGES = {
    "bytes=0-9": (0, 10),
    "bytes=10-": (10, None),
    "bytes=-5": (-5, None),
    "bytes=3-3": (3, 4),
    "bytes=0-99999999": (0, None),
    "bytes=-99999999": (0, None),
}


@pytest.mark.parametrize("header", RANGES)
async def test_one_range_is_answered_as_such(viewer: httpx.AsyncClient, publisher: Publisher, header: str) -> None:
    await publisher.segments(1)
    start, end = RANGES[header]
    for name, whole in (("0.m4s", publisher.segment_bytes(VIDEO, 0)), ("0.1.m4s", publisher.bytes_of[VIDEO, 0, 1])):
        response = await viewer.get(f"{publisher.folder}/{name}", headers={"range": header})
        assert response.status_code == 206
        assert response.content == whole[start:end]
        first = len(whole) + start if start < 0 else start
        assert response.headers["content-range"] == f"bytes {first}-{first + len(response.content) - 1}/{len(whole)}"


@pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=99999999-999999999", "bytes=-0"])
async def test_a_range_behind_the_end_is_not_satisfiable(viewer: httpx.AsyncClient, publisher: Publisher, header: str) -> None:
    await publisher.segments(1)
    response = await viewer.get(f"{publisher.folder}/0.m4s", headers={"range": header})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(publisher.segment_bytes(VIDEO, 0))}"


@pytest.mark.parametrize(
    "header", ["bytes=5-2", "bytes=a-b", "bytes=0-1,3-4", "bytes=" + ",".join(f"{n}-{n}" for n in range(1500)), "lines=1-2", "bytes=-"]
)
async def test_what_is_not_one_range_is_answered_whole(viewer: httpx.AsyncClient, publisher: Publisher, header: str) -> None:
    await publisher.segments(1)
    response = await viewer.get(f"{publisher.folder}/0.m4s", headers={"range": header})
    assert response.status_code == 200
    assert response.content == publisher.segment_bytes(VIDEO, 0)


async def test_a_playlist_ignores_ranges(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(1)
    assert (await viewer.get(publisher.media, headers={"range": "bytes=0-3"})).status_code == 200


async def test_old_segments_come_whole_out_of_the_store(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(PARTS)
    await publisher.segments(20)
    for msn in (0, 1, 2):
        for rendition in RenditionName:
            path = publisher.folder.replace("/video/", f"/{rendition}/")
            answers = await asyncio.gather(*(viewer.get(f"{path}/{msn}.m4s") for _ in range(20)))
            assert {answer.content for answer in answers} == {publisher.segment_bytes(rendition, msn)}
            assert {answer.headers["content-length"] for answer in answers} == {str(len(answers[0].content))}


async def test_viewers_are_counted_by_address_and_player(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(2)
    for number in range(7):
        for path in (publisher.media, publisher.audio):
            await viewer.get(path, headers={"user-agent": f"player {number % 4}", "x-forwarded-for": "203.0.113.9" if number > 3 else ""})
    async with asyncio.timeout(30):
        while await publisher.bus.viewers(publisher.channel) != 7:
            await asyncio.sleep(0.1)


async def test_the_process_tells_its_operator_how_it_is(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(1)
    await viewer.get(publisher.media)
    assert (await viewer.get("/healthz")).text == "ok\n"
    assert (await viewer.get("/readyz")).status_code == 200
    text = (await viewer.get("/metrics")).text
    assert f'fanlight_edge_viewers{{channel="{publisher.channel}"}} 1.0' in text
    assert "fanlight_edge_part_bytes" in text
