"""The composition root: a role is an opener; a process opens the storage, itself as a node and its role, and waits to be stopped."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress

from quart import Quart

from storage import log
from storage.clock import Clock, SystemClock
from storage.model.errors import Unavailable
from storage.node import Node, Tasks, open_node, run
from storage.opening import Storage, open_storage
from storage.settings import Settings
from web.instance import operations_ports
from web.operations import Check, operations_app, operations_blueprint
from web.serving import serving

DRAIN = 4.0
"""Seconds a role may take to finish what it is doing when the process is told to stop."""


Opener = Callable[[Settings, Storage, Clock, Node], AbstractAsyncContextManager[object]]
"""Runs a role until its context is left."""


def run_role(role: str, settings: Settings) -> int:
    """Be a process with one role until SIGTERM or SIGINT; returns the exit status."""
    log.configure(level=settings.log_level, form=settings.log_format)
    if role == "edge":
        # Granian owns its process: it forks workers and handles signals itself.
        from web.edge.server import serve

        serve(settings)
        return 0
    return run(lambda stop: _be(role, settings, stop), drain=DRAIN)


async def _be(role: str, settings: Settings, stop: asyncio.Event) -> None:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        storage = await stack.enter_async_context(open_storage(settings))
        node = await stack.enter_async_context(open_node((role,), storage.bus, clock, host=settings.host))
        await stack.enter_async_context(OPENERS[role](settings, storage, clock, node))
        await stop.wait()


def checks(role: str, storage: Storage, node: Node | None = None) -> dict[str, Check]:
    """What must answer before a role is ready, and that others can find it where it is a ``node``.

    A bucket that is away does not stop live viewers, so media roles don't ask it.
    """
    found: dict[str, Check] = {"bus": storage.bus.ping}
    if node is not None:
        found["registration"] = node.known
    if role in {"web", "chat"}:
        found["database"] = storage.database.ping
    return found


CHAT_SPARES = frozenset({"bus", "registration"})
"""What chat goes on without: a balancer that took every node out while the bus is away would end what still works."""


@asynccontextmanager
async def _open_web(settings: Settings, storage: Storage, clock: Clock, node: Node) -> AsyncIterator[None]:
    from web.app import create_app

    app = create_app(settings, storage, clock)
    app.register_blueprint(operations_blueprint(checks("web", storage)))
    chat = _with_sockets(app, settings, storage, clock, node) if not settings.chat_url else _served(app, settings, settings.port)
    async with chat:
        yield


@asynccontextmanager
async def _open_chat(settings: Settings, storage: Storage, clock: Clock, node: Node) -> AsyncIterator[None]:
    app = operations_app(checks("chat", storage, node), spare=CHAT_SPARES)
    with suppress(Unavailable):
        await storage.signing.refresh()
    async with Tasks("chat node") as tasks:
        tasks.start("signing keys", storage.signing.run(storage.bus))
        async with _with_sockets(app, settings, storage, clock, node, port=settings.chat_port):
            yield


@asynccontextmanager
async def _with_sockets(
    app: Quart, settings: Settings, storage: Storage, clock: Clock, node: Node, *, port: int = 0
) -> AsyncIterator[None]:
    """Serve an application and the realtime sockets, which are told when it ends."""
    from chat.service import open_chat
    from web.socket_door import SocketDoor

    async with open_chat(settings, storage, clock, node) as sockets:
        SocketDoor(settings, sockets).install(app)
        # Thousands of sockets live long, and what a message makes dies at once without cycles: they are looked through less often.
        gc.freeze()
        gc.set_threshold(GARBAGE, 20, 20)
        # A busy event loop lets the thread that writes to SQLite go on only so often: five milliseconds each time, by default.
        sys.setswitchinterval(SWITCH_SECONDS)
        async with _served(app, settings, port or settings.port):
            try:
                yield
            finally:
                await sockets.drain()


def _served(app: Quart, settings: Settings, port: int) -> AbstractAsyncContextManager[None]:
    return serving(app, host=settings.host, port=port, certificate=settings.tls_certificate, key=settings.tls_key)


@asynccontextmanager
async def _open_ingest(settings: Settings, storage: Storage, clock: Clock, node: Node) -> AsyncIterator[None]:
    from ingest.service import open_ingest

    async with open_ingest(settings, storage, clock, node), _operations("ingest", settings, storage, node):
        yield


@asynccontextmanager
async def _open_transcoder(settings: Settings, storage: Storage, clock: Clock, node: Node) -> AsyncIterator[None]:
    from transcoder.service import open_transcoder

    async with open_transcoder(settings, storage, clock, node), _operations("transcoder", settings, storage, node):
        yield


@asynccontextmanager
async def _operations(role: str, settings: Settings, storage: Storage, node: Node) -> AsyncIterator[None]:
    # Not only when it is asked whether it is ready: a publisher may wait for it.
    with suppress(Unavailable):
        await node.heartbeat()
    port = operations_ports(settings, [role])[role]
    if not port:
        yield
        return
    async with serving(operations_app(checks(role, storage, node)), host=settings.host, port=port):
        yield


SWITCH_SECONDS = 0.0005
GARBAGE = 20_000
"""Objects made, and not gone by themselves, after which a process with sockets looks for what hangs together."""

OPENERS: Mapping[str, Opener] = {"web": _open_web, "chat": _open_chat, "ingest": _open_ingest, "transcoder": _open_transcoder}
"""The edge is not among them, see :func:`run_role`."""
