from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest_asyncio
from quart import Quart
from quart.typing import TestClientProtocol

from storage.bus.messages import BroadcastInfo, RenditionInfo, SessionInfo
from storage.bus.topics import broadcast_key, session_key
from storage.clock import SystemClock
from storage.model.broadcast import BroadcastState
from storage.model.ids import BroadcastId, ChannelName, NodeId, SessionId, channel_name
from storage.model.rendition import RenditionName
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.fixtures.tables import patient, with_tables
from tests.fixtures.valkey import Valkey
from web.app import create_app

DEMO = channel_name("demo")
NODE = NodeId("ingest-0badcafe")
SESSION = SessionId(f"{NODE}.{'ab' * 16}")
PAGE = {"Accept": "text/html"}


@dataclass
class Site:
    """The web role on a real bus and database, with one channel."""

    app: Quart
    client: TestClientProtocol
    storage: Storage
    key: str

    async def on_air(self, state: BroadcastState = BroadcastState.LIVE, channel: ChannelName = DEMO, **changes: Any) -> None:
        video = RenditionInfo(
            name=RenditionName.VIDEO,
            codecs="avc1.42e01f",
            bandwidth=3_000_000,
            average_bandwidth=2_500_000,
            width=1280,
            height=720,
            frame_rate=30.0,
        )
        fields: dict[str, Any] = {
            "started_ms": 1_700_000_000_000,
            "part_target": 0.4,
            "target_duration": 3,
            "window": 60.0,
            "renditions": (video,),
            "lane": "passthrough",
        }
        info = BroadcastInfo(channel=channel, state=state, **({"broadcast": BroadcastId("b0")} | fields | changes))
        await self.storage.bus.register(broadcast_key(channel), info, ttl=30)
        await self.storage.bus.announce_change(channel)

    async def published_to(self, channel: ChannelName = DEMO, session: SessionId = SESSION) -> None:
        info = SessionInfo(session=session, channel=channel, node=NODE, relay="unix:/none", tracks=(), started_ms=1_700_000_000_000)
        await self.storage.bus.register(session_key(channel), info, ttl=30)
        await self.storage.bus.announce_change(channel)

    async def read(self, path: str) -> Any:
        response = await self.client.get(path)
        assert response.status_code == 200, await response.get_data(as_text=True)
        return await response.get_json()


@pytest_asyncio.fixture
async def site(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Site]:
    settings = Settings(data=tmp_path, redis_url=valkey.url, edge_port=8123, secret="a secret of the tests")
    clock = SystemClock()
    async with open_storage(settings) as storage:
        # What is answered is tested here, how soon a database must answer in test_database_faults.py.
        vars(storage)["database"] = patient(with_tables(tmp_path))
        await storage.channels.create(DEMO, "Friday night synths")
        _, key = await storage.stream_keys.add(DEMO)
        app = create_app(settings, storage, clock)
        async with app.test_app() as running:
            client = running.test_client()
            yield Site(app, client, storage, key)
