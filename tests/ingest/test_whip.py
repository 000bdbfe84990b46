import asyncio
import random
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from ingest import whip
from ingest.sdp import LONGEST
from ingest.whip import ice_server_link
from storage.model.ids import new_node_id, new_session_id
from tests.fixtures.valkey import Valkey
from tests.ingest.mutations import mutated
from tests.ingest.offers import OFFERS
from tests.ingest.publisher import Publisher, publishing
from tests.ingest.rig import Rig, open_rig

OFFER = OFFERS["chromium"]
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
CANDIDATE = "a=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
RESTART = "a=ice-ufrag:fresh\r\na=ice-pwd:" + "z" * 24 + "\r\n" + CANDIDATE


@pytest_asyncio.fixture
async def opened(rig: Rig) -> AsyncIterator[tuple[Rig, str, str]]:
    """A session that waits for its publisher: rig, address, entity tag."""
    response = await rig.post(OFFER)
    assert response.status_code == 201
    address = rig.base + response.headers["Location"]
    yield rig, address, response.headers["ETag"]
    await rig.http.delete(address, headers=rig.headers())


def problem(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_post_creates_a_session(rig: Rig) -> None:
    response = await rig.post(OFFER)
    assert response.status_code == 201
    assert response.headers["Content-Type"].split(";")[0] == SDP
    assert response.text.startswith("v=0\r\n")
    location = response.headers["Location"]
    assert re.fullmatch(r"/whip/demo/ingest-[0-9a-f]{8}\.[0-9a-f]{32}", location)
    assert re.fullmatch(r'"[0-9a-f]+"', response.headers["ETag"])
    assert response.headers["Accept-Patch"] == FRAGMENT
    assert "Location" in response.headers["Access-Control-Expose-Headers"]
    again = await rig.post(OFFER)
    assert again.headers["Location"] != location
    for one in (location, again.headers["Location"]):
        assert (await rig.http.delete(rig.base + one, headers=rig.headers())).status_code == 200
        gone = await rig.http.get(rig.base + one)
        problem(gone, 404, "session_not_found")


WRONG_POSTS: list[tuple[dict[str, str], str | bytes, int, str]] = [
    ({"Content-Type": "text/plain"}, OFFER, 415, "unsupported_media_type"),
    ({"Content-Type": "application/json"}, "{}", 415, "unsupported_media_type"),
    ({}, OFFER, 415, "unsupported_media_type"),
    ({"Content-Type": SDP}, "", 400, "bad_sdp"),
    ({"Content-Type": SDP}, "hello", 400, "bad_sdp"),
    ({"Content-Type": SDP}, b"v=0\r\n\xff\xfe", 400, "bad_sdp"),
    ({"Content-Type": SDP}, "v=0\r\n" + "a=x\r\n" * LONGEST, 413, "body_too_large"),
    ({"Content-Type": SDP}, OFFERS["ffmpeg9"].replace("H264", "AV1"), 422, "unsupported_codec"),
    ({"Content-Type": SDP}, OFFERS["ffmpeg9"].replace("sendonly", "recvonly"), 400, "bad_sdp"),
]


async def test_a_wrong_post_is_refused_by_its_exact_status(rig: Rig, subtests: pytest.Subtests) -> None:
    for number, (headers, body, status, code) in enumerate(WRONG_POSTS):
        with subtests.test(row=number, code=code):
            response = await rig.http.post(rig.url, content=body, headers={**rig.headers(), **headers})
            problem(response, status, code)
            if status == 415:
                assert response.headers["Accept-Post"] == SDP
    assert len(rig.ingest.publishers) == 0


async def test_a_body_without_a_length_is_cut_off_too(rig: Rig) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LONGEST // 1000 + 20):
            yield b"a=" + b"x" * 998

    response = await rig.http.post(rig.url, content=endless(), headers=rig.headers(Content_Type=SDP))
    problem(response, 413, "body_too_large")


WRONG_KEYS: list[tuple[str | None, str]] = [
    (None, "key_missing"),
    ("", "key_missing"),
    ("Bearer", "key_missing"),
    ("Basic dXNlcjpwYXNz", "key_missing"),
    ("Bearer wrong", "key_refused"),
    ("Bearer " + "x" * 600, "key_refused"),
    ("Bearer \u00e9", "key_refused"),
]


async def test_without_the_key_nothing_happens(opened: tuple[Rig, str, str], subtests: pytest.Subtests) -> None:
    rig, address, tag = opened
    for authorization, code in WRONG_KEYS:
        raw = {} if authorization is None else {b"Authorization": authorization.encode()}
        with subtests.test(authorization=authorization):
            for response in (
                await rig.http.post(rig.url, content=OFFER, headers={**raw, b"Content-Type": SDP.encode()}),
                await rig.http.patch(
                    address, content=CANDIDATE, headers={**raw, b"Content-Type": FRAGMENT.encode(), b"If-Match": tag.encode()}
                ),
                await rig.http.delete(address, headers=raw),
            ):
                problem(response, 401, code)
                assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await rig.http.get(address)).status_code == 204


