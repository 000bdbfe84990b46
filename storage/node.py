"""What every process of ours shares: tasks with an owner, signals with a meaning, a shutdown with a deadline, and being known to others."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Self

import msgspec
import structlog
import uvloop

from storage.bus.messages import NodeInfo
from storage.bus.redis import Bus
from storage.bus.topics import node_key
from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.model.ids import NodeId, new_node_id

HEARTBEAT = 1.0
NODE_TTL = 5.0
DRAIN = 10.0
"""Seconds a process may take to stop."""

_CANCEL_GRACE = 3.0
_log = structlog.get_logger(__name__)


class Tasks:
    """Owner of background tasks: ``async with Tasks("ingest") as tasks``. Leaving cancels and awaits them all.

    A task that ends with an exception ends the block with an ``ExceptionGroup``: a defect stops the process, and its supervisor
    starts a new one. What the block raises itself leaves it unchanged.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        for task in self._tasks:
            task.cancel()
        try:
            await self._group.__aexit__(kind, error, trace)
        except BaseExceptionGroup as group:
            # What the block itself raised stays as it is.
            if group.exceptions != (error,):
                raise
        return False

    def start(self, name: str, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine until it returns or the block is left."""
        task = self._group.create_task(coroutine, name=f"{self.name}: {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def __len__(self) -> int:
        return len(self._tasks)


async def every(clock: Clock, seconds: float, action: Callable[[], Awaitable[object]], *, name: str) -> None:
    """Do something now and then again every ``seconds``, for ever. Dependencies that are away are logged once and tried again."""
    away = False
    while True:
        started = clock.monotonic()
        try:
            await action()
        except Unavailable as error:
            if not away:
                _log.warning("dependency_lost", task=name, code=error.code, reason=error.detail)
            away = True
        else:
            if away:
                _log.info("dependency_back", task=name)
            away = False
        await clock.sleep(max(0.0, seconds - (clock.monotonic() - started)))


class Node:
    """This process as others see it: :attr:`info` is registered every second; change it with :meth:`describe`."""

    def __init__(self, info: NodeInfo, bus: Bus, clock: Clock) -> None:
        self.info = info
        self._bus = bus
        self._clock = clock
        self._generation = ""
        self._told: NodeInfo | None = None
        self._renewals: list[Callable[[], Awaitable[object]]] = []

    @property
    def identifier(self) -> NodeId:
        """The name of this run of this process."""
        return self.info.node

    @property
    def generation(self) -> str:
        """The bus's generation as last seen, empty before."""
        return self._generation

    def describe(self, **changes: str | int | bool) -> None:
        """Change fields of :class:`NodeInfo`; others see them within a second."""
        self.info = msgspec.structs.replace(self.info, **changes)

    def when_data_were_lost(self, announce: Callable[[], Awaitable[object]]) -> None:
        """Call ``announce`` whenever the bus came back without its data."""
        self._renewals.append(announce)

    async def heartbeat(self) -> None:
        """Register, and look whether the bus lost its data. Raises ``Unavailable``."""
        generation = await self._bus.generation()
        if self._generation and generation != self._generation:
            _log.warning("bus_lost_its_data", node=self.identifier)
            for announce in self._renewals:
                await announce()
        self._generation = generation
        told = self.info
        await self._bus.register(node_key(self.identifier), told, ttl=NODE_TTL)
        self._told = told

    async def known(self) -> None:
        """Make sure that others know of this node as it is now. Raises ``Unavailable``."""
        if self._told != self.info:
            await self.heartbeat()

    async def leave(self) -> None:
        """Forget the registration, as well as the bus lets us."""
        with suppress(Unavailable):
            await self._bus.forget(node_key(self.identifier))


@asynccontextmanager
async def open_node(roles: tuple[str, ...], bus: Bus, clock: Clock, *, host: str) -> AsyncIterator[Node]:
    """Be a node until the block is left. ``host`` is the address other nodes reach this one at."""
    identifier = new_node_id(roles[0] if len(roles) == 1 else "node")
    node = Node(NodeInfo(node=identifier, roles=roles, host=host, started_ms=clock.unix_ns() // 1_000_000), bus, clock)
    try:
        async with Tasks(identifier) as tasks:
            tasks.start("heartbeat", every(clock, HEARTBEAT, node.heartbeat, name="heartbeat"))
            yield node
    finally:
        await node.leave()


def run(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]], *, drain: float = DRAIN) -> int:
    """Run a process's main coroutine on uvloop until it returns; returns the exit status.

    SIGTERM and SIGINT set the event it gets. From then on it has ``drain`` seconds to return, then it is cancelled; a second
    signal cancels at once. Whoever ignores that is ended the hard way, so that a supervisor never waits for ever.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_until_stopped(main, drain))


async def _until_stopped(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]], drain: float) -> int:
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: hurry.set() if stop.is_set() else stop.set())
    work = asyncio.create_task(main(stop), name="main")
    stopped = asyncio.create_task(stop.wait(), name="stop")
    hurried = asyncio.create_task(hurry.wait(), name="hurry")
    await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        await asyncio.wait({work, hurried}, timeout=drain, return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        _log.warning("not_drained_in_time", seconds=drain)
        work.cancel()
        await asyncio.wait({work}, timeout=_CANCEL_GRACE)
    stopped.cancel()
    hurried.cancel()
    await asyncio.wait({stopped, hurried})
    if not work.done():
        _log.error("not_stopped", tasks=[task.get_name() for task in asyncio.all_tasks()])
        os._exit(70)
    if work.cancelled():
        return 70
    if error := work.exception():
        _log.error("process_failed", exc_info=error)
        return 1
    return 0
