import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from storage.clock import SystemClock
from storage.model.errors import ErrorCode, FanlightError, NotFound, Unavailable
from storage.node import Tasks
from storage.objects.files import FileStore
from web.edge.cache import CHUNK, ObjectCache


class CountingStore(FileStore):
    """The folder store, which counts reads and can be told to hesitate or to fail in the middle."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.reads = 0
        self.pause = asyncio.Event()
        self.pause.set()
        self.failure: FanlightError | None = None

    async def stream(self, key: str, *, start: int = 0, end: int | None = None, chunk: int = 65_536) -> AsyncGenerator[bytes, None]:
        self.reads += 1
        async for piece in super().stream(key, start=start, end=end, chunk=chunk):
            yield piece
            await self.pause.wait()
            if self.failure is not None:
                raise self.failure


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[CountingStore]:
    store = CountingStore(tmp_path)
    yield store
    await store.close()


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    async with Tasks("test") as tasks:
        yield tasks


async def put(store: FileStore, key: str, data: bytes) -> None:
    await store.put(key, data, content_type="video/mp4", cache_control="public")


def cache_of(store: FileStore, tasks: Tasks, *, limit: int = 10_000_000) -> ObjectCache:
    return ObjectCache(store, lambda read: tasks.start("read", read), limit=limit)


async def test_many_readers_cause_one_read(store: CountingStore, tasks: Tasks) -> None:
    data = bytes(range(256)) * 4000
    await put(store, "a", data)
    cache = cache_of(store, tasks)

    async def read() -> bytes:
        return await (await cache.load("a")).whole()

    assert set(await asyncio.gather(*(read() for _ in range(50)))) == {data}
    assert store.reads == 1
    assert cache.get("a") == data


async def test_chunks_are_passed_on_before_the_last_is_there(store: CountingStore, tasks: Tasks) -> None:
    data = bytes(3 * CHUNK)
    await put(store, "a", data)
    cache = cache_of(store, tasks)
    store.pause.clear()
    load = await cache.load("a", len(data))
    first = await anext(load.read())
    assert 0 < len(first) < len(data)
    store.pause.set()
    assert await load.whole() == data


async def test_the_least_lately_used_goes_first(store: CountingStore, tasks: Tasks) -> None:
    cache = cache_of(store, tasks, limit=250)
    for name in "ab":
        cache.keep(name, bytes(100))
    assert cache.get("a")
    cache.keep("c", bytes(100))
    assert [cache.get(name) is not None for name in "abc"] == [True, False, True]
    assert cache.size == 200
    cache.keep("a", bytes(50))
    assert cache.size == 150


async def test_what_is_larger_than_the_cache_is_not_kept(store: CountingStore, tasks: Tasks) -> None:
    cache = cache_of(store, tasks, limit=250)
    cache.keep("a", bytes(300))
    assert (cache.size, cache.get("a")) == (0, None)


async def test_a_missing_object_is_not_found_for_everybody(store: CountingStore, tasks: Tasks) -> None:
    cache = cache_of(store, tasks)
    outcomes = await asyncio.gather(*(cache.load("nothing") for _ in range(5)), return_exceptions=True)
    assert all(isinstance(outcome, NotFound) for outcome in outcomes)


async def test_a_failure_in_the_middle_reaches_every_reader_and_is_not_kept(store: CountingStore, tasks: Tasks) -> None:
    await put(store, "a", bytes(3 * CHUNK))
    cache = cache_of(store, tasks)
    store.pause.clear()
    load = await cache.load("a")
    store.failure = Unavailable(ErrorCode.STORE_UNAVAILABLE, "gone")
    store.pause.set()
    with pytest.raises(Unavailable):
        await load.whole()
    assert cache.get("a") is None
    store.failure = None
    assert len(await (await cache.load("a")).whole()) == 3 * CHUNK


async def test_an_object_of_another_size_than_announced_is_refused(store: CountingStore, tasks: Tasks) -> None:
    await put(store, "a", bytes(100))
    cache = cache_of(store, tasks)
    load = await cache.load("a", 90)
    with pytest.raises(Unavailable):
        await load.whole()


async def test_a_reader_who_leaves_does_not_end_the_read_of_others(store: CountingStore, tasks: Tasks) -> None:
    data = bytes(3 * CHUNK)
    await put(store, "a", data)
    cache = cache_of(store, tasks)
    store.pause.clear()
    async with asyncio.TaskGroup() as group:
        leaving = group.create_task((await cache.load("a")).whole())
        staying = group.create_task((await cache.load("a")).whole())
        await SystemClock().sleep(0)
        leaving.cancel()
        store.pause.set()
    assert staying.result() == data
