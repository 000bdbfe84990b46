"""Object stores whose server or disk fails."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from storage.clock import SystemClock
from storage.model.errors import Conflict, NotFound, Unavailable
from storage.objects.files import FileStore
from storage.objects.s3 import S3Store
from tests.fixtures.faulty import FaultyProxy
from tests.fixtures.seaweedfs import SeaweedFS


@asynccontextmanager
async def proxied(seaweedfs: SeaweedFS, *, deadline: float = 8) -> AsyncIterator[tuple[FaultyProxy, S3Store]]:
    with FaultyProxy(seaweedfs.endpoint) as proxy:
        store = open_store(seaweedfs, endpoint=proxy.endpoint, deadline=deadline)
        yield proxy, store
        await store.close()


def open_store(seaweedfs: SeaweedFS, *, endpoint: str = "", deadline: float = 8, secret_key: str = "") -> S3Store:
    settings = seaweedfs.settings
    return S3Store(
        endpoint=endpoint or settings["s3_endpoint"],
        bucket=settings["s3_bucket"],
        region="us-east-1",
        access_key=settings["s3_access_key"],
        secret_key=secret_key or settings["s3_secret_key"],
        clock=SystemClock(),
        deadline=deadline,
    )


def new_key() -> str:
    return f"live/faults/{os.urandom(6).hex()}.m4s"


async def put(store: S3Store | FileStore, key: str, data: bytes, *, only_if_absent: bool = False, only_if_etag: str | None = None) -> str:
    return await store.put(key, data, content_type="video/mp4", cache_control="", only_if_absent=only_if_absent, only_if_etag=only_if_etag)


@pytest.mark.parametrize("fault", ["slow down", "cut at once", "cut the request", "lose the answer"])
async def test_a_put_is_tried_again_until_it_is_whole(seaweedfs: SeaweedFS, fault: str) -> None:
    data = os.urandom(200_000)
    async with proxied(seaweedfs) as (proxy, store):
        proxy.faults = [fault, fault]
        key = new_key()
        await put(store, key, data)
        assert not proxy.faults
        assert await store.get(key) == data


@pytest.mark.parametrize("condition", ["absent", "etag"])
async def test_a_conditional_put_whose_answer_was_lost_is_no_conflict_with_itself(seaweedfs: SeaweedFS, condition: str) -> None:
    async with proxied(seaweedfs) as (proxy, store):
        key = new_key()
        etag = None if condition == "absent" else await put(store, key, b"before")
        proxy.faults = ["lose the answer"] * 2
        # A connection kept open would get past the fault.
        store._client.close()
        written = await put(store, key, b"mine", only_if_absent=condition == "absent", only_if_etag=etag)
        assert (await store.head(key)).etag == written
        with pytest.raises(Conflict):
            await put(store, key, b"other", only_if_absent=condition == "absent", only_if_etag=etag)


async def test_a_read_that_was_cut_short_is_never_taken_for_whole(seaweedfs: SeaweedFS) -> None:
    data = os.urandom(200_000)
    async with proxied(seaweedfs) as (proxy, store):
        key = new_key()
        await put(store, key, data)
        store._client.close()
        proxy.faults = ["cut the answer"]
        assert await store.get(key) == data
        store._client.close()
        proxy.faults = ["cut the answer"]
        read = bytearray()

        async def read_all() -> None:
            async with aclosing(store.stream(key, chunk=10_000)) as parts:
                async for part in parts:
                    read.extend(part)

        with pytest.raises(Unavailable):
            await read_all()
        assert len(read) < len(data)


async def test_an_outage_longer_than_the_deadline_is_unavailable(seaweedfs: SeaweedFS) -> None:
    async with proxied(seaweedfs, deadline=1.5) as (proxy, store):
        proxy.faults = ["slow down"] * 1000
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await put(store, new_key(), b"x")
        assert time.monotonic() - started < 8
        # It spread its tries instead of storming the server.
        assert 2 <= proxy.connections <= 15


async def test_a_server_that_hangs_is_unavailable_in_time_and_comes_back(seaweedfs: SeaweedFS) -> None:
    store = open_store(seaweedfs, deadline=1)
    key = new_key()
    await put(store, key, b"before")
    try:
        seaweedfs.hang()
        calls: list[Callable[[], Awaitable[object]]] = [lambda: put(store, key, b"x"), lambda: store.get(key), lambda: store.head(key)]
        started = time.monotonic()
        for result in await asyncio.gather(*(call() for call in calls * 4), return_exceptions=True):
            assert isinstance(result, Unavailable)
        assert time.monotonic() - started < 8
    finally:
        seaweedfs.go_on()
    patient = open_store(seaweedfs)
    assert await patient.get(key) in {b"before", b"x"}
    await patient.close()
    await store.close()


async def test_a_server_that_is_not_there_is_unavailable(seaweedfs: SeaweedFS) -> None:
    store = open_store(seaweedfs, endpoint="http://127.0.0.1:1", deadline=1)
    with pytest.raises(Unavailable):
        await store.get("a")
    await store.close()


async def test_wrong_credentials_are_refused_at_once_and_not_told(seaweedfs: SeaweedFS) -> None:
    store = open_store(seaweedfs, secret_key="wrong-and-not-to-be-told")
    started = time.monotonic()
    with pytest.raises(Unavailable) as raised:
        await put(store, new_key(), b"x")
    assert time.monotonic() - started < 5
    assert "wrong-and" not in str(raised.value)
    await store.close()


async def test_a_folder_that_can_not_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = FileStore(tmp_path / "file")
    with pytest.raises(Unavailable):
        await put(store, "a/b", b"x")
    await store.close()
    store = FileStore(Path("/proc/none"))
    with pytest.raises(Unavailable):
        await put(store, "a/b", b"x")
    await store.close()


async def test_a_folder_holds_plain_files_and_nothing_half_written(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    await asyncio.gather(*(put(store, f"live/a/{number % 3}.m4s", os.urandom(10_000)) for number in range(60)))
    await store.close()
    assert sorted(path.name for path in (tmp_path / "live/a").iterdir()) == ["0.m4s", "1.m4s", "2.m4s"]


async def test_a_file_somebody_else_put_there_is_an_object(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    key = "live/a/index.m3u8"
    etag = await put(store, key, b"ours")
    (tmp_path / key).unlink()
    (tmp_path / key).write_bytes(b"theirs!")
    head = await store.head(key)
    assert head.size == 7
    assert head.etag != etag
    with pytest.raises(Conflict):
        await put(store, key, b"x", only_if_etag=etag)
    await put(store, key, b"ours again", only_if_etag=head.etag)
    with pytest.raises(NotFound):
        await store.get("live/a")
    await store.close()


async def test_a_folder_on_a_disk_that_hangs_is_unavailable_in_time(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hung")
    store = FileStore(tmp_path, deadline=0.3)
    with pytest.raises(Unavailable):
        await store.get("hung")
    # Let the thread that waits for a writer go.
    (tmp_path / "hung").open("wb").close()
    await store.close()
