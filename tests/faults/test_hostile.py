"""Strangers at every door of a running platform, while an honest broadcast is on; afterwards nothing is left and nothing was lost."""

import collections
import json
import os
import random
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.clients.publishers import fanlight, running
from tests.e2e import analysis
from tests.e2e.probe import Probe
from tests.e2e.stage import Stage
from tests.fixtures.platform import Platform, wait_until
from tests.ingest.mutations import mutated

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.timeout(120)]

OFFERS = [path.read_bytes().decode() for path in sorted((Path(__file__).parents[1] / "ingest" / "offers").glob("*.sdp"))]


@pytest.fixture
def stage(platform: Platform) -> Stage:
    return Stage(platform.origin, platform.whip, platform.hls, platform.channel, platform.key)


def open_things(platform: Platform) -> dict[str, int]:
    """Descriptors, threads and UDP sockets of all processes of the platform but the workers, which come and go."""
    workers = {process.pid for process in platform.workers()}
    counts: collections.Counter[str] = collections.Counter()
    for process in platform.instance.family():
        if process.pid in workers:
            continue
        name = " ".join(process.cmdline()[-3:])[-40:]
        counts[f"{name} descriptors"] += process.num_fds()
        counts[f"{name} threads"] += process.num_threads()
        counts[f"{name} UDP"] += len(process.net_connections("udp"))
    return dict(counts)


def sessions(platform: Platform) -> float:
    """What the ingest says of its sessions."""
    port = platform.instance.variables["FANLIGHT_OPERATIONS_PORT"]
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("fanlight_ingest_sessions "))


def settles(platform: Platform, base: dict[str, int]) -> None:
    """Wait until no more is open than before, give or take kept-alive connections between the roles."""

    def grown() -> dict[str, tuple[int, int]]:
        return {name: (base.get(name, 0), now) for name, now in open_things(platform).items() if now > base.get(name, 0) + 3}

    wait_until(lambda: not grown() and sessions(platform) == 0, 25, f"leaks to go away: {grown()}, {sessions(platform)} sessions")


def storm(port: int, address: str, seconds: float, chance: random.Random) -> int:
    """Empty datagrams, junk, and beginnings of STUN, DTLS and RTP from ever new source ports; gives how many were sent."""
    heads = (b"", b"\0", b"\0\1\0\0\x21\x12\xa4\x42", b"\x16\xfe\xff\0\0", b"\x80\x60", b"\x80\xc8", b"\x14\xfe\xfd", b"\xff" * 20)
    sent, limit = 0, time.monotonic() + seconds
    while time.monotonic() < limit:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(200):
                stranger.sendto(chance.choice(heads) + os.urandom(chance.choice((0, 0, 8, 40, 900))), (address, port))
                sent += 1
        time.sleep(0.02)
    return sent


def test_a_datagram_storm_does_not_touch_an_honest_stream(platform: Platform, stage: Stage) -> None:
    port = int(platform.instance.variables["FANLIGHT_MEDIA_PORT"])
    with ExitStack() as stack:
        publisher = stack.enter_context(running(fanlight(stage.whip, stage.key)))
        stage.wait_for_state("live", within=20)
        probe = stack.enter_context(Probe(stage.hls))
        time.sleep(3)
        sent = storm(port, "127.0.0.1", 5, random.Random(7))
        time.sleep(2)
        publisher.stop()
        probe.wait_for_end(10)
    stage.wait_for_state("ended", "offline", within=10)

    assert sent > 5000
    assert publisher.output.count('"live"') == 1
    assert analysis.missing_msns(probe.video) == []
    assert analysis.discontinuities(probe.video) == 0
    assert analysis.lost_content(probe.video) < 100
    assert analysis.stall(probe.video, hold_back=1.2) < 0.5


def test_a_publisher_connects_during_a_datagram_storm(platform: Platform, stage: Stage) -> None:
    port = int(platform.instance.variables["FANLIGHT_MEDIA_PORT"])
    with running(fanlight(stage.whip, stage.key)) as publisher:
        storm(port, "127.0.0.1", 3, random.Random(8))
        stage.wait_for_state("live", within=5)
        publisher.stop()
    stage.wait_for_state("ended", "offline", within=10)


def test_hostile_requests_get_exact_answers_and_leave_nothing(platform: Platform, stage: Stage) -> None:
    chance = random.Random(9)
    stage.wait_for_state("ended", "offline", within=10)
    with httpx.Client(timeout=10, limits=httpx.Limits(max_keepalive_connections=0)) as client:
        client.get(stage.hls)
        base = open_things(platform)
        good = {"Authorization": f"Bearer {stage.key}", "Content-Type": "application/sdp"}
        offer = OFFERS[0]
        other_channel = stage.whip.rsplit("/", 1)[0] + "/no-such-channel"
        no_session = f"{stage.whip}/ingest-00000000.{'0' * 32}"
        expected = [
            ({**good, "Authorization": "Bearer fl_" + "a" * 32}, stage.whip, offer, {401}),
            ({**good, "Authorization": "Basic YTpi"}, stage.whip, offer, {401}),
            ({"Content-Type": "application/sdp"}, stage.whip, offer, {401}),
            (good, other_channel, offer, {401}),
            ({**good, "Content-Type": "text/plain"}, stage.whip, offer, {415, 429}),
            ({**good, "Content-Type": "application/json"}, stage.whip, "{}", {415, 429}),
            (good, stage.whip, "x" * 200_000, {413, 429}),
            (good, stage.whip, "", {400, 429}),
            (good, stage.whip, "\0" * 1000, {400, 429}),
        ]
        for headers, url, body, statuses in expected * 5:
            answer = client.post(url, headers=headers, content=body)
            assert answer.status_code in statuses, (answer.status_code, headers.get("Content-Type"), body[:40], answer.text)
            assert answer.headers["content-type"].startswith("application/problem+json")
        for method in ("PATCH", "DELETE"):
            assert client.request(method, no_session, headers=good, content="a=ice-ufrag:x").status_code in {404, 415, 428}
        for number in range(60):
            answer = client.post(stage.whip, headers=good, content=mutated(OFFERS[number % len(OFFERS)], chance).encode("utf-8", "replace"))
            assert answer.status_code in {201, 400, 413, 422, 429}, answer.text
        queries = (
            "_HLS_msn=-1",
            "_HLS_msn=1e9",
            "_HLS_part=1",
            "_HLS_msn=" + "9" * 5000,
            "_HLS_msn=%00",
            "_HLS_skip=YES&_HLS_msn=0&_HLS_part=x",
            "&&&",
        )
        for path in (
            "index.m3u8",
            "video/media.m3u8",
            "audio/media.m3u8",
            "../../etc/passwd",
            "%2e%2e/%2e%2e/x",
            "video/0/0.m4s",
            "\u00e9.m3u8",
        ):
            for query in queries:
                answer = client.get(f"{stage.hls.rsplit('/', 1)[0]}/{path}?{query}")
                assert answer.status_code in {200, 400, 404, 410, 414, 431}, (path, query[:40], answer.status_code)
    settles(platform, base)

    with running(fanlight(stage.whip, _another_key(platform))) as honest:
        stage.wait_for_state("live", within=6)
        assert honest.stop() == 0
    stage.wait_for_state("ended", "offline", within=10)


def _another_key(platform: Platform) -> str:
    """A fresh key of the first channel: the one we misused may have to wait."""
    done = subprocess.run(
        [sys.executable, "-m", "web", "channel", "key", platform.channel, "--json"],
        env=platform.instance.variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return str(json.loads(done.stdout)["key"])
