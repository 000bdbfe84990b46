"""A real ingest node and a real WHIP front on real sockets: bus, database, UDP port, HTTP server."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, Response

from ingest.service import Ingest, open_ingest
from ingest.session import Session
from ingest.state import SessionState
from ingest.whip import whip_blueprint
from storage.clock import SystemClock
from storage.model.errors import FanlightError
from storage.model.ids import ChannelName
from storage.node import Node, open_node
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.fixtures.tables import with_tables
from web.errors import answer

CHANNEL = ChannelName("demo")
OTHER = ChannelName("other")


@dataclass(frozen=True)
class Rig:
    """What a test works on. ``key`` and ``other_key`` publish to ``demo`` and ``other``."""

    ingest: Ingest
    node: Node
    storage: Storage
    settings: Settings
    base: str
    key: str
    other_key: str
    http: httpx.AsyncClient

    @property
    def url(self) -> str:
        return f"{self.base}/whip/{CHANNEL}"

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", **{name.replace("_", "-"): value for name, value in more.items()}}

    async def post(self, offer: str | bytes, **headers: str) -> httpx.Response:
        return await self.http.post(self.url, content=offer, headers=self.headers(**{"Content_Type": "application/sdp", **headers}))

    async def live(self, channel: ChannelName = CHANNEL) -> Session:
        """The channel's session, once it is connected and has media."""
        async with asyncio.timeout(15):
            while True:
                session = self.ingest.publishers.live_session(channel)
                if session is not None and session.state is SessionState.LIVE and session.statistics().packets:
                    return session
                await asyncio.sleep(0.02)

    async def over(self) -> None:
        """No session is left."""
        async with asyncio.timeout(15):
            while len(self.ingest.publishers):
                await asyncio.sleep(0.02)


@asynccontextmanager
async def open_rig(redis_url: str, data: Path, **settings: object) -> AsyncIterator[Rig]:
    clock = SystemClock()
    wanted = Settings(**{"data": data, "redis_url": redis_url, "media_port": 0, "secret": "s" * 32, **settings})  # type: ignore[arg-type]
    with_tables(data)
    async with open_storage(wanted, clock) as storage:
        keys = []
        for name in (CHANNEL, OTHER):
            await storage.channels.create(name, "A test")
            keys.append((await storage.stream_keys.add(name))[1])
        async with (
            open_node(("ingest",), storage.bus, clock, host="127.0.0.1") as node,
            open_ingest(wanted, storage, clock, node) as ingest,
            web(storage, wanted) as base,
            httpx.AsyncClient(timeout=10) as http,
        ):
            async with asyncio.timeout(5):
                while not any(info.capacity for info in await storage.bus.read_all("fl:node:", type(node.info))):
                    await asyncio.sleep(0.02)
            yield Rig(ingest, node, storage, wanted, base, keys[0], keys[1], http)


@asynccontextmanager
async def web(storage: Storage, settings: Settings) -> AsyncIterator[str]:
    """An HTTP server with the WHIP routes; yields its address."""
    app = Quart("whip", static_folder=None)
    app.register_blueprint(whip_blueprint(storage.bus, storage, settings))

    @app.errorhandler(FanlightError)
    async def refused(error: FanlightError) -> Response:
        text, status, headers = answer(error)
        return Response(text, status=status, headers=headers)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        # Who connects before the server is there waits for it.
        listening.listen()
        config = Config()
        config.bind = [f"fd://{listening.fileno()}"]
        config.loglevel = "ERROR"
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            # Hypercorn closes the descriptor it is given.
            name = listening.getsockname()
            listening.detach()
            group.create_task(serve(app, config, shutdown_trigger=stop.wait))
            try:
                yield f"http://{name[0]}:{name[1]}"
            finally:
                stop.set()
