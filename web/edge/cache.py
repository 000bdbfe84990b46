"""Objects read once and shared: a bounded cache in front of the object store, with one read per object however many ask."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine

from storage.model.errors import ErrorCode, FanlightError, Unavailable
from storage.objects.store import ObjectStore

MEMORY = 64 * 1024 * 1024
"""Bytes of whole objects kept, the least lately asked for goes first."""
READS = 32
"""Objects read from the store at the same time; more are refused."""
CHUNK = 256 * 1024


class Load:
    """An object on its way from the store. Any number of readers take its chunks as they come; ``size`` in bytes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.chunks: list[bytes] = []
        self.failure: FanlightError | None = None
        self.done = False
        self.changed = asyncio.Event()

    def add(self, chunk: bytes) -> None:
        """One more chunk is here."""
        self.chunks.append(chunk)
        self._announce()

    def finish(self, failure: FanlightError | None) -> None:
        """No more will come."""
        self.done, self.failure = True, failure
        self._announce()

    def _announce(self) -> None:
        # The event is replaced, not cleared: a reader that was waiting for the old one has been told, whoever comes now waits for the next.
        self.changed, changed = asyncio.Event(), self.changed
        changed.set()

    async def read(self) -> AsyncIterator[bytes]:
        """The chunks, from the first one on.

        Raises:
            FanlightError: what the store raised.
        """
        given = 0
        while True:
            changed = self.changed
            while given < len(self.chunks):
                given += 1
                yield self.chunks[given - 1]
            if self.done and given == len(self.chunks):
                if self.failure is not None:
                    raise self.failure
                return
            if changed is self.changed:
                await changed.wait()

    async def whole(self) -> bytes:
        """Everything. Raises what the store raised."""
        return b"".join([chunk async for chunk in self.read()])


Spawn = Callable[[Coroutine[object, object, None]], object]


class ObjectCache:
    """``spawn`` starts a read as a task of whoever owns the cache: a read goes on when the viewer who caused it has gone."""

    def __init__(self, store: ObjectStore, spawn: Spawn, *, limit: int = MEMORY) -> None:
        self.size = 0
        self.hits = 0
        self.misses = 0
        self._store = store
        self._spawn = spawn
        self._limit = limit
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._loads: dict[str, Load] = {}

    def get(self, key: str) -> bytes | None:
        """An object that is here."""
        data = self._kept.get(key)
        if data is not None:
            self.hits += 1
            self._kept.move_to_end(key)
        return data

    def keep(self, key: str, data: bytes) -> None:
        """Hold an object, and let others go if there are too many."""
        self.size += len(data) - len(self._kept.pop(key, b""))
        self._kept[key] = data
        while self.size > self._limit:
            _, old = self._kept.popitem(last=False)
            self.size -= len(old)

    async def load(self, key: str, size: int | None = None) -> Load:
        """Read an object from the store, or join those who do. ``size`` in bytes, if it is known, saves a question.

        Raises:
            NotFound: there is no such object.
            Unavailable: ``STORE_UNAVAILABLE``, or ``EDGE_FULL`` while too many objects are being read.
        """
        load = self._loads.get(key)
        if load is None:
            if len(self._loads) >= READS:
                raise Unavailable(ErrorCode.EDGE_FULL, "This edge reads too many objects at once.")
            self.misses += 1
            load = self._loads[key] = Load(size or 0)
            self._spawn(self._read(key, load))
        while not load.chunks and not load.done:
            await load.changed.wait()
        if load.failure is not None and not load.chunks:
            raise load.failure
        return load

    async def _read(self, key: str, load: Load) -> None:
        failure: FanlightError | None = None
        try:
            if not load.size:
                load.size = (await self._store.head(key)).size
            async for chunk in self._store.stream(key, chunk=CHUNK):
                load.add(chunk)
            if sum(map(len, load.chunks)) != load.size:
                failure = Unavailable(ErrorCode.STORE_UNAVAILABLE, "The object in the store has another size than was announced.")
        except FanlightError as error:
            failure = error
        finally:
            del self._loads[key]
            load.finish(failure)
        if failure is None:
            self.keep(key, b"".join(load.chunks))
