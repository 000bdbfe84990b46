"""A room whose nodes and bus are killed again and again while many write in it, and the books that are kept of it.

Everything is real: chat nodes are processes, the database is PostgreSQL or SQLite, clients come back by themselves, to any node.
"""

import asyncio
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from chat.tickets import issue
from storage.database.tables import chat_event, chat_message
from storage.model.account import EVERY_SCOPE, Account, Actor
from storage.model.channel import Channel
from storage.model.ids import ChannelName
from storage.model.session import SessionKind
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.chat.process import SECRET, ChatProcess
from tests.chat.talker import Talker, Ticket
from tests.fixtures.programs import free_port
from tests.fixtures.valkey import Valkey
from tests.web.people import add_account

ROOM = "main"
SETTLING = 30.0
"""Seconds everybody has to see everything after the last fault."""


class Member(Talker):
    """A client that writes down what it was answered and how long it was away. Everything that happens in its room is a message."""

    kept_frames = 3

    def __init__(self, nodes: "Nodes", ticket: Ticket) -> None:
        super().__init__(nodes.port, ROOM, ticket)
        self.acknowledged: dict[str, tuple[str, int]] = {}
        self.answered: list[float] = []
        self.away: list[float] = []
        self.silent = 0
        """Frames that pass over numbers without a word."""
        self._lost_at: float | None = None

    def _happened(self, frame: dict[str, Any]) -> None:
        if frame["after"] == self.seq and frame["seq"] - frame["after"] != len(frame["events"]):
            self.silent += 1
        super()._happened(frame)
        self.events.clear()

    def _show(self, message: dict[str, Any]) -> None:
        super()._show(message | {"id": sys.intern(message["id"]), "text": sys.intern(message["text"])})

    def on_joined(self) -> None:
        if self._lost_at is not None:
            self.away.append(time.monotonic() - self._lost_at)
            self._lost_at = None

    def on_lost(self) -> None:
        if self._lost_at is None and self.epoch:
            self._lost_at = time.monotonic()

    async def write(self, name: str, period: float, rng: random.Random, stop: asyncio.Event) -> None:
        """Write a message every ``period`` seconds on the average; whatever was begun is finished."""
        number = 0
        while not stop.is_set():
            pause = rng.expovariate(1 / period)
            try:
                async with asyncio.timeout(pause):
                    await stop.wait()
            except TimeoutError:
                pass
            else:
                return
            number += 1
            text = f"{name} {number}"
            began = time.monotonic()
            done = await self.insist(text, f"{name}-{number}")
            self.answered.append(time.monotonic() - began)
            self.acknowledged[f"{name}-{number}"] = (done["message"], done["seq"])


class Nodes:
    """Chat nodes as processes. What is killed is started again at once, as a supervisor does."""

    def __init__(self, folder: Path, redis_url: str, count: int, rng: random.Random, **settings: str) -> None:
        self._made = [(folder, redis_url, free_port(), settings) for _ in range(count)]
        self._running: list[ChatProcess | None] = [None] * count
        self._rng = rng
        self.killed = 0

    def port(self) -> int:
        """Where a client goes: to any node, whether or not it is there."""
        return self._rng.choice(self._made)[2]

    @property
    def ready(self) -> list[int]:
        """Those that answer."""
        return [number for number, one in enumerate(self._running) if one is not None]

    async def start(self, number: int) -> None:
        folder, redis_url, port, settings = self._made[number]
        process = ChatProcess(folder, redis_url, port, None, **settings)
        try:
            await asyncio.to_thread(process.wait_until_ready)
        except BaseException:
            process.process.kill()
            raise
        self._running[number] = process

    def kill(self, number: int) -> None:
        """SIGKILL."""
        process = self._running[number]
        assert process is not None
        self._running[number] = None
        process.process.kill()
        process.process.wait()
        self.killed += 1

    def end(self) -> None:
        for number in self.ready:
            self.kill(number)


@dataclass
class Report:
    """What came of it."""

    acknowledged: int = 0
    written: int = 0
    killed: int = 0
    bus_killed: int = 0
    lost: list[str] = field(default_factory=list)
    """Acknowledged, and not in the log as it was acknowledged."""
    twice: int = 0
    unordered: int = 0
    """Clients that show something else than the log."""
    silent: int = 0
    holes: int = 0
    missed: int = 0
    """How often a client was told that something is lost."""
    rejoined: int = 0
    away: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)

    @property
    def is_wrong(self) -> bool:
        """Whether something was lost, shown twice or in another order, or left out without a word."""
        return bool(self.lost or self.twice or self.unordered or self.silent or self.holes)

    def __str__(self) -> str:
        away, answered = _cuts(self.away), _cuts(self.answered)
        return (
            f"chat processes killed {self.killed}, Valkey killed {self.bus_killed}; messages written {self.written}, "
            f"acknowledged {self.acknowledged}, of those lost {len(self.lost)}; shown twice {self.twice}; "
            f"clients with another order {self.unordered}; jumps without a word {self.silent + self.holes}; "
            f"told that something is lost {self.missed}; resumed {len(self.away)} times, seconds {away}; answered within seconds {answered}"
        )


def _cuts(found: list[float]) -> str:
    if len(found) < 2:
        return "-"
    cuts = statistics.quantiles(found, n=100)
    return f"p50 {cuts[49]:.2f}, p99 {cuts[98]:.2f}, most {max(found):.2f}"


