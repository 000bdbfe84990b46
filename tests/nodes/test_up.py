import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.sync.client import connect

from tests.ingest.offers import OFFERS
from tests.nodes.instance import DEADLINE, environment, running, self_signed

# Processes by the dozen on a machine that may be busy with other tests; one that hangs fails by its own deadlines.
pytestmark = [pytest.mark.real_time, pytest.mark.timeout(300)]
ROLES = ("ingest", "transcoder", "web", "edge")


def readiness(variables: dict[str, str]) -> dict[str, int]:
    operations = int(variables["FANLIGHT_OPERATIONS_PORT"])
    ports = {
        "web": variables["FANLIGHT_PORT"],
        "edge": variables["FANLIGHT_EDGE_PORT"],
        "ingest": str(operations),
        "transcoder": str(operations + 1),
    }
    return {role: httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=DEADLINE).status_code for role, port in ports.items()}


def refusal(variables: dict[str, str]) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "web", "up"], env=variables, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert result.returncode == 2
    assert result.stdout == ""
    return result.stderr


def test_it_comes_up_heals_and_stops_without_a_trace(tmp_path: Path) -> None:
    with running(tmp_path / "data") as instance:
        up = instance.seen[-1]
        headers = {"Authorization": f"Bearer {up['key']}", "Content-Type": "application/sdp"}
        published = httpx.post(up["urls"]["whip"], content=OFFERS["chromium"], headers=headers, timeout=DEADLINE)
        home = httpx.get(up["urls"]["home"], timeout=DEADLINE)
        ticket = httpx.post(f"{up['urls']['home']}api/v1/sockets", timeout=DEADLINE).json()
        ready = readiness(instance.variables)
        with connect(ticket["url"]) as client:
            client.send('{"type": "hello", "version": 1}')
            welcome = json.loads(client.recv())
        crashed = instance.pid("ingest")
        os.kill(crashed, signal.SIGKILL)
        exited = instance.wait_for("exited", role="ingest")
        instance.wait_for("started", role="ingest")
        family = instance.family()
        status = instance.stop(signal.SIGINT)

    assert published.status_code == 201, published.text
    assert home.status_code == 200
    assert ready == dict.fromkeys(ROLES, 200)
    assert welcome["type"] == "welcome"
    assert up["channel"] == "main"
    assert up["setup"].startswith(f"{up['urls']['home']}signup#setup=")
    assert up["key"]
    assert exited["restart_in"] <= 0.2
    assert len(family) >= 2 + len(ROLES)
    assert status == 0
    assert [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []


def test_a_second_start_shows_the_same_key_and_a_revoked_one_is_replaced(tmp_path: Path) -> None:
    data = tmp_path / "data"
    keys = []
    for _ in range(2):
        with running(data) as instance:
            keys.append(instance.seen[-1]["key"])
    variables = environment(data)
    revoked = subprocess.run(
        [sys.executable, "-m", "web", "channel", "revoke", "main", "--json"], env=variables, capture_output=True, text=True, check=True
    )
    with running(data) as instance:
        keys.append(instance.seen[-1]["key"])
        text = "".join(instance.log)

    assert keys[0] == keys[1] != keys[2]
    assert json.loads(revoked.stdout) == {"channel": "main", "revoked": 1}
    assert keys[2] not in text
    assert [stat.S_IMODE((data / name).stat().st_mode) for name in (".", "secret", "keys/main")] == [0o700, 0o600, 0o600]


def test_nothing_survives_a_sigkill_of_it(tmp_path: Path) -> None:
    with running(tmp_path / "data") as instance:
        family = instance.family()
        instance.stop(signal.SIGKILL)
    gone, alive = psutil.wait_procs(family, DEADLINE)

    assert len(gone) >= 2 + len(ROLES)
    assert alive == []


def test_with_a_certificate_everything_people_reach_speaks_tls(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    trusting = ssl.create_default_context(cafile=certificate)
    with (
        running(tmp_path / "data", FANLIGHT_TLS_CERTIFICATE=certificate, FANLIGHT_TLS_KEY=key) as instance,
        httpx.Client(verify=trusting, http2=True) as client,
    ):
        urls = instance.seen[-1]["urls"]
        home = client.get(urls["home"])
        playlist = client.get(urls["hls"])

    assert all(url.startswith("https://127.0.0.1:") for url in urls.values())
    assert (home.status_code, home.http_version) == (200, "HTTP/2")
    assert (playlist.status_code, playlist.http_version) == (404, "HTTP/2")


def test_a_taken_port_is_refused_in_one_sentence(tmp_path: Path) -> None:
    variables = environment(tmp_path / "data")
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", int(variables["FANLIGHT_EDGE_PORT"])))
        taker.listen()
        sentence = refusal(variables)

    assert sentence.count("\n") == 1
    assert f"TCP port {variables['FANLIGHT_EDGE_PORT']}" in sentence
    assert f"process {os.getpid()}" in sentence
    assert "FANLIGHT_EDGE_PORT=" in sentence


def test_taken_ports_of_both_kinds_are_named_together(tmp_path: Path) -> None:
    variables = environment(tmp_path / "data")
    with socket.socket() as web, socket.socket(type=socket.SOCK_DGRAM) as media:
        # An instance of another test may have used it a moment ago.
        web.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        web.bind(("127.0.0.1", int(variables["FANLIGHT_PORT"])))
        web.listen()
        media.bind(("127.0.0.1", int(variables["FANLIGHT_MEDIA_PORT"])))
        sentence = refusal(variables)

    assert sentence.count("\n") == 1
    assert f"TCP port {variables['FANLIGHT_PORT']}" in sentence
    assert f"UDP port {variables['FANLIGHT_MEDIA_PORT']}" in sentence


def test_a_second_instance_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data):
        sentence = refusal(environment(data))

    assert sentence.count("\n") == 1
    assert str(data) in sentence


def test_unknown_settings_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    data = tmp_path / "data"

    sentence = refusal(environment(data, FANLIGHT_PROT="8000"))

    assert "FANLIGHT_PROT" in sentence
    assert not data.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_still_stops_when_nobody_reads_what_it_says_any_more(number: signal.Signals, tmp_path: Path) -> None:
    variables = environment(tmp_path / "data")
    with subprocess.Popen([sys.executable, "-m", "web", "up"], env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout
        while b"is up" not in process.stdout.readline():
            pass
        process.stdout.close()
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        process.send_signal(number)
        status = process.wait(DEADLINE)

    assert status == 0
    assert psutil.wait_procs(family, DEADLINE)[1] == []