async def test_the_scheme_of_the_authorization_has_no_case(rig: Rig) -> None:
    response = await rig.http.post(rig.url, content=OFFER, headers={"Authorization": f"bearer {rig.key}", "Content-Type": SDP})
    assert response.status_code == 201
    await rig.http.delete(rig.base + response.headers["Location"], headers=rig.headers())


async def test_the_key_of_one_channel_does_not_touch_anothers_session(opened: tuple[Rig, str, str]) -> None:
    rig, address, tag = opened
    theirs = {"Authorization": f"Bearer {rig.other_key}"}
    problem(await rig.http.delete(address, headers=theirs), 401, "key_refused")
    moved = address.replace("/whip/demo/", "/whip/other/")
    problem(await rig.http.delete(moved, headers=theirs), 404, "session_not_found")
    patch = {**theirs, "Content-Type": FRAGMENT, "If-Match": tag}
    problem(await rig.http.patch(moved, content=CANDIDATE, headers=patch), 404, "session_not_found")
    assert (await rig.http.get(address)).status_code == 204


async def test_an_unknown_channel_looks_like_a_wrong_key(rig: Rig) -> None:
    response = await rig.http.post(f"{rig.base}/whip/nobody", content=OFFER, headers=rig.headers(Content_Type=SDP))
    known = await rig.http.post(rig.url, content=OFFER, headers={"Authorization": "Bearer wrong", "Content-Type": SDP})
    assert (response.status_code, response.json()) == (known.status_code, known.json())
    problem(await rig.http.post(f"{rig.base}/whip/No*Name", headers=rig.headers()), 400, "channel_name_invalid")


PATCHES: list[tuple[str | None, str | None, str, int]] = [
    (FRAGMENT, "tag", CANDIDATE, 204),
    (FRAGMENT, "*", CANDIDATE, 204),
    (FRAGMENT, None, CANDIDATE, 428),
    (FRAGMENT, '"stale"', CANDIDATE, 412),
    (FRAGMENT, "weak", CANDIDATE, 412),
    (SDP, "tag", CANDIDATE, 415),
    (None, "tag", CANDIDATE, 415),
    (FRAGMENT, "tag", "", 400),
    (FRAGMENT, "tag", "nonsense", 400),
    (FRAGMENT, "tag", "a=x\r\n" * LONGEST, 413),
    (FRAGMENT, "tag", "a=candidate:1 1 pigeon 1 nowhere.invalid 9 typ coop\r\n", 204),
    (FRAGMENT, "*", RESTART, 200),
    (FRAGMENT, "tag", RESTART.replace("fresh", "again"), 200),
    (FRAGMENT, None, RESTART, 428),
    (FRAGMENT, '"stale"', RESTART, 412),
    (FRAGMENT, "*", "a=ice-ufrag:fresh\r\n", 400),
]


async def test_a_patch_is_answered_by_the_table(opened: tuple[Rig, str, str], subtests: pytest.Subtests) -> None:
    rig, address, tag = opened
    for number, (content_type, condition, body, status) in enumerate(PATCHES):
        headers = rig.headers()
        if content_type:
            headers["Content-Type"] = content_type
        if condition:
            headers["If-Match"] = {"tag": tag, "weak": f"W/{tag}"}.get(condition, condition)
        with subtests.test(row=number, status=status):
            response = await rig.http.patch(address, content=body, headers=headers)
            assert response.status_code == status, response.text
            assert bool(response.content) == (status != 204)
            assert ("ETag" in response.headers) == (status == 200)
            if status == 200:
                assert response.headers["Content-Type"] == FRAGMENT
                assert response.headers["ETag"] != tag
                assert "a=ice-ufrag:" in response.text
                tag = response.headers["ETag"]
            # Whatever was refused, the ICE session goes on.
            good = await rig.http.patch(address, content=CANDIDATE, headers=rig.headers(Content_Type=FRAGMENT, If_Match=tag))
            assert good.status_code == 204


