"""The real edge and the real bus in processes of their own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from storage.embedded import server_command, server_url

ROOT = Path(__file__).parents[2]
MAIN = "import os; from storage.settings import Settings; from web.edge.server import serve; serve(Settings.from_environment(os.environ))"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class EdgeProcess:
    url: str
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running_edge(bus_url: str, data: Path, *, port: int = 0, **settings: str) -> Iterator[EdgeProcess]:
    """The edge until the block is left; it must then stop by itself within seconds, with status 0 unless it was killed."""
    port = port or free_port()
    environment: Mapping[str, str] = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FANLIGHT_")},
        "REDIS_URL": bus_url,
        "FANLIGHT_DATA": str(data),
        "FANLIGHT_EDGE_PORT": str(port),
        "FANLIGHT_LOG_LEVEL": "warning",
        **{f"FANLIGHT_{name.upper()}": value for name, value in settings.items()},
    }
    process = subprocess.Popen([sys.executable, "-c", MAIN], env=environment, cwd=ROOT)
    scheme = "https" if "tls_key" in settings else "http"
    edge = EdgeProcess(f"{scheme}://127.0.0.1:{port}", process)
    try:
        _until_healthy(edge)
        yield edge
    finally:
        killed = process.poll() is not None
        if not killed:
            process.terminate()
        try:
            status = process.wait(timeout=30)
        finally:
            process.kill()
        assert killed or status == 0


def _until_healthy(edge: EdgeProcess) -> None:
    until = time.monotonic() + 60
    with httpx.Client(verify=False) as client:
        while True:
            assert edge.process.poll() is None, "the edge did not start"
            assert time.monotonic() < until, "the edge did not answer"
            try:
                if client.get(f"{edge.url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)


@dataclass
class BusProcess:
    socket: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return server_url(self.socket)


@contextmanager
def running_bus(socket: Path) -> Iterator[BusProcess]:
    """The bus until the block is left, unless it is killed before."""
    process = subprocess.Popen(server_command(socket), stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not socket.exists():
            assert process.poll() is None, "the bus did not start"
            assert time.monotonic() < until, "the bus did not answer"
            time.sleep(0.01)
        yield BusProcess(socket, process)
    finally:
        process.kill()
        process.wait()
        socket.unlink(missing_ok=True)
