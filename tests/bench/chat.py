"""Rooms under load: ``python -m tests.bench.chat [one] [many] [storm] [--postgresql] [--seconds N]``.

A chat node has one core to itself, with its SQLite database in its own process; everybody who reads and writes has the other, as has
PostgreSQL where that is asked for. Messages come at a fixed rate, whatever becomes of them, and each is committed before it is told.
A figure of its own is deliveries per second of the node's processor time: it hardly minds what else the machine does.
"""

import argparse
import asyncio
import os
import re
import select
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chat.descriptors import raise_limit
from chat.tickets import issue
from storage.model.account import EVERY_SCOPE, Account, Actor
from storage.model.ids import ChannelName
from storage.model.session import SessionKind
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.bench.socket_peers import READER_CORE, SERVER_CORE
from tests.chat.process import SECRET, ChatProcess
from tests.chat.raw import KEY, said
from tests.fixtures.postgres import PostgreSQL
from tests.fixtures.programs import free_port
from tests.fixtures.valkey import Valkey
from tests.web.people import add_account

TARGET = 50_000
ACCOUNTS = 100
_AT = re.compile(rb"=(\d{19})=")
_JOINED = re.compile(rb'"type":"joined".*?"epoch":"(\w+)","seq":(\d+)')


@dataclass
class Node:
    """A chat node, and tickets for it."""

    process: ChatProcess
    storage: Storage
    actors: Sequence[Actor]
    again: Callable[[], ChatProcess]

    def ticket(self, number: int) -> str:
        """Of one of the accounts."""
        return issue(self.storage, self.actors[number % len(self.actors)])

    def restart(self) -> None:
        """SIGKILL, and another in its place."""
        self.process.process.kill()
        self.process.process.wait()
        self.process = self.again()
        self.process.wait_until_ready()

    def cpu(self) -> float:
        """Seconds of processor it used."""
        times = self.process.seen.cpu_times()
        return float(times.user + times.system)


