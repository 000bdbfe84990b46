"""One contract for every object store: a folder, and S3 on a real server."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import pytest_asyncio

from storage.clock import SystemClock
from storage.model.errors import Conflict, NotFound
from storage.objects.files import FileStore
from storage.objects.s3 import S3Store
from storage.objects.store import ObjectStore
from tests.fixtures.seaweedfs import SeaweedFS

TYPE, CACHING = "video/mp4", "public, max-age=31536000, immutable"


async def put(store: ObjectStore, key: str, data: bytes, *, only_if_absent: bool = False, only_if_etag: str | None = None) -> str:
    return await store.put(key, data, content_type=TYPE, cache_control=CACHING, only_if_absent=only_if_absent, only_if_etag=only_if_etag)


@pytest_asyncio.fixture(params=["files", "s3"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    made: ObjectStore
    if request.param == "files":
        made = FileStore(tmp_path / "objects")
    else:
        seaweedfs: SeaweedFS = request.getfixturevalue("seaweedfs")
        settings = seaweedfs.settings
        made = S3Store(
            endpoint=settings["s3_endpoint"],
            bucket=settings["s3_bucket"],
            region="us-east-1",
            access_key=settings["s3_access_key"],
            secret_key=settings["s3_secret_key"],
            clock=SystemClock(),
        )
    yield made
    await made.close()


@pytest.fixture
def key() -> str:
    return f"live/test/{os.urandom(6).hex()}/video/0.m4s"


async def test_what_was_put_is_read_back(store: ObjectStore, key: str) -> None:
    data = os.urandom(300_000)
    etag = await put(store, key, data)
    assert await store.get(key) == data
    head = await store.head(key)
    assert (head.size, head.etag, head.content_type, head.cache_control) == (len(data), etag, TYPE, CACHING)


async def test_an_empty_object_is_an_object(store: ObjectStore, key: str) -> None:
    await put(store, key, b"")
    assert await store.get(key) == b""
    assert [part async for part in store.stream(key)] == []


async def test_an_absent_object_is_not_found(store: ObjectStore, key: str) -> None:
    with pytest.raises(NotFound):
        await store.get(key)
    with pytest.raises(NotFound):
        await store.head(key)
    with pytest.raises(NotFound):
        await anext(store.stream(key))
    with pytest.raises(NotFound):
        await anext(store.stream(key, start=5, end=5))


async def test_a_folder_is_not_an_object(store: ObjectStore, key: str) -> None:
    await put(store, key, b"x")
    with pytest.raises(NotFound):
        await store.get(key.rpartition("/")[0])
    with pytest.raises(NotFound):
        await store.head(key.rpartition("/")[0])


async def test_an_object_is_replaced_whole_and_changes_its_etag(store: ObjectStore, key: str) -> None:
    first = await put(store, key, b"one")
    second = await put(store, key, b"two and more")
    assert first != second
    assert await store.get(key) == b"two and more"
    assert (await store.head(key)).etag == second


async def test_only_if_absent_keeps_the_first(store: ObjectStore, key: str) -> None:
    await put(store, key, b"first", only_if_absent=True)
    with pytest.raises(Conflict):
        await put(store, key, b"second", only_if_absent=True)
    assert await store.get(key) == b"first"


async def test_only_if_etag_replaces_what_was_seen_and_nothing_else(store: ObjectStore, key: str) -> None:
    seen = await put(store, key, b"one")
    newer = await put(store, key, b"two", only_if_etag=seen)
    with pytest.raises(Conflict):
        await put(store, key, b"three", only_if_etag=seen)
    assert await store.get(key) == b"two"
    assert (await store.head(key)).etag == newer


async def test_only_if_etag_of_an_absent_object_conflicts(store: ObjectStore, key: str) -> None:
    with pytest.raises(Conflict):
        await put(store, key, b"one", only_if_etag='"0123456789abcdef0123456789abcdef"')


async def test_of_many_writers_only_if_absent_one_wins(store: ObjectStore, key: str) -> None:
    writers = [put(store, key, b"writer %d" % number, only_if_absent=True) for number in range(12)]
    results = await asyncio.gather(*writers, return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 11


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, None), (0, 1), (10, 20), (65_536, None), (199_999, None), (199_000, 300_000), (200_000, None), (7, 7), (0, 200_000)],
)
async def test_a_range_is_streamed_exactly(store: ObjectStore, key: str, start: int, end: int | None) -> None:
    data = os.urandom(200_000)
    await put(store, key, data)
    parts = [part async for part in store.stream(key, start=start, end=end, chunk=30_000)]
    assert b"".join(parts) == data[start:end]
    assert all(0 < len(part) <= 30_000 for part in parts)


async def test_a_stream_may_be_left_early(store: ObjectStore, key: str) -> None:
    await put(store, key, os.urandom(200_000))
    for _ in range(20):
        async with aclosing(store.stream(key, chunk=1000)) as stream:
            assert len(await anext(stream)) == 1000
    assert len(await store.get(key)) == 200_000


async def test_a_reader_sees_the_old_or_the_new_object(store: ObjectStore, key: str) -> None:
    versions = [bytes([number]) * 100_000 for number in range(8)]
    await put(store, key, versions[0])

    async def write() -> None:
        for version in versions:
            await put(store, key, version)

    async with asyncio.TaskGroup() as tasks:
        writer = tasks.create_task(write())
        while not writer.done():
            assert await store.get(key) in versions


async def test_a_deleted_object_is_gone_and_may_be_deleted_again(store: ObjectStore, key: str) -> None:
    await put(store, key, b"x")
    await store.delete(key)
    await store.delete(key)
    with pytest.raises(NotFound):
        await store.get(key)
    await put(store, key, b"again", only_if_absent=True)


@pytest.mark.parametrize(
    "bad", ["", "/etc/passwd", "../x", "live/../../x", "live/./x", "live//x", ".lock", "live/.x", "a\\b", "a\nb", "x" * 1000]
)
async def test_a_key_that_could_mean_another_place_is_no_object(store: ObjectStore, bad: str) -> None:
    with pytest.raises(NotFound):
        await store.get(bad)
    with pytest.raises(NotFound):
        await put(store, bad, b"x")
    with pytest.raises(NotFound):
        await anext(store.stream(bad))
    with pytest.raises(NotFound):
        await store.delete(bad)
