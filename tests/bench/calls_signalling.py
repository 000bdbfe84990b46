"""Calls' signalling: ``python -m tests.bench.calls_signalling [signals] [calls]``.

A chat node has one core to itself, with its database in its own process, and Valkey and everybody who calls have the other. A signal is a
candidate as browsers write it, to a seat of the same call, answered by ``done``; beside it, the npm package ``ws`` that does nothing but
read JSON, pass it on and answer. Figures are by the server's processor time: they hardly mind what else the machine does.
"""

import asyncio
import contextlib
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from storage.opening import open_storage
from storage.settings import Settings
from tests.bench.socket_peers import READER_CORE, ROOT, SERVER_CORE
from tests.chat.caller import Lines
from tests.chat.conftest import SECRET
from tests.chat.nodes import Chat, ChatNode
from tests.chat.process import ChatProcess
from tests.fixtures.programs import free_port
from tests.fixtures.valkey import Valkey

CANDIDATE = {
    "candidate": "candidate:2093422893 1 udp 2113937151 0f3c8a1e-5d0b-4c6e-9a57-2f1f1c0d7e11.local 50012 typ host generation 0 ufrag Zk3v",
    "sdpMid": "0",
    "sdpMLineIndex": 0,
    "usernameFragment": "Zk3v",
}
SECONDS = 6.0
UNDER_WAY = 8
"""Signals of a seat that are not answered yet."""


@dataclass
class Seated:
    """A socket, and to whom it signals."""

    socket: ClientConnection
    call: str
    to: str