@contextmanager
def node(rooms: int, *, postgresql: bool) -> Iterator[Node]:
    """A node with so many channels, ``room-0`` and so on."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fl-bench-")))
        bus = Valkey(folder)
        bus.start()
        stack.callback(bus.kill)
        url = ""
        if postgresql:
            place = stack.enter_context(tempfile.TemporaryDirectory(prefix="fanlight-postgres-"))
            database = PostgreSQL(Path(place))
            database.start()
            stack.callback(database.kill)
            url = database.database_with_tables()
        settings = Settings(data=folder, redis_url=bus.url, database_url=url, secret=SECRET)
        loop = stack.enter_context(asyncio.Runner())
        opened = open_storage(settings)
        storage = loop.run(opened.__aenter__())
        stack.callback(lambda: loop.run(opened.__aexit__(None, None, None)))
        actors = loop.run(_people(storage, rooms))
        many = {f"FANLIGHT_CHAT_SOCKETS{which}": "100000" for which in ("", "_PER_ADDRESS", "_PER_ACCOUNT")}
        at = {"DATABASE_URL": url} if url else {}

        def start() -> ChatProcess:
            process = ChatProcess(folder, bus.url, port, SERVER_CORE, FANLIGHT_RATE_LIMITS="0", **many, **at)
            stack.callback(process.process.wait)
            stack.callback(process.process.kill)
            return process

        port = free_port()
        process = start()
        process.wait_until_ready()
        yield Node(process, storage, actors, start)


async def _people(storage: Storage, rooms: int) -> list[Actor]:
    await storage.database.migrate()
    await storage.signing.refresh()
    for number in range(rooms):
        await storage.channels.create(ChannelName(f"room-{number}"), "")
    return [await _actor(storage, await add_account(storage, f"writer-{number}")) for number in range(ACCOUNTS)]


async def _actor(storage: Storage, account: Account) -> Actor:
    session, _ = await storage.sessions.start(account, SessionKind.BROWSER, user_agent="", address="")
    return Actor(account, session=session.id, scopes=EVERY_SCOPE)


@dataclass
class Crowd:
    """Everybody, on one thread. Some of them are probes: what they are told is read, of the others it is counted."""

    node: Node
    sockets: dict[int, socket.socket] = field(default_factory=dict)
    rooms: dict[int, str] = field(default_factory=dict)
    writers: list[int] = field(default_factory=list)
    probes: dict[int, bytes] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    delivered: int = 0
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    inside: set[int] = field(default_factory=set)
    answered: int = 0
    refused: int = 0
    sent: int = 0
    codes: list[tuple[bytes, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.poll = select.epoll()

    def come(self, room: str, *, writes: bool, probes: bool, resume: tuple[str, int] | None = None) -> int:
        """One more, in a room; returns once it is upgraded."""
        connection = socket.socket()
        connection.connect(("127.0.0.1", self.node.process.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = (
            "GET /ws HTTP/1.1",
            f"Host: 127.0.0.1:{self.node.process.port}",
            *("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", "", ""),
        )
        connection.sendall("\r\n".join(lines).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        assert b" 101 " in head, head
        ticket = self.node.ticket(len(self.writers)) if writes else ""
        again = {"epoch": resume[0], "after": resume[1]} if resume else {}
        connection.sendall(said(type="hello", version=1, ticket=ticket) + said(type="join", id="j", room=room, **again))
        connection.setblocking(False)
        number = connection.fileno()
        self.sockets[number] = connection
        self.rooms[number] = room
        self.poll.register(number, select.EPOLLIN)
        if writes:
            self.writers.append(number)
        if probes:
            self.probes[number] = b""
        return number

    def close(self) -> None:
        for connection in self.sockets.values():
            connection.close()
        self.sockets.clear()
        self.poll.close()

    def forget(self) -> None:
        """Count anew."""
        self.latencies.clear()
        self.delivered = self.answered = self.refused = self.sent = 0

    def say(self) -> None:
        """The next of the writers writes."""
        number = self.writers[self.sent % len(self.writers)]
        text = f"={time.monotonic_ns():019}= is what one of us has to say about it"
        self.sockets[number].send(said(type="send", id=f"s{self.sent}-{time.monotonic_ns()}", room=self.rooms[number], text=text))
        self.sent += 1

    def read(self, seconds: float) -> None:
        """Read once what there is, or comes within."""
        for number, _ in self.poll.poll(seconds, 1024):
            try:
                data = self.sockets[number].recv(1 << 18)
            except BlockingIOError:
                continue
            assert data, "somebody was closed"
            self.delivered += data.count(b'"kind":"message"')
            if number not in self.inside:
                self._came(number, data)
            self.answered += data.count(b'"type":"done"')
            self.refused += data.count(b'"type":"refused"')
            if b'"type":"refused"' in data:
                self.codes += re.findall(rb'"code":"(\w+)","detail":"([^"]*)', data)
            if number in self.probes:
                self._probe(number, data)

    def _came(self, number: int, data: bytes) -> None:
        if b'"joined"' in data:
            self.inside.add(number)
            if found := _JOINED.search(data):
                self.places[self.rooms[number]] = found[1].decode(), int(found[2])
        elif b'"refused"' in data:
            self.sockets[number].send(said(type="join", id="j", room=self.rooms[number]))

    def _probe(self, number: int, data: bytes) -> None:
        now = time.monotonic_ns()
        text = self.probes[number] + data
        end = 0
        for match in _AT.finditer(text):
            self.latencies.append((now - int(match[1])) / 1e6)
            end = match.end()
        self.probes[number] = text[max(end, len(text) - 20) :]

    def ping(self) -> None:
        """Nobody is taken for dead."""
        for connection in self.sockets.values():
            connection.send(said(type="ping"))
        self.read_for(0.5)

    def settle(self, rest: float = 1.5) -> None:
        """Wait until all are in their rooms, and for a moment more. Who is not let in asks again."""
        limit = time.monotonic() + 60
        while len(self.inside) < len(self.sockets):
            assert time.monotonic() < limit, f"{len(self.inside)} of {len(self.sockets)} are in their rooms; refused: {set(self.codes)}"
            self.read(0.1)
        self.read_for(rest)

    def read_for(self, seconds: float) -> None:
        """Read what comes for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.read(left)


@dataclass(frozen=True)
class Figures:
    """One run."""

    sent: int
    delivered: float
    per_core_second: float
    busy: float
    p50: float
    p99: float


