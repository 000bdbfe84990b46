import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from socket import socket as new_socket

import httpx
import pytest
import pytest_asyncio
import uvloop
from quart import Quart

from chat.protocol import ClientFrame, Done, Join
from chat.server import SocketLimits, SocketServer
from chat.sockets import Prepared, Socket
from chat.tickets import Tickets, issue
from storage.clock import SystemClock
from storage.model.account import EVERY_SCOPE, Account, Actor
from storage.model.session import SessionKind
from storage.node import Tasks
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.chat.raw import Client
from tests.fixtures.valkey import Valkey
from tests.web.people import add_account
from web.app import tell_errors
from web.operations import operations_app
from web.serving import serving
from web.socket_door import SocketDoor

SECRET = "a secret of the tests"


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that nodes run on."""
    return {"uvloop": uvloop.new_event_loop}


@dataclass
class Echo:
    """Frames that are answered at once; ``join`` puts a socket into the one room there is."""

    seen: list[ClientFrame] = field(default_factory=list)
    changes: list[Socket] = field(default_factory=list)
    left: list[Socket] = field(default_factory=list)
    room: list[Socket] = field(default_factory=list)

    async def received(self, socket: Socket, frame: ClientFrame) -> None:
        self.seen.append(frame)
        if isinstance(frame, Join):
            self.room.append(socket)
        socket.tell(Done(id=getattr(frame, "id", "")))

    async def changed(self, socket: Socket) -> None:
        self.changes.append(socket)

    def closed(self, socket: Socket) -> None:
        self.left.append(socket)
        if socket in self.room:
            self.room.remove(socket)

    def say(self, payload: bytes) -> None:
        """To everybody in the room."""
        prepared = Prepared(payload)
        for socket in tuple(self.room):
            socket.pass_on(prepared)


@dataclass
class Node:
    """Sockets on Hypercorn, as nodes serve them, without rooms."""

    port: int
    server: SocketServer
    frames: Echo
    storage: Storage
    app: Quart

    async def account(self, name: str = "ada") -> Account:
        return await add_account(self.storage, name)

    async def ticket(self, account: Account) -> str:
        session, _ = await self.storage.sessions.start(account, SessionKind.BROWSER, user_agent="", address="")
        return issue(self.storage, Actor(account, session=session.id, scopes=EVERY_SCOPE))

    async def works(self) -> None:
        """An honest client is served."""
        async with asyncio.timeout(2), await Client.greeted(self.port, source="127.0.0.9") as honest:
            honest.send(b"")

    async def empty(self, seconds: float = 5) -> None:
        """Wait until no socket is left."""
        async with asyncio.timeout(seconds):
            while len(self.server):
                await asyncio.sleep(0.02)


Begin = Callable[..., "AsyncIterator[Node]"]


def free_port() -> int:
    with new_socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


LIMITS = SocketLimits(node=1000, address=500, account=3)


@pytest.fixture
def limits() -> SocketLimits:
    """What the node takes; a test that wants others overrides it by ``pytest.mark.parametrize``."""
    return LIMITS


@pytest.fixture
def certificate() -> tuple[str, str]:
    """Paths of the node's certificate and key; without TLS unless a test has its own."""
    return "", ""


@pytest.fixture
def settings() -> Settings:
    """The node's; the data and the bus are filled in."""
    return Settings(secret=SECRET)


@pytest_asyncio.fixture
async def node(
    valkey: Valkey, tmp_path: Path, limits: SocketLimits, settings: Settings, certificate: tuple[str, str]
) -> AsyncIterator[Node]:
    clock = SystemClock()
    settings = replace(settings, data=tmp_path, redis_url=valkey.url)
    port = free_port()
    async with open_storage(settings) as storage:
        await storage.database.migrate()
        await storage.signing.refresh()
        async with Tasks("chat") as tasks:
            frames = Echo()
            server = SocketServer(frames, Tickets(storage, clock), limits, clock, tasks)
            tasks.start("look", server.look())
            tasks.start("recheck", server.recheck())
            tasks.start("revocations", server.hear(storage.bus))
            app = operations_app({})
            tell_errors(app)
            SocketDoor(settings, server).install(app)
            async with serving(app, host="127.0.0.1", port=port, certificate=certificate[0], key=certificate[1]):
                await listening(port, "https" if certificate[0] else "http")
                yield Node(port, server, frames, storage, app)
                await server.drain()


async def listening(port: int, scheme: str) -> None:
    async with asyncio.timeout(5):
        while True:
            try:
                async with httpx.AsyncClient(headers={"Connection": "close"}, verify=False) as client:
                    await client.get(f"{scheme}://127.0.0.1:{port}/healthz")
            except httpx.HTTPError:
                await asyncio.sleep(0.02)
            else:
                return