@dataclass(frozen=True)
class Figures:
    """``late`` are milliseconds from a signal to its answer."""

    a_second: float
    by_processor: float
    late: Sequence[float]

    def __str__(self) -> str:
        late = sorted(self.late)
        middle, high = late[len(late) // 2], late[len(late) * 99 // 100]
        return f"{self.by_processor:.0f} by a second of processor, {self.a_second:.0f} a second, p50 {middle:.1f} ms, p99 {high:.1f} ms"


async def signal(seats: Sequence[Seated], cpu: Callable[[], float]) -> Figures:
    """Everybody signals as fast as they are answered."""
    late: list[float] = []
    until = time.monotonic() + SECONDS
    before = cpu()
    done = await asyncio.gather(*(one(seat, until, late) for seat in seats))
    used = cpu() - before
    return Figures(sum(done) / SECONDS, sum(done) / used, late)


async def one(seat: Seated, until: float, late: list[float]) -> int:
    asked: dict[str, float] = {}
    numbers = itertools.count()
    done = 0

    async def ask() -> None:
        identifier = f"s{next(numbers)}"
        asked[identifier] = time.monotonic()
        frame = {"type": "signal", "id": identifier, "call": seat.call, "to": seat.to, "candidate": CANDIDATE}
        await seat.socket.send(json.dumps(frame))

    for _ in range(UNDER_WAY):
        await ask()
    while time.monotonic() < until:
        text = await seat.socket.recv(decode=False)
        if b'"type":"done"' in text[:20]:
            late.append((time.monotonic() - asked.pop(json.loads(text)["id"])) * 1000)
            done += 1
            await ask()
        elif b'"type":"refused"' in text[:20]:
            raise AssertionError(text)
    return done


def cpu_of(process: psutil.Process) -> Callable[[], float]:
    def seconds() -> float:
        times = process.cpu_times()
        return float(times.user + times.system)

    return seconds


@asynccontextmanager
async def node(folder: Path, count: int = 1) -> AsyncIterator[tuple[Chat, list[ChatProcess]]]:
    bus = Valkey(folder)
    bus.start()
    settings = {
        "FANLIGHT_RATE_LIMITS": "1000",
        "FANLIGHT_CHAT_SOCKETS_PER_ADDRESS": "20000",
        "FANLIGHT_CHAT_SOCKETS_PER_ACCOUNT": "20000",
    }
    try:
        async with open_storage(Settings(secret=SECRET, data=folder, redis_url=bus.url)) as storage:
            await storage.database.migrate()
            await storage.signing.refresh()
            nodes = [ChatProcess(folder, bus.url, free_port(), SERVER_CORE, **settings) for _ in range(count)]
            try:
                for one in nodes:
                    await asyncio.to_thread(one.wait_until_ready)
                yield Chat([ChatNode(one.port, storage) for one in nodes], storage), nodes
            finally:
                for one in nodes:
                    one.process.kill()
                    one.process.wait()
    finally:
        bus.kill()


async def sit(stack: AsyncExitStack, chat: Chat, host: Lines, people: int) -> list[Seated]:
    """A call with so many people, each of whom signals to the next; they are on the nodes in turn."""
    call = await chat.storage.calls.create(host.host.id, lobby=False)
    lines = Lines(chat, host.host, call)
    invite = await lines.invite()
    sockets, names = [], []
    for at in range(people):
        port = chat.nodes[at % len(chat.nodes)].port
        socket = await stack.enter_async_context(connect(f"ws://127.0.0.1:{port}/ws", compression=None, max_queue=None, ping_interval=None))
        await socket.send('{"type": "hello", "version": 1}')
        await socket.send(json.dumps({"type": "enter", "id": "e", "call": call.name, "invite": invite, "name": f"Guest {at}"}))
        while (told := json.loads(await socket.recv())).get("id") != "e":
            pass
        assert told["type"] == "seated", told
        sockets.append(socket)
        names.append(told["you"])
    return [Seated(socket, call.name, names[(at + 1) % people]) for at, socket in enumerate(sockets)]


async def ours(folder: Path, nodes: int) -> Figures:
    async with node(folder, nodes) as (chat, processes), AsyncExitStack() as stack:
        host = await Lines.made(chat)
        seats = [seat for _ in range(4) for seat in await sit(stack, chat, host, 8)]
        clocks = [cpu_of(one.seen) for one in processes]
        return await signal(seats, lambda: sum(clock() for clock in clocks))


async def theirs() -> Figures:
    port = free_port()
    program = subprocess.run([ROOT / "scripts/node"], capture_output=True, text=True, check=True).stdout.strip()
    command = ["taskset", "--cpu-list", str(SERVER_CORE), f"{program}/node", str(ROOT / "tests/clients/ws-signals.mjs"), str(port)]
    process = subprocess.Popen(command)
    try:
        async with AsyncExitStack() as stack:
            seats = []
            for at in range(32):
                socket = await opened(stack, port)
                await socket.send(json.dumps({"type": "sit", "seat": f"s{at}"}))
                seats.append(Seated(socket, "4hc2e9v0kq7x3m8t5w1r6y0bnd", f"s{at - at % 8 + (at + 1) % 8}"))
            await asyncio.sleep(0.3)
            return await signal(seats, cpu_of(psutil.Process(process.pid)))
    finally:
        process.kill()
        process.wait()


async def opened(stack: AsyncExitStack, port: int) -> ClientConnection:
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(OSError):
                return await stack.enter_async_context(
                    connect(f"ws://127.0.0.1:{port}", compression=None, max_queue=None, ping_interval=None)
                )
            await asyncio.sleep(0.05)


async def signals() -> None:
    """The middle of three runs each, in turn."""
    runs: dict[str, list[Figures]] = {"fanlight": [], "fanlight, two nodes": [], "ws": []}
    for _ in range(3):
        for name, found in runs.items():
            with tempfile.TemporaryDirectory() as folder:
                found.append(await (theirs() if name == "ws" else ours(Path(folder), 2 if "two" in name else 1)))
    for name, found in runs.items():
        print(f"signals between 32 seats, {name}: {sorted(found, key=lambda one: one.by_processor)[1]}", flush=True)


async def calls() -> None:
    """What calls cost in which nobody says anything."""
    count, people = 100, 4
    with tempfile.TemporaryDirectory() as folder:
        async with node(Path(folder)) as (chat, (process,)), AsyncExitStack() as stack:
            host = await Lines.made(chat)
            await sit(stack, chat, host, people)
            clock = cpu_of(process.seen)
            resident, used = process.resident(), clock()
            for _ in range(count):
                await sit(stack, chat, host, people)
            entered = clock() - used
            await asyncio.sleep(3)
            each = (process.resident() - resident) / count / 1024
            idle = clock()
            await asyncio.sleep(10)
            idle = (clock() - idle) / 10
    print(f"memory of a call of {people}, sockets included: {each:.1f} KiB", flush=True)
    print(f"processor of a seat that is taken: {entered / count / people * 1000:.1f} ms", flush=True)
    print(f"processor of {count} calls in which nothing happens: {idle * 100:.1f} % of a core", flush=True)


BENCHMARKS: dict[str, Callable[[], Awaitable[None]]] = {"signals": signals, "calls": calls}


async def main() -> None:
    for wanted in sys.argv[1:] or BENCHMARKS:
        await BENCHMARKS[wanted]()


if __name__ == "__main__":
    os.sched_setaffinity(0, {READER_CORE})
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    uvloop.run(main())