@dataclass
class Scene:
    """A room, its nodes, and who is in it."""

    storage: Storage
    channel: Channel
    nodes: Nodes
    bus: Valkey
    members: list[Member]
    rng: random.Random
    bus_killed: int = 0

    async def kill_nodes(self, count: int, pause: tuple[float, float], *, least: int = 3) -> None:
        """Kill a random node that is ready, so often, each time when at least so many are ready: with 2, nearly always one is left."""
        async with asyncio.TaskGroup() as starting:
            for _ in range(count):
                await asyncio.sleep(self.rng.uniform(*pause))
                async with asyncio.timeout(120):
                    while len(self.nodes.ready) < least:
                        await asyncio.sleep(0.05)
                number = self.rng.choice(self.nodes.ready)
                self.nodes.kill(number)
                starting.create_task(self.nodes.start(number))

    async def kill_bus(self, count: int, pause: tuple[float, float], away: tuple[float, float]) -> None:
        """Kill the bus so often; it comes back without its data."""
        for _ in range(count):
            await asyncio.sleep(self.rng.uniform(*pause))
            await asyncio.to_thread(self.bus.kill)
            self.bus_killed += 1
            await asyncio.sleep(self.rng.uniform(*away))
            await asyncio.to_thread(self.bus.start)

    async def report(self) -> Report:
        """Wait until everybody shows the newest message, and compare."""
        messages, events = await self._log()
        last = messages[-1][1] if messages else 0
        async with asyncio.timeout(SETTLING):
            for member in self.members:
                while member.seq < last:
                    await asyncio.sleep(0.05)
        report = Report(written=len(messages), killed=self.nodes.killed, bus_killed=self.bus_killed)
        report.holes = sum(seq != place for place, seq in enumerate(events, 1))
        by_client_id = {client_id: (identifier, seq) for identifier, seq, client_id in messages}
        for member in self.members:
            report.acknowledged += len(member.acknowledged)
            report.lost += [one for one, said in member.acknowledged.items() if by_client_id.get(one) != said]
            report.twice += len(member.twice)
            report.silent += member.silent
            report.missed += member.lost
            report.rejoined += member.out_of_place
            report.away += member.away
            report.answered += member.answered
            expected = [identifier for identifier, _, _ in messages]
            if member.lost:
                # It began anew; what it shows since is the end of the log all the same.
                report.unordered += member.ids != expected[len(expected) - len(member.ids) :]
            else:
                report.unordered += member.ids != expected
        return report

    async def _log(self) -> tuple[list[tuple[str, int, str]], list[int]]:
        columns = (chat_message.c.id, chat_message.c.seq, chat_message.c.client_id)
        async with self.storage.database.transaction() as connection:
            messages = (await connection.execute(select(*columns).order_by(chat_message.c.seq))).all()
            events = (await connection.scalars(select(chat_event.c.seq).order_by(chat_event.c.seq))).all()
        return [(row.id, row.seq, row.client_id) for row in messages], list(events)


@asynccontextmanager
async def scene(folder: Path, database_url: str, *, nodes: int = 3, clients: int = 200, seed: int = 1) -> AsyncIterator[Scene]:
    """A room with so many clients in it, on an empty database that has its tables; an empty address for SQLite."""
    rng = random.Random(seed)
    bus = Valkey(folder)
    bus.start()
    try:
        async with AsyncExitStack() as stack:
            settings = Settings(data=folder, redis_url=bus.url, database_url=database_url, secret=SECRET)
            storage = await stack.enter_async_context(open_storage(settings))
            await storage.database.migrate()
            await storage.signing.refresh()
            channel = await storage.channels.create(ChannelName(ROOM), ROOM)
            accounts = [await add_account(storage, f"member-{number}") for number in range(clients)]
            at = {"DATABASE_URL": database_url} if database_url else {}
            running = Nodes(
                folder,
                bus.url,
                nodes,
                rng,
                **at,
                FANLIGHT_CHAT_SOCKETS_PER_ADDRESS=str(clients * 10),
                FANLIGHT_RATE_LIMITS="100",
            )
            stack.callback(running.end)
            await asyncio.gather(*(running.start(number) for number in range(nodes)))
            members = [Member(running, await _ticket(storage, account)) for account in accounts]
            tasks = [asyncio.create_task(member.run()) for member in members]
            stack.push_async_callback(_cancelled, tasks)
            for member in members:
                await member.joined()
            yield Scene(storage, channel, running, bus, members, rng)
    finally:
        bus.kill()


async def _ticket(storage: Storage, account: Account) -> Ticket:
    session, _ = await storage.sessions.start(account, SessionKind.BROWSER, user_agent="", address="")
    actor = Actor(account, session=session.id, scopes=EVERY_SCOPE)

    async def get() -> str:
        return issue(storage, actor)

    return get


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def everybody_writes(scene: Scene, period: float) -> AsyncIterator[None]:
    """While the block runs; when it is left, all that was begun is answered."""
    stop = asyncio.Event()
    seeds = [random.Random(scene.rng.random()) for _ in scene.members]
    async with asyncio.TaskGroup() as writing:
        for number, (member, rng) in enumerate(zip(scene.members, seeds, strict=True)):
            writing.create_task(member.write(f"m{number}", period, rng, stop))
        try:
            yield
        finally:
            stop.set()
