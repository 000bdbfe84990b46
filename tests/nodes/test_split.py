import json
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from tests.fixtures.postgres import PostgreSQL
from tests.fixtures.programs import free_port
from tests.fixtures.seaweedfs import SeaweedFS
from tests.fixtures.valkey import Valkey
from tests.nodes.instance import DEADLINE, environment, free_ports, running

# Processes by the dozen on a machine that may be busy with other tests; one that hangs fails by its own deadlines.
pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300)]


def fanlight(variables: dict[str, str], *arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "web", *arguments], env=variables, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout


def test_nodes_on_shared_stores_come_up_apart_and_lose_the_bus_in_public(
    tmp_path: Path, valkey: Valkey, postgres: PostgreSQL, seaweedfs: SeaweedFS
) -> None:
    shared = free_ports() | {
        "REDIS_URL": valkey.url,
        "DATABASE_URL": postgres.database(),
        "FANLIGHT_SECRET": "a secret that every node of this test shares",
        "FANLIGHT_RELAY_PORT": str(free_port()),
        **{f"FANLIGHT_{name.upper()}": value for name, value in seaweedfs.settings.items()},
    }
    variables = environment(tmp_path / "admin", **shared)
    web = f"http://127.0.0.1:{shared['FANLIGHT_PORT']}"

    fanlight(variables, "migrate")
    key = json.loads(fanlight(variables, "channel", "create", "split", "--title", "Two nodes", "--json"))["key"]
    with (
        running(tmp_path / "media", "node", "--roles", "transcoder,ingest", **shared) as media,
        running(tmp_path / "front", "node", "--roles", "web,edge", **shared) as front,
    ):
        channels = json.loads(fanlight(variables, "channel", "list", "--json"))
        findings = json.loads(fanlight(variables, "doctor", "--json"))
        offer = httpx.post(
            f"{web}/whip/split", headers={"Authorization": f"Bearer {key}", "Content-Type": "application/sdp"}, content=b"v=0"
        )
        valkey.kill()
        alone = httpx.get(f"{web}/readyz", timeout=DEADLINE)
        up = httpx.get(f"{web}/healthz", timeout=DEADLINE)
        families = [*media.family(), *front.family()]
        statuses = [media.stop(), front.stop()]

    assert [(channel["name"], channel["title"]) for channel in channels] == [("split", "Two nodes")]
    assert [finding for finding in findings if finding["level"] == "fail"] == []
    assert {"bus", "database", "object store"} <= {finding["subject"] for finding in findings}
    # The key was good and an ingest node was found: it is the offer that can't be read.
    assert (offer.status_code, offer.json()["code"]) == (400, "bad_sdp")
    assert (alone.status_code, alone.json()["ready"], up.status_code) == (503, False, 200)
    assert statuses == [0, 0]
    assert psutil.wait_procs(families, DEADLINE)[1] == []
