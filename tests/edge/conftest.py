import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from storage.bus.redis import Bus
from storage.clock import SystemClock
from storage.model.ids import ChannelName
from storage.objects.files import FileStore
from storage.objects.store import ObjectStore
from tests.edge.process import BusProcess, EdgeProcess, running_bus, running_edge
from tests.edge.publisher import Publisher


@pytest.fixture(scope="session")
def data() -> Iterator[Path]:
    """A short path: a Unix socket's may not be long."""
    with tempfile.TemporaryDirectory(prefix="edge") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def bus_process(data: Path) -> Iterator[BusProcess]:
    with running_bus(data / "bus.sock") as process:
        yield process


@pytest.fixture(scope="session")
def edge(bus_process: BusProcess, data: Path) -> Iterator[EdgeProcess]:
    """One edge for every test that does not break it; each test has a channel of its own."""
    with running_edge(bus_process.url, data) as process:
        yield process


@pytest.fixture
async def bus(bus_process: BusProcess) -> AsyncIterator[Bus]:
    bus = Bus(bus_process.url, SystemClock(), deadline=10)
    yield bus
    await bus.close()


@pytest.fixture
async def objects(data: Path) -> AsyncIterator[ObjectStore]:
    store = FileStore(data / "objects")
    yield store
    await store.close()


@pytest.fixture
async def viewer(edge: EdgeProcess) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=2000, max_keepalive_connections=20)
    async with httpx.AsyncClient(base_url=edge.url, timeout=20, limits=limits) as client:
        yield client


@pytest.fixture
async def publisher(bus: Bus, objects: ObjectStore) -> Publisher:
    publisher = Publisher(bus, objects, ChannelName(f"c{secrets.token_hex(4)}"))
    await publisher.begin()
    return publisher
