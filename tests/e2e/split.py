"""The roles as nodes of their own, as compose.yaml names them: Valkey, PostgreSQL, a bucket, and a process for each role."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.e2e.stage import Stage
from tests.fixtures.log_scan import secrets_in
from tests.fixtures.postgres import PostgreSQL
from tests.fixtures.programs import Program
from tests.fixtures.seaweedfs import SeaweedFS
from tests.fixtures.valkey import Valkey
from tests.nodes.instance import environment

ROLES = ("ingest", "transcoder", "edge", "web")


@contextlib.contextmanager
def split_nodes(folder: Path, valkey: Valkey, postgres: PostgreSQL, seaweedfs: SeaweedFS) -> Iterator[Stage]:
    """Start every role on its own and create a channel; nothing is shared but the three stores."""
    common = environment(
        folder,
        REDIS_URL=valkey.url,
        DATABASE_URL=postgres.database(),
        FANLIGHT_SECRET="a-secret-of-the-tests-0123456789abcdef",
        **{f"FANLIGHT_{name.upper()}": value for name, value in seaweedfs.settings.items()},
    )
    port = int(common["FANLIGHT_PORT"])
    web, edge = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{common['FANLIGHT_EDGE_PORT']}"
    # the block of ports environment() chose ends with the second operations port
    common |= {"FANLIGHT_RELAY_PORT": str(port + 5), "FANLIGHT_PUBLIC_URL": web, "FANLIGHT_EDGE_URL": edge}
    operations = int(common["FANLIGHT_OPERATIONS_PORT"])
    ready = {"web": f"{web}/readyz", "edge": f"{edge}/readyz"}
    ready |= {role: f"http://127.0.0.1:{operations + offset}/readyz" for offset, role in enumerate(("ingest", "transcoder"))}
    _fanlight(common, folder, "migrate")
    created = json.loads(_fanlight(common, folder, "channel", "create", "split", "--json"))
    with contextlib.ExitStack() as stack:
        for role in ROLES:
            home = folder / role
            home.mkdir()
            node = _Node(role, home, {**common, "FANLIGHT_DATA": str(home)}, ready[role])
            node.start()
            stack.callback(node.stop)
        yield Stage(web, f"{web}/whip/split", f"{edge}/hls/split/index.m3u8", "split", created["key"])
    assert {role: found for role in ROLES if (found := secrets_in((folder / role / "log").read_text()))} == {}


class _Node(Program):
    """One role."""

    def __init__(self, role: str, home: Path, variables: dict[str, str], ready: str) -> None:
        self._ready_url = ready
        command = [sys.executable, "-m", "web", "node", "--roles", role]
        super().__init__(command, log=home / "log", ready=self._is_ready, environment={**variables, "PYTHONPATH": str(Path.cwd())})

    def _is_ready(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(self._ready_url, timeout=2).status_code == 200
        return False


def _fanlight(variables: dict[str, str], folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "web", *words]
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert folder.exists()
    return done.stdout
