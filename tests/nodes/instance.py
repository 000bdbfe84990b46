"""A real ``fanlight up`` on free ports with a folder of its own."""

import contextlib
import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from tests.fixtures.log_scan import secrets_in

_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
"""Of the test processes that run at a time this one; two never take the same block of ports, however long both take to use it."""

DEADLINE = 60.0
"""Seconds for anything the instance is asked to do; it usually takes two."""


def free_ports() -> dict[str, str]:
    """Settings that name ports nobody uses now, below those the system gives to clients, so that none takes them meanwhile."""
    while True:
        first = 8 * (4 * random.randrange(313, 1000) + _PROCESS % 4)
        kinds = [socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_STREAM]
        if all(_free(first + offset, kind) for offset, kind in enumerate(kinds)):
            names = ("FANLIGHT_PORT", "FANLIGHT_EDGE_PORT", "FANLIGHT_MEDIA_PORT", "FANLIGHT_OPERATIONS_PORT")
            return {name: str(first + offset) for offset, name in enumerate(names)}


def _free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


def environment(data: Path, **changes: str) -> dict[str, str]:
    """What an instance is started with; nothing of the tester's own settings gets in."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("FANLIGHT_", "REDIS_", "DATABASE_"))}
    return outside | free_ports() | {"FANLIGHT_DATA": str(data)} | changes


class Instance:
    """A running ``fanlight up --json``, or another command that tells the same events.

    ``seen`` holds its events so far, ``log`` what it printed on standard error.
    """

    def __init__(self, variables: dict[str, str], *command: str) -> None:
        self.variables = variables
        self.seen: list[dict[str, Any]] = []
        self.log: list[str] = []
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "web", *(command or ["up"]), "--json"],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._readers = [threading.Thread(target=self._read_events), threading.Thread(target=self._read_log)]
        for reader in self._readers:
            reader.start()

    def _read_events(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._events.put(json.loads(line))
        self._events.put(None)

    def _read_log(self) -> None:
        assert self.process.stderr
        self.log.extend(self.process.stderr)

    def wait_for(self, event: str, **fields: object) -> dict[str, Any]:
        """The next event of that kind with those fields."""
        while True:
            try:
                found = self._events.get(timeout=DEADLINE)
            except queue.Empty:
                raise AssertionError(f"no {event} {fields} within {DEADLINE} s:\n{''.join(self.log)[-8000:]}") from None
            assert found is not None, f"ended before {event} {fields}:\n{''.join(self.log)[-8000:]}"
            self.seen.append(found)
            if found["event"] == event and all(found.get(name) == value for name, value in fields.items()):
                return found

    def pid(self, role: str) -> int:
        """The process that has a role now, of what was seen so far."""
        return int([event["pid"] for event in self.seen if event["event"] == "started" and event["role"] == role][-1])

    def family(self) -> list[psutil.Process]:
        """The supervisor and everything below it."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Signal it and return its exit status."""
        self.process.send_signal(number)
        return self.end()

    def end(self) -> int:
        """Wait for its end and return its exit status."""
        try:
            status = self.process.wait(DEADLINE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            for reader in self._readers:
                reader.join(DEADLINE)
            for pipe in (self.process.stdout, self.process.stderr):
                assert pipe
                pipe.close()
        return status


@contextlib.contextmanager
def running(data: Path, *command: str, **changes: str) -> Iterator[Instance]:
    """An instance that is up when the block begins and gone when it ends; ``command`` is ``up`` unless told."""
    instance = Instance(environment(data, **changes), *command)
    try:
        instance.wait_for("up")
        yield instance
    finally:
        if instance.process.poll() is None:
            instance.stop()
        elif instance.process.stdout and not instance.process.stdout.closed:
            instance.end()
    assert secrets_in("".join(instance.log)) == []


def self_signed(folder: Path) -> tuple[str, str]:
    """A certificate for localhost and its key, as paths of PEM files."""
    certificate, key = str(folder / "certificate.pem"), str(folder / "key.pem")
    subprocess.run(
        [
            "openssl",
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key