async def test_the_eyevinn_client_may_trickle_by_its_etag_header(opened: tuple[Rig, str, str]) -> None:
    rig, address, tag = opened
    response = await rig.http.patch(address, content=CANDIDATE, headers=rig.headers(Content_Type=FRAGMENT, ETag=tag))
    assert response.status_code == 204


async def test_delete_takes_no_precondition(rig: Rig) -> None:
    response = await rig.post(OFFER)
    address = rig.base + response.headers["Location"]
    gone = await rig.http.delete(address, headers=rig.headers(If_Match='"stale"'))
    assert gone.status_code == 200
    problem(await rig.http.delete(address, headers=rig.headers()), 404, "session_not_found")


async def test_sessions_that_never_were_are_not_found(rig: Rig) -> None:
    for name in (new_session_id(rig.node.identifier), new_session_id(new_node_id("ingest")), "x", "." * 300):
        address = f"{rig.url}/{name}"
        problem(await rig.http.delete(address, headers=rig.headers()), 404, "session_not_found")
        patch = rig.headers(Content_Type=FRAGMENT, If_Match="*")
        problem(await rig.http.patch(address, content=CANDIDATE, headers=patch), 404, "session_not_found")


async def test_get_and_head_are_empty(opened: tuple[Rig, str, str]) -> None:
    rig, address, _ = opened
    for url in (rig.url, address):
        for method in ("GET", "HEAD"):
            response = await rig.http.request(method, url)
            assert response.status_code == 204
            assert not response.content


async def test_other_methods_are_refused_and_the_right_ones_named(opened: tuple[Rig, str, str]) -> None:
    rig, address, _ = opened
    for method, url, allowed in (
        ("PUT", rig.url, "POST"),
        ("PATCH", rig.url, "POST"),
        ("DELETE", rig.url, "POST"),
        ("PUT", address, "PATCH, DELETE"),
        ("POST", address, "PATCH, DELETE"),
    ):
        response = await rig.http.request(method, url, headers=rig.headers())
        problem(response, 405, "method_not_allowed")
        assert allowed in response.headers["Allow"]


async def test_a_preflight_needs_no_key_and_tells_no_ice_server(valkey: Valkey, tmp_path: Path) -> None:
    servers = ("stun:stun.example:3478", "turn:turn.example:3478?transport=udp|user|pass")
    async with open_rig(valkey.url, tmp_path / "data", ice_servers=servers) as rig:
        asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
        preflight = await rig.http.options(rig.url, headers=asked)
        assert preflight.status_code == 204
        assert "Link" not in preflight.headers
        allowed = preflight.headers["Access-Control-Allow-Headers"].split(", ")
        assert {"authorization", "content-type", "if-match", "etag"} <= set(allowed)
        assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]

        options = await rig.http.options(rig.url, headers=rig.headers())
        assert options.status_code == 200
        assert options.headers["Accept-Post"] == SDP
        assert len(options.headers.get_list("Link")) == 2
        # @eyevinn/whip-web-client reads these from script.
        assert "Access-Control-Allow-Methods" in options.headers["Access-Control-Expose-Headers"]

        created = await rig.post(OFFER)
        assert created.headers.get_list("Link") == [ice_server_link(server) for server in servers]
        await rig.http.delete(rig.base + created.headers["Location"], headers=rig.headers())


def test_an_ice_server_is_written_as_a_link() -> None:
    assert ice_server_link("stun:s.example") == '<stun:s.example>; rel="ice-server"'
    assert ice_server_link('turn:t.example?transport=udp|u|p"q') == (
        '<turn:t.example?transport=udp>; rel="ice-server"; username="u"; credential="p\\"q"; credential-type="password"'
    )


