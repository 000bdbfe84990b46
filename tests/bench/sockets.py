"""Sockets beside the npm package ``ws`` and NATS: ``python -m tests.bench.sockets [fanout] [stalled] [idle] [storm]``.

The server has one core to itself and the readers the other. Readers count bytes; a few of them read what is told, for the latency and
for how many bytes one telling has. A figure of its own is deliveries per second of the server's processor time: it hardly minds
what else the machine does.
"""

import contextlib
import os
import re
import resource
import select
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.bench.socket_peers import READER_CORE, Peer, serving
from tests.nodes.instance import free_ports

FRAME_BYTES = 400
"""An ``events`` frame with one message."""
PROBES = 20
PAIRS = 15
_AT = re.compile(rb"@(\d{19})@")


def payload() -> str:
    """Something to tell, with the time in it."""
    return f"@{time.monotonic_ns():019}@".ljust(FRAME_BYTES, "x")


@dataclass
class Readers:
    """Everybody in the room. The first few are probes."""

    peer: Peer
    count: int
    sockets: dict[int, socket.socket] = field(default_factory=dict)
    received: dict[int, int] = field(default_factory=dict)
    probes: dict[int, bytes] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    told: int = 0
    probed_bytes: int = 0

    def __enter__(self) -> Self:
        self.poll = select.epoll()
        for _ in range(self.count):
            connection = self.peer.connect()
            connection.setblocking(False)
            self.sockets[connection.fileno()] = connection
            self.poll.register(connection.fileno(), select.EPOLLIN)
        self.probes = dict.fromkeys(list(self.sockets)[:PROBES], b"")
        self.speaker = self.peer.connect()
        self.speaker.setblocking(False)
        self.forget()
        self.read(1.0)
        self.forget()
        return self

    def __exit__(self, *_: object) -> None:
        for connection in (*self.sockets.values(), self.speaker):
            connection.close()
        self.poll.close()

    @contextlib.contextmanager
    def one_more(self, *, never_reads: bool) -> Iterator[None]:
        """Another in the room, who reads like the others, or nothing at all."""
        connection = self.peer.connect(receive_buffer=4096)
        connection.setblocking(False)
        number = connection.fileno()
        if not never_reads:
            self.sockets[number] = connection
            self.poll.register(number, select.EPOLLIN)
        try:
            yield
        finally:
            if not never_reads:
                self.poll.unregister(number)
                del self.sockets[number]
            connection.close()

    def live(self) -> None:
        """Nobody is taken for dead: everybody sends a pong (RFC 6455 section 5.5.3: also one nobody asked for)."""
        for connection in (*self.sockets.values(), self.speaker):
            connection.send(b"\x8a\x80" + bytes(4))

    def forget(self) -> None:
        """Count anew."""
        self.received = dict.fromkeys(self.sockets, 0)
        self.latencies.clear()
        self.told = self.probed_bytes = 0

    def say(self) -> None:
        """Tell everybody something."""
        self.speaker.sendall(self.peer.saying(payload()))
        with contextlib.suppress(BlockingIOError):
            self.speaker.recv(1 << 20)

    def read(self, seconds: float) -> None:
        """Read what comes for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.once(left)

    def once(self, seconds: float) -> None:
        """Read once what there is, or comes within."""
        for number, _ in self.poll.poll(seconds, 512):
            try:
                data = self.sockets[number].recv(1 << 18)
            except BlockingIOError:
                continue
            assert data, "a reader was closed"
            self.received[number] += len(data)
            if number in self.probes:
                self.probe(number, data)

    def probe(self, number: int, data: bytes) -> None:
        now = time.monotonic_ns()
        text = self.probes[number] + data
        end = 0
        for match in _AT.finditer(text):
            self.latencies.append((now - int(match[1])) / 1e6)
            self.told += 1
            end = match.end()
        self.probes[number] = text[max(end, len(text) - 20) :]
        self.probed_bytes += len(data)

    @property
    def deliveries(self) -> float:
        """How many frames reached somebody."""
        return sum(self.received.values()) * self.told / self.probed_bytes if self.probed_bytes else 0.0


@dataclass(frozen=True)
class Figures:
    """One run."""

    deliveries: float
    per_core_second: float
    p50: float
    p99: float


def run(readers: Readers, rate: float, seconds: float) -> Figures:
    """Say ``rate`` things a second, whatever becomes of them (0: the next when the last but three was heard)."""
    readers.forget()
    began, cpu, said = time.monotonic(), readers.peer.cpu(), 0
    while (now := time.monotonic()) < began + seconds:
        due = now - began >= said / rate if rate else said - readers.told / len(readers.probes) < 4
        if due:
            readers.say()
            said += 1
        readers.once(0.0 if due else 0.001)
    readers.read(0.5)
    used = readers.peer.cpu() - cpu
    cuts = statistics.quantiles(readers.latencies, n=100)
    return Figures(readers.deliveries / seconds, readers.deliveries / used, cuts[49], cuts[98])


def fan_out(folder: Path) -> None:
    found: dict[str, list[Figures]] = {"fanlight": [], "ws": [], "nats": []}
    paced: dict[str, Figures] = {}
    for _ in range(3):
        for name, runs in found.items():
            with serving(name, int(free_ports()["FANLIGHT_PORT"]), folder) as peer, Readers(peer, 1000) as readers:
                runs.append(run(readers, 0, 4))
                paced[name] = run(readers, 30, 4)
    middle = {name: sorted(runs, key=lambda run: run.per_core_second)[1] for name, runs in found.items()}
    ours = middle["fanlight"]
    for name, figures in middle.items():
        ratio = f" ({ours.per_core_second / figures.per_core_second:.2f} x of it)" if figures is not ours else " (target 50000)"
        print(f"deliveries a second of processor, 1000 sockets, {name}: {figures.per_core_second:.0f}{ratio}", flush=True)
        print(f"deliveries a second, as fast as it goes, {name}: {figures.deliveries:.0f}", flush=True)
        print(
            f"latency at 30 frames a second to 1000 sockets, {name}: p50 {paced[name].p50:.1f} ms, p99 {paced[name].p99:.1f} ms", flush=True
        )


def stalled(folder: Path) -> None:
    with serving("fanlight", int(free_ports()["FANLIGHT_PORT"]), folder) as peer, Readers(peer, 500) as readers:
        found: dict[bool, list[list[float]]] = {False: [], True: []}
        for number in range(PAIRS):
            # Each goes first in every other pair: what the machine does besides, and how warm it is, is the same for both.
            for never_reads in (bool(number % 2), not number % 2):
                readers.live()
                with readers.one_more(never_reads=never_reads):
                    run(readers, 40, 2)
                    found[never_reads].append(list(readers.latencies))
        each = {which: statistics.median(_p99(one) for one in runs) for which, runs in found.items()}
        pooled = {which: _p99([latency for one in runs for latency in one]) for which, runs in found.items()}
        middle = {which: statistics.median(latency for one in runs for latency in one) for which, runs in found.items()}
        print(
            f"p99 of 500 sockets beside one that never reads: {each[True] / each[False]:.2f} x of it beside one more that reads "
            f"(median of {PAIRS} pairs, {each[False]:.1f} ms; target 1.10); of all together {pooled[True] / pooled[False]:.2f} x, "
            f"p50 {middle[True] / middle[False]:.2f} x",
            flush=True,
        )


def _p99(latencies: list[float]) -> float:
    return statistics.quantiles(latencies, n=100)[98]


def idle(folder: Path) -> None:
    count = 10_000
    with serving("fanlight", int(free_ports()["FANLIGHT_PORT"]), folder) as peer:
        warm = [peer.connect() for _ in range(50)]
        for connection in warm:
            connection.close()
        time.sleep(2)
        before = peer.process.memory_info().rss
        began = time.monotonic()
        held = [peer.connect() for _ in range(count)]
        connected = time.monotonic() - began
        time.sleep(3)
        each = (peer.process.memory_info().rss - before) / count / 1024
        cpu = peer.cpu()
        time.sleep(10)
        print(f"memory of {count} idle sockets: {each:.2f} KiB each (target 25)", flush=True)
        print(f"processor with {count} idle sockets: {(peer.cpu() - cpu) * 10:.1f} % of a core", flush=True)
        print(f"{count} sockets one after the other: {connected:.1f} s", flush=True)
        for connection in held:
            connection.close()


BENCHMARKS = {"fanout": fan_out, "stalled": stalled, "idle": idle}


if __name__ == "__main__":
    os.sched_setaffinity(0, {READER_CORE})
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as name:
        for wanted in sys.argv[1:] or BENCHMARKS:
            BENCHMARKS[wanted](Path(name))
