"""A chat node as a process of its own, on a bus and a database of the tests."""

import asyncio
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from storage.opening import open_storage
from storage.settings import Settings
from tests.fixtures.valkey import Valkey
from tests.nodes.instance import environment

SECRET = "a secret of the tests"


class ChatProcess:
    """``fanlight node --roles chat``."""

    def __init__(self, data: Path, redis_url: str, port: int, core: int | None = None, /, **settings: str) -> None:
        self.port = port
        variables = environment(data, REDIS_URL=redis_url, FANLIGHT_SECRET=SECRET, FANLIGHT_CHAT_PORT=str(port), **settings)
        pinned = [] if core is None else ["taskset", "--cpu-list", str(core)]
        self.process = subprocess.Popen([*pinned, sys.executable, "-m", "web", "node", "--roles", "chat", "--one-machine"], env=variables)
        self.seen = psutil.Process(self.process.pid)

    def _read(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def wait_until_ready(self) -> None:
        limit = time.monotonic() + 60
        while True:
            try:
                self._read("/readyz")
            except OSError:
                assert self.process.poll() is None, "the process ended"
                assert time.monotonic() < limit, "the process did not become ready"
                time.sleep(0.05)
            else:
                return

    async def metric(self, name: str) -> float:
        """A number of ``/metrics``, 0 if it is not there."""
        found = re.search(rf"^{re.escape(name)} ([0-9.e+]+)$", await asyncio.to_thread(self._read, "/metrics"), re.MULTILINE)
        return float(found[1]) if found else 0.0

    def resident(self) -> int:
        """Bytes of memory."""
        return int(self.seen.memory_info().rss)

    def descriptors(self) -> int:
        return int(self.seen.num_fds())

    def stop(self) -> float:
        """SIGTERM; returns the seconds until it was gone, with status 0."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(15) == 0
        return time.monotonic() - began


@contextmanager
def chat_process(folder: Path, port: int, **settings: str) -> Iterator[ChatProcess]:
    """A node that is ready, with a bus and a database of its own."""
    bus = Valkey(folder)
    bus.start()
    try:
        asyncio.run(_migrate(Settings(data=folder, redis_url=bus.url)))
        node = ChatProcess(folder, bus.url, port, **settings)
        try:
            node.wait_until_ready()
            yield node
        finally:
            if node.process.poll() is None:
                node.process.kill()
                node.process.wait()
    finally:
        bus.kill()


async def _migrate(settings: Settings) -> None:
    async with open_storage(settings) as storage:
        await storage.database.migrate()
