"""Chat nodes as they are, in the test's own process: sockets on Hypercorn, rooms behind them, one database and one bus for all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from chat.service import open_chat
from chat.tickets import issue
from storage.clock import SystemClock
from storage.model.account import EVERY_SCOPE, Account, Actor
from storage.model.channel import Channel
from storage.model.ids import ChannelName, RecordId
from storage.model.session import SessionKind
from storage.node import open_node
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.chat.conftest import free_port, listening
from tests.chat.talker import Talker, talking
from tests.fixtures import tables
from tests.web.people import add_account
from web.app import tell_errors
from web.operations import operations_app
from web.serving import serving
from web.socket_door import SocketDoor


@dataclass
class ChatNode:
    """One node. Each has connections of its own."""

    port: int
    storage: Storage


@dataclass
class Chat:
    """Some nodes, and people."""

    nodes: list[ChatNode]
    storage: Storage

    async def account(self, name: str) -> Account:
        return await add_account(self.storage, name)

    async def channel(self, name: str = "main", owner: Account | None = None) -> Channel:
        return await self.storage.channels.create(ChannelName(name), name, owner=owner.id if owner else None)

    def ticket(self, account: Account) -> Callable[[], Awaitable[str]]:
        """Gets a ticket for each connection, of one session."""
        sessions: list[RecordId] = []

        async def get() -> str:
            if not sessions:
                session, _ = await self.storage.sessions.start(account, SessionKind.BROWSER, user_agent="", address="")
                sessions.append(session.id)
            return issue(self.storage, Actor(account, session=sessions[0], scopes=EVERY_SCOPE))

        return get

    @asynccontextmanager
    async def talker(self, name: str = "", *, room: str = "main", node: int = 0) -> AsyncIterator[Talker]:
        """Somebody in a room; a stranger without a name. The account is made where there is none."""
        account = await self._account(name) if name else None
        async with talking(self.nodes[node].port, room, self.ticket(account) if account else None) as talker:
            yield talker

    async def _account(self, name: str) -> Account:
        from storage.model.errors import NotFound
        from storage.model.ids import AccountName

        try:
            return await self.storage.accounts.by_name(AccountName(name))
        except NotFound:
            return await self.account(name)


@asynccontextmanager
async def chat_nodes(settings: Settings, count: int = 1, *, patient: bool = False) -> AsyncIterator[Chat]:
    """``count`` nodes on one database, which is migrated, and one bus. ``patient``: no deadline of the database is met."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(open_storage(settings))
        await storage.database.migrate()
        await storage.signing.refresh()
        nodes = []
        for _ in range(count):
            own = replace(settings, chat_port=free_port())
            of_node = await stack.enter_async_context(open_storage(own))
            if patient:
                vars(of_node)["database"] = tables.patient(settings.data / "fanlight.db")
            await of_node.signing.refresh()
            node = await stack.enter_async_context(open_node(("chat",), of_node.bus, clock, host="127.0.0.1"))
            sockets = await stack.enter_async_context(open_chat(own, of_node, clock, node))
            app = operations_app({})
            tell_errors(app)
            SocketDoor(own, sockets).install(app)
            await stack.enter_async_context(serving(app, host="127.0.0.1", port=own.chat_port))
            stack.push_async_callback(sockets.drain)
            await listening(own.chat_port, "http")
            nodes.append(ChatNode(own.chat_port, of_node))
        yield Chat(nodes, storage)


async def soon(holds: Callable[[], Awaitable[bool]], *, within: float = 10.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within):
        while not await holds():
            await asyncio.sleep(0.05)
