"""Lives of broadcasts as an edge sees them: joined in the middle, ended, begun anew; and faults: the bus or the edge killed."""

import asyncio
import re
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import m3u8
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from storage.bus.redis import Bus
from storage.bus.topics import broadcast_key
from storage.clock import SystemClock
from storage.model.ids import ChannelName, new_broadcast_id
from storage.model.rendition import RenditionName
from storage.objects.files import FileStore
from tests.edge.process import BusProcess, running_bus, running_edge
from tests.edge.publisher import PARTS, Publisher

VIDEO = RenditionName.VIDEO


async def test_an_edge_that_joins_late_lists_what_one_from_the_start_lists(
    viewer: httpx.AsyncClient, publisher: Publisher, bus_process: BusProcess, data: Path
) -> None:
    await publisher.parts(3)
    await viewer.get(publisher.media)
    await publisher.segments(40)
    entries = await publisher.bus.window(publisher.broadcast)
    await publisher.bus.trim(publisher.broadcast, entries[40][0])
    with running_edge(bus_process.url, data) as late:
        async with httpx.AsyncClient(base_url=late.url, timeout=20) as other:
            for path in (publisher.media, publisher.audio):
                wanted = f"{path}?_HLS_msn={publisher.msn}&_HLS_part={publisher.part_number - 1}"
                assert (await viewer.get(wanted)).text == (await other.get(wanted)).text
            listed = m3u8.loads((await other.get(publisher.media)).text)
            for segment in listed.segments:
                for part in segment.parts:
                    assert (await other.get(f"/hls/{publisher.channel}/video/{part.uri}")).status_code == 200
                if segment.uri:
                    assert (await other.get(f"/hls/{publisher.channel}/video/{segment.uri}")).status_code == 200


