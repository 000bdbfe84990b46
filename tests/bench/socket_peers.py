"""Three servers that tell everybody the same frames: ours, the npm package ``ws`` and NATS by its WebSocket listener."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.chat.raw import BINARY, KEY, TEXT, frame, said

ROOT = Path(__file__).parents[2]
SERVER_CORE, READER_CORE = 0, 1
NATS = """
listen: 127.0.0.1:{other}
websocket {{ listen: "127.0.0.1:{port}", no_tls: true, compression: false }}
write_deadline: "10s"
"""


@dataclass(frozen=True)
class Peer:
    """How to join the room of a server, and how to say a payload of ASCII there."""

    name: str
    port: int
    process: psutil.Process

    def connect(self, *, receive_buffer: int = 0) -> socket.socket:
        """One who listens."""
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.connect(("127.0.0.1", self.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = (
            f"GET {'/' if self.name == 'nats' else '/ws'} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            *("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", "", ""),
        )
        connection.sendall("\r\n".join(lines).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        assert b" 101 " in head, head
        if self.name == "fanlight":
            connection.sendall(said(type="hello", version=1) + said(type="join", id="1", room="main"))
        elif self.name == "nats":
            connection.sendall(frame(b'CONNECT {"verbose":false,"echo":true}\r\nSUB room 1\r\n', BINARY))
        return connection

    def saying(self, payload: str) -> bytes:
        """The bytes with which one of them says something to all."""
        if self.name == "fanlight":
            return said(type="send", id="1", room="main", text=payload)
        if self.name == "nats":
            return frame(f"PUB room {len(payload)}\r\n{payload}\r\n".encode(), BINARY)
        return frame(payload.encode(), TEXT)

    def cpu(self) -> float:
        """Seconds of processor it used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


def command(name: str, port: int, folder: Path) -> list[str]:
    if name == "fanlight":
        return [sys.executable, "-m", "tests.bench.socket_server", str(port)]
    if name == "ws":
        node = subprocess.run([ROOT / "scripts/node"], capture_output=True, text=True, check=True).stdout.strip()
        return [f"{node}/node", str(ROOT / "tests/clients/ws-server.mjs"), str(port)]
    (folder / "nats.conf").write_text(NATS.format(port=port, other=port + 1))
    return [str(Path(sys.executable).with_name("nats-server")), "--config", str(folder / "nats.conf")]


@contextmanager
def serving(name: str, port: int, folder: Path) -> Iterator[Peer]:
    """The server, alone on its core."""
    pinned = ["taskset", "--cpu-list", str(SERVER_CORE), *command(name, port, folder)]
    process = subprocess.Popen(pinned, cwd=ROOT, env=os.environ | {"GOMAXPROCS": "1"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert time.monotonic() < limit, f"{name} does not listen"
                time.sleep(0.05)
        yield Peer(name, port, psutil.Process(process.pid))
    finally:
        process.kill()
        process.wait()