def run(crowd: Crowd, rate: float, seconds: float) -> Figures:
    """Say ``rate`` things a second, whatever becomes of them."""
    crowd.ping()
    crowd.forget()
    began, cpu = time.monotonic(), crowd.node.cpu()
    while (now := time.monotonic()) < began + seconds:
        due = int((now - began) * rate) - crowd.sent
        for _ in range(min(due, 50)):
            crowd.say()
        crowd.read(0.001 if due <= 0 else 0.0)
    delivered, sent = crowd.delivered, crowd.sent
    used, took = crowd.node.cpu() - cpu, time.monotonic() - began
    crowd.read_for(1.0)
    assert not crowd.refused, f"{crowd.refused} of {sent} messages were refused: {set(crowd.codes)}"
    cuts = statistics.quantiles(crowd.latencies, n=100)
    return Figures(sent, delivered / took, delivered / used, used / took, cuts[49], cuts[98])


def report(name: str, runs: list[Figures]) -> None:
    middle = sorted(runs, key=lambda one: one.per_core_second)[len(runs) // 2]
    print(
        f"{name}: {middle.per_core_second:.0f} deliveries a second of processor (target {TARGET}); "
        f"{middle.delivered:.0f} a second at {middle.busy:.0%} of a core, p50 {middle.p50:.0f} ms, p99 {middle.p99:.0f} ms (target 150)",
        flush=True,
    )


def one(arguments: argparse.Namespace) -> None:
    """A room of 1,000, of whom 50 write."""
    with node(1, postgresql=arguments.postgresql) as found:
        crowd = Crowd(found)
        for number in range(1000):
            crowd.come("room-0", writes=number % 20 == 0, probes=number % 50 == 1)
        crowd.settle()
        runs = [run(crowd, arguments.rate or 50, arguments.seconds) for _ in range(3)]
        crowd.close()
    report("one room of 1000 sockets", runs)


def many(arguments: argparse.Namespace) -> None:
    """200 rooms of 20, of whom 5 write."""
    with node(200, postgresql=arguments.postgresql) as found:
        crowd = Crowd(found)
        for number in range(4000):
            crowd.come(f"room-{number % 200}", writes=number < 1000, probes=number >= 3800)
            if number % 50 == 0:
                crowd.read(0.0)
        crowd.settle()
        runs = [run(crowd, arguments.rate or 2500, arguments.seconds) for _ in range(3)]
        crowd.close()
    report("200 rooms of 20 sockets", runs)


def storm(arguments: argparse.Namespace) -> None:
    """A node dies and everybody who was there comes back to what was missed: 1,000 in one room, then 4,000 in 200."""
    for rooms, sockets in ((1, 1000), (200, 4000)):
        with node(rooms, postgresql=arguments.postgresql) as found:
            before = Crowd(found)
            for number in range(sockets):
                before.come(f"room-{number % rooms}", writes=number < rooms, probes=False)
                if number % 50 == 0:
                    before.read(0.0)
            before.settle()
            places = before.places
            for _ in range(3 * rooms):
                before.say()
                before.read(0.002)
            before.read_for(2.0)
            before.close()
            found.restart()
            after, cpu = Crowd(found), found.cpu()
            began = time.monotonic()
            for number in range(sockets):
                room = f"room-{number % rooms}"
                after.come(room, writes=True, probes=False, resume=places[room])
                if number % 50 == 0:
                    after.read(0.0)
            connected = time.monotonic() - began
            after.settle(0.0)
            took, used = time.monotonic() - began, found.cpu() - cpu
            after.read_for(1.0)
            after.close()
        print(
            f"{sockets} come back to {rooms} rooms at once: {took:.1f} s until all are in (connected after {connected:.1f} s), "
            f"{used:.1f} s of processor; told {after.delivered} of {3 * sockets} missed messages",
            flush=True,
        )


BENCHMARKS = {"one": one, "many": many, "storm": storm}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("which", nargs="*", default=list(BENCHMARKS))
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rate", type=float, default=0)
    arguments = parser.parse_args()
    raise_limit()
    os.sched_setaffinity(0, {READER_CORE})
    for name in arguments.which:
        BENCHMARKS[name](arguments)


if __name__ == "__main__":
    main()