async def test_segments_the_store_never_got_are_served_from_their_parts(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    publisher.store = False
    await publisher.segments(20)
    for msn in (0, 10, 19):
        assert (await viewer.get(f"{publisher.folder}/{msn}.m4s")).content == publisher.segment_bytes(VIDEO, msn)


async def test_what_left_the_list_can_still_be_had(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    publisher.window = 20
    await publisher.announce()
    await publisher.segments(3)
    await viewer.get(publisher.media)
    await publisher.segments(12)
    async with asyncio.timeout(30):
        while (response := await viewer.get(f"{publisher.media}?_HLS_msn=14")).status_code != 200:
            await asyncio.sleep(0.05)
    listed = m3u8.loads(response.text)
    assert listed.media_sequence == 5
    assert (await viewer.get(f"{publisher.folder}/4.m4s")).content == publisher.segment_bytes(VIDEO, 4)
    with_parts = next(segment for segment in listed.segments if segment.parts)
    unlisted = int(str(with_parts.uri).rpartition("/")[2].removesuffix(".m4s")) - 1
    assert (await viewer.get(f"{publisher.folder}/{unlisted}.0.m4s")).content == publisher.bytes_of[VIDEO, unlisted, 0]


async def test_a_part_long_gone_from_memory_is_cut_out_of_its_segment(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(25)
    await viewer.get(publisher.media)
    assert (await viewer.get(f"{publisher.folder}/1.3.m4s")).content == publisher.bytes_of[VIDEO, 1, 3]


async def test_an_ended_broadcast_is_listed_until_its_register_is_gone(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    publisher.target_duration = 1
    await publisher.segments(2)
    await publisher.end()
    assert "#EXT-X-ENDLIST" in (await viewer.get(publisher.media)).text
    await publisher.bus.forget(broadcast_key(publisher.channel))
    async with asyncio.timeout(30):
        while (await viewer.get(publisher.media)).status_code != 404:
            await asyncio.sleep(0.2)
    assert (await viewer.get(publisher.index)).status_code == 404
    assert (await viewer.get(f"{publisher.folder}/0.m4s")).status_code == 404


async def test_a_broadcast_that_dies_without_a_word_is_off_the_air_after_a_while(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    publisher.target_duration = 1
    await publisher.segments(2)
    await publisher.announce(ttl=1)
    assert (await viewer.get(publisher.media)).status_code == 200
    held = await viewer.get(f"{publisher.media}?_HLS_msn=2")
    assert held.status_code in {503, 404}
    async with asyncio.timeout(30):
        while (await viewer.get(publisher.media)).status_code != 404:
            await asyncio.sleep(0.2)


async def test_the_next_broadcast_of_a_channel_takes_over_at_the_same_address(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(3)
    await viewer.get(publisher.media)
    await publisher.end()
    second = Publisher(publisher.bus, publisher.objects, publisher.channel, new_broadcast_id())
    await second.begin()
    await second.parts(2)
    async with asyncio.timeout(30):
        while second.broadcast not in (await viewer.get(publisher.media)).text:
            await asyncio.sleep(0.1)
    text = (await viewer.get(f"{publisher.media}?_HLS_msn=0&_HLS_part=1")).text
    assert publisher.broadcast not in text
    assert (await viewer.get(f"{publisher.folder}/1.m4s")).content == publisher.segment_bytes(VIDEO, 1)


async def test_a_successor_that_skipped_numbers_leaves_no_hole_in_the_list(viewer: httpx.AsyncClient, publisher: Publisher) -> None:
    await publisher.segments(3)
    await viewer.get(publisher.media)
    publisher.msn = 7
    await publisher.parts(1)
    response = await viewer.get(f"{publisher.media}?_HLS_msn=3&_HLS_part=0")
    assert m3u8.loads(response.text).media_sequence == 7


# What a test here breaks is its own.


@pytest.fixture
def own_bus(tmp_path: Path) -> Iterator[BusProcess]:
    with running_bus(tmp_path / "bus.sock") as process:
        yield process


@pytest.fixture
async def own_publisher(own_bus: BusProcess, tmp_path: Path) -> AsyncIterator[Publisher]:
    bus = Bus(own_bus.url, SystemClock(), deadline=10)
    publisher = Publisher(bus, FileStore(tmp_path / "objects"), ChannelName(f"c{secrets.token_hex(4)}"))
    await publisher.begin()
    yield publisher
    await bus.close()


def listed_segments(text: str) -> list[str]:
    """Everything but parts, which leave the list as it grows, and what stands behind the segments."""
    head = text.partition("#EXT-X-PRELOAD")[0]
    return [line for line in head.splitlines() if not line.startswith("#EXT-X-PART:")]


async def test_a_dead_bus_takes_nothing_away_and_its_return_goes_on_without_a_step_back(
    own_bus: BusProcess, own_publisher: Publisher, tmp_path: Path
) -> None:
    publisher = own_publisher
    with running_edge(own_bus.url, tmp_path) as edge:
        async with httpx.AsyncClient(base_url=edge.url, timeout=20) as viewer:
            await publisher.segments(4)
            await publisher.parts(2)
            before = await viewer.get(publisher.media)
            own_bus.process.send_signal(signal.SIGKILL)
            own_bus.process.wait()
            await asyncio.sleep(1.5)
            assert (await viewer.get("/readyz")).status_code == 503
            assert (await viewer.get("/healthz")).status_code == 200
            during = await viewer.get(publisher.media)
            assert (during.status_code, during.text) == (200, before.text)
            assert (await viewer.get(f"{publisher.folder}/3.m4s")).content == publisher.segment_bytes(VIDEO, 3)
            async with asyncio.TaskGroup() as tasks:
                held = tasks.create_task(viewer.get(f"{publisher.media}?_HLS_msn=4&_HLS_part=2"))
                await asyncio.sleep(0.5)
                own_bus.socket.unlink(missing_ok=True)
                with running_bus(own_bus.socket):
                    await publisher.announce_again()
                    await publisher.part()
                    after = await held
                    listed = m3u8.loads(after.text)
                    assert listed.media_sequence == 0
                    assert f"{publisher.broadcast}/4.2.m4s" in after.text
                    assert listed_segments(after.text) == listed_segments(before.text)
                    assert (await viewer.get("/readyz")).status_code == 200


async def test_a_bus_that_hangs_is_as_good_as_a_dead_one(own_bus: BusProcess, own_publisher: Publisher, tmp_path: Path) -> None:
    publisher = own_publisher
    with running_edge(own_bus.url, tmp_path) as edge:
        async with httpx.AsyncClient(base_url=edge.url, timeout=20) as viewer:
            await publisher.segments(3)
            before = await viewer.get(publisher.media)
            own_bus.process.send_signal(signal.SIGSTOP)
            try:
                for _ in range(8):
                    async with asyncio.timeout(10):
                        assert (await viewer.get(publisher.media)).text == before.text
                        assert (await viewer.get("/hls/unheard-of/index.m3u8")).status_code == 503
                    await asyncio.sleep(0.2)
            finally:
                own_bus.process.send_signal(signal.SIGCONT)
            await publisher.announce()
            await publisher.part()
            assert (await viewer.get(f"{publisher.media}?_HLS_msn=3&_HLS_part=0")).status_code == 200


async def test_an_emptied_bus_is_read_again_once_everything_is_announced_anew(
    own_bus: BusProcess, own_publisher: Publisher, tmp_path: Path
) -> None:
    publisher = own_publisher
    with running_edge(own_bus.url, tmp_path) as edge:
        async with httpx.AsyncClient(base_url=edge.url, timeout=20) as viewer:
            await publisher.segments(3)
            before = (await viewer.get(publisher.media)).text
            await publisher.bus._connection.command("FLUSHALL")
            await asyncio.sleep(2.5)
            assert (await viewer.get(publisher.media)).text == before
            await publisher.announce_again()
            await publisher.parts(2)
            response = await viewer.get(f"{publisher.media}?_HLS_msn=3&_HLS_part=1")
            known = listed_segments(before)
            assert listed_segments(response.text)[: len(known)] == known


async def test_a_killed_edge_serves_the_same_from_its_restart_on(own_bus: BusProcess, own_publisher: Publisher, tmp_path: Path) -> None:
    publisher = own_publisher
    await publisher.segments(6)
    with running_edge(own_bus.url, tmp_path) as edge:
        async with httpx.AsyncClient(base_url=edge.url, timeout=20) as viewer:
            before = (await viewer.get(publisher.media)).text
            edge.kill()
    port = int(edge.url.rpartition(":")[2])
    with running_edge(own_bus.url, tmp_path, port=port) as again:
        async with httpx.AsyncClient(base_url=again.url, timeout=20) as viewer:
            assert (await viewer.get(publisher.media)).text == before
            assert (await viewer.get(f"{publisher.folder}/5.m4s")).content == publisher.segment_bytes(VIDEO, 5)


async def test_a_stopping_edge_sends_those_who_wait_away(own_bus: BusProcess, own_publisher: Publisher, tmp_path: Path) -> None:
    publisher = own_publisher
    await publisher.segments(1)
    with running_edge(own_bus.url, tmp_path) as edge:
        async with httpx.AsyncClient(base_url=edge.url, timeout=20) as viewer:
            async with asyncio.TaskGroup() as tasks:
                held = tasks.create_task(viewer.get(f"{publisher.media}?_HLS_msn=2"))
                await asyncio.sleep(0.5)
                edge.process.terminate()
            assert held.result().status_code == 503
            # The viewer's connection is still open: that must not keep the edge.
            assert await asyncio.to_thread(edge.process.wait, 20) == 0


async def test_several_workers_share_a_port_and_stop_together(own_bus: BusProcess, own_publisher: Publisher, tmp_path: Path) -> None:
    publisher = own_publisher
    await publisher.segments(2)
    await publisher.parts(1)
    with running_edge(own_bus.url, tmp_path, edge_workers="2") as edge:
        texts = set()
        workers: list[str] = []
        async with asyncio.timeout(60):
            while workers != ["0", "1"]:
                async with httpx.AsyncClient(base_url=edge.url, timeout=20) as viewer:
                    metrics = (await viewer.get("/metrics")).text
                workers = re.findall(r'fanlight_edge_responses_total\{kind="slow",worker="(\d)"\}', metrics)
        before = _responses(metrics)
        for _ in range(12):
            async with httpx.AsyncClient(base_url=edge.url, timeout=20) as viewer:
                texts.add((await viewer.get(f"{publisher.media}?_HLS_msn=2&_HLS_part=0")).text)
                metrics = (await viewer.get("/metrics")).text
        assert metrics.count("# TYPE fanlight_edge_responses_total counter") == 1
        assert _responses(metrics) - before == 24
        assert len(texts) == 1


def _responses(metrics: str) -> float:
    return sum(float(value) for value in re.findall(r"fanlight_edge_responses_total\{.*\} (\S+)", metrics))


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "edge.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "edge.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "edge.pem", folder / "edge.key"


async def test_with_a_certificate_the_edge_speaks_http_2(own_bus: BusProcess, own_publisher: Publisher, tmp_path: Path) -> None:
    publisher = own_publisher
    await publisher.parts(PARTS + 1)
    certificate, key = _certificate(tmp_path)
    with running_edge(own_bus.url, tmp_path, tls_certificate=str(certificate), tls_key=str(key)) as edge:
        async with httpx.AsyncClient(base_url=edge.url, timeout=20, http2=True, verify=False) as viewer:
            response = await viewer.get(publisher.media)
            assert (response.status_code, response.http_version) == (200, "HTTP/2")
            async with asyncio.TaskGroup() as tasks:
                held = [tasks.create_task(viewer.get(f"{publisher.media}?_HLS_msn=1&_HLS_part=1")) for _ in range(20)]
                held += [tasks.create_task(viewer.get(f"{publisher.folder}/1.1.m4s")) for _ in range(5)]
                await asyncio.sleep(0.5)
                await publisher.part()
            assert {one.result().status_code for one in held} == {200}
            assert held[-1].result().content == publisher.bytes_of[VIDEO, 1, 1]