async def test_posts_faster_than_allowed_are_told_to_wait(valkey: Valkey, tmp_path: Path) -> None:
    async with open_rig(valkey.url, tmp_path / "data") as rig:
        headers = rig.headers(Content_Type=SDP)
        answers = [await rig.http.post(rig.url, content="x", headers=headers) for _ in range(whip.POST_BURST + 1)]
        assert {answer.status_code for answer in answers[:-1]} == {400}
        problem(answers[-1], 429, "too_many_requests")
        assert int(answers[-1].headers["Retry-After"]) >= 1
        theirs = {"Authorization": f"Bearer {rig.other_key}", "Content-Type": SDP}
        assert (await rig.http.post(f"{rig.base}/whip/other", content="x", headers=theirs)).status_code == 400


async def test_a_full_node_says_when_to_come_back(valkey: Valkey, tmp_path: Path) -> None:
    async with open_rig(valkey.url, tmp_path / "data", max_sessions=1) as rig:
        first = await rig.post(OFFER)
        assert first.status_code == 201
        full = await rig.post(OFFER)
        problem(full, 503, "ingest_full")
        assert int(full.headers["Retry-After"]) >= 1
        await rig.http.delete(rig.base + first.headers["Location"], headers=rig.headers())
        await rig.over()
        async with asyncio.timeout(5):
            while (again := await rig.post(OFFER)).status_code == 503:
                await asyncio.sleep(0.1)
        assert again.status_code == 201
        await rig.http.delete(rig.base + again.headers["Location"], headers=rig.headers())


async def test_without_an_ingest_node_a_publisher_is_told_to_come_back(rig: Rig) -> None:
    await rig.ingest.publishers.drain(1)
    rig.node.describe(draining=True)
    async with asyncio.timeout(5):
        while (response := await rig.post(OFFER)).json()["code"] != "no_ingest_node":
            await asyncio.sleep(0.2)
    problem(response, 503, "no_ingest_node")
    assert int(response.headers["Retry-After"]) >= 1


async def test_without_the_bus_a_publisher_is_told_to_come_back(rig: Rig, valkey: Valkey) -> None:
    valkey.kill()
    problem(await rig.post(OFFER), 503, "bus_unavailable")
    valkey.start()


async def test_mutated_offers_get_exact_answers_and_leave_nothing(rig: Rig) -> None:
    chance = random.Random(2)
    names = sorted(OFFERS)
    statuses: Counter[int] = Counter()
    for number in range(400):
        response = await rig.post(mutated(OFFERS[names[number % len(names)]], chance).encode("utf-8", "surrogatepass"))
        statuses[response.status_code] += 1
        if response.status_code == 201:
            gone = await rig.http.delete(rig.base + response.headers["Location"], headers=rig.headers())
            assert gone.status_code == 200
    assert set(statuses) <= {201, 400, 413, 422}, statuses
    assert statuses[400] > 100
    await rig.over()
    async with publishing(rig.url, rig.key, rig.http) as honest:
        async with asyncio.timeout(2):
            await rig.live()
        assert await honest.delete() == 200


async def test_an_offer_can_not_aim_our_datagrams_at_anyone(rig: Rig) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as canary:
        canary.bind(("127.0.0.1", 0))
        canary.setblocking(False)
        port = canary.getsockname()[1]
        named = f"a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host\r\n" * 100
        response = await rig.post(OFFERS["ffmpeg9"] + named)
        assert response.status_code == 201
        address = rig.base + response.headers["Location"]
        await rig.http.patch(address, content=named, headers=rig.headers(Content_Type=FRAGMENT, If_Match="*"))
        await asyncio.sleep(1.0)
        with pytest.raises(BlockingIOError):
            canary.recv(2048)
        await rig.http.delete(address, headers=rig.headers())


async def test_statistics_are_answered_while_it_publishes(rig: Rig) -> None:
    async with publishing(rig.url, rig.key, rig.http) as publisher:
        session = await rig.live()
        found = session.statistics()
        assert found.connected
        assert found.codec == "h264"
        assert await publisher.delete() == 200


async def test_the_key_is_nowhere_in_an_answer(rig: Rig) -> None:
    publisher = Publisher(rig.url, rig.key, rig.http)
    response = await rig.post(await publisher.offer())
    assert rig.key not in response.text
    assert all(rig.key not in value for value in response.headers.values())
    await rig.http.delete(rig.base + response.headers["Location"], headers=rig.headers())
    await publisher.peer.close()
