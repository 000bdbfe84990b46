"""Requests meant to hurt: exact refusals, nothing left behind, and an honest viewer is served in between."""

import asyncio
import random
import socket

import httpx

from storage.model.rendition import RenditionName
from tests.edge.process import EdgeProcess
from tests.edge.publisher import Publisher

SEED = 20261122


async def test_mutated_queries_and_paths_are_refused_or_answered_at_once(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(3)
    await publisher.parts(1)
    await viewer.get(publisher.media)
    mutate = random.Random(SEED)
    pieces = [
        "_HLS_msn=",
        "_HLS_part=",
        "_HLS_skip=",
        "&",
        "=",
        "%",
        "%00",
        "..",
        "/",
        "9" * 25,
        "-",
        "NaN",
        "\u00e9",
        "v2",
        "YES",
        "+",
        "[",
        "'",
        "\\",
    ]
    for _ in range(300):
        noise = "".join(mutate.choice(pieces) for _ in range(mutate.randint(1, 6)))
        path = mutate.choice([publisher.media, publisher.index, f"{publisher.folder}/3.0.m4s", f"/hls/{publisher.channel}/video/", "/"])
        address = f"{path}?{noise}" if mutate.random() < 0.6 else f"{path}{noise}"
        async with asyncio.timeout(30):
            response = await viewer.get(httpx.URL(f"{str(viewer.base_url).rstrip('/')}{address}"))
        assert response.status_code in {200, 400, 404}, address
    assert (await viewer.get(publisher.media)).status_code == 200


async def test_headers_without_end_are_refused(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(2)
    assert (await viewer.get(publisher.media, headers={"X-Long": "a" * 20_000})).status_code == 200
    assert (await viewer.get(publisher.media, headers={"X-Long": "a" * 100_000})).status_code == 431
    assert (await viewer.get(publisher.media, headers={f"X-{number}": "a" * 1000 for number in range(90)})).status_code == 431
    assert (await viewer.get(publisher.media)).status_code == 200


async def test_bytes_that_are_no_http_do_not_disturb_others(edge: EdgeProcess, viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(2)
    port = int(edge.url.rpartition(":")[2])
    noise = random.Random(SEED)
    junk = [
        b"\x16\x03\x01" + noise.randbytes(200),
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + b"a" * 100_000,
        b"\r\n" * 1000,
        noise.randbytes(5000),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
    for data in junk * 5:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(data)
    assert (await viewer.get(publisher.media)).status_code == 200


async def test_asking_for_hundreds_of_channels_that_do_not_exist_follows_none(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(1)
    before = (await viewer.get("/metrics")).text
    for start in range(0, 300, 50):
        answers = await asyncio.gather(*(viewer.get(f"/hls/none{number}/index.m3u8") for number in range(start, start + 50)))
        assert {answer.status_code for answer in answers} == {404}
    after = (await viewer.get("/metrics")).text
    channels = [next(line for line in text.splitlines() if line.startswith("fanlight_edge_channels ")) for text in (before, after)]
    assert float(channels[1].split()[1]) <= float(channels[0].split()[1])


async def test_a_slow_reader_does_not_hold_up_others(edge: EdgeProcess, viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    publisher.filler = 8_000
    await publisher.segments(3)
    await viewer.get(publisher.media)
    port = int(edge.url.rpartition(":")[2])
    slow = []
    for _ in range(20):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.sendall(f"GET {publisher.folder}/1.m4s HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 20)
        slow.append(connection)
    async with asyncio.timeout(30):
        for _ in range(20):
            assert (await viewer.get(f"{publisher.folder}/2.m4s")).status_code == 200
    for connection in slow:
        connection.close()


async def test_viewers_who_hang_up_in_the_middle_of_a_segment_disturb_nobody(
    edge: EdgeProcess, viewer: httpx.AsyncClient, publisher: Publisher
) -> None:
    publisher.filler = 40_000
    await publisher.segments(12)
    port = int(edge.url.rpartition(":")[2])
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(f"GET {publisher.folder}/0.m4s HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            connection.recv(1000)
    whole = await viewer.get(f"{publisher.folder}/0.m4s")
    assert whole.content == publisher.segment_bytes(RenditionName.VIDEO, 0)
