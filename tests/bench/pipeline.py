"""CPU and memory of a 2.5 Mbit/s 720p30 broadcast: ``python -m tests.bench.pipeline [--seconds N] [--runs N] [--broadcasts N]
[--sound tone|voice]``.

All processes of the platform are pinned to one core, the publishers (FFmpeg sending encoded packets as they are) to the other.
Percent are of one core and per broadcast, medians over the runs. Stock aiortc receives the same streams in one process for comparison.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.bench.load import (
    SERVER_CORE,
    SOUNDS,
    broadcasts,
    by_role,
    cpu_seconds,
    make_loop,
    median,
    pinned_platform,
    resident,
    whip_command,
)
from tests.clients.publishers import running

ROLES = ("ingest", "transcoder", "worker", "edge", "web", "valkey")


def platform_figures(loop: Path, count: int, seconds: float, runs: int) -> None:
    shares: dict[str, list[float]] = {role: [] for role in (*ROLES, "all")}
    with pinned_platform() as platform:
        time.sleep(5)
        empty = sum(resident(processes) for processes in by_role(platform).values())
        with broadcasts(platform, loop, count):
            for _ in range(runs):
                roles = by_role(platform)
                before = {role: cpu_seconds(roles.get(role, [])) for role in ROLES}
                began = time.monotonic()
                time.sleep(seconds)
                lasted = time.monotonic() - began
                for role in ROLES:
                    shares[role].append((cpu_seconds(roles.get(role, [])) - before[role]) / lasted / count * 100)
                shares["all"].append(sum(shares[role][-1] for role in ROLES))
            full = sum(resident(processes) for processes in by_role(platform).values())
    for role in (*ROLES, "all"):
        name = "whole pass-through pipeline" if role == "all" else role
        print(f"CPU per 2.5 Mbit/s 720p30 broadcast, {name}: {median(shares[role]):.2f} % of a core ({count} broadcasts, no viewer)")
    print(f"memory per broadcast without viewers: {(full - empty) / count / 1e6:.1f} MB")


def stock_figure(loop: Path, kind: str, seconds: float, runs: int) -> None:
    command = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-m", "tests.bench.stock", kind]
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        stack.callback(server.kill)
        assert server.stdout
        port = int(server.stdout.readline())
        stack.enter_context(running(whip_command(loop, f"http://127.0.0.1:{port}/whip", "key")))
        time.sleep(5)
        process = psutil.Process(server.pid)
        shares = []
        for _ in range(runs):
            before, began = cpu_seconds([process]), time.monotonic()
            time.sleep(seconds)
            shares.append((cpu_seconds([process]) - before) / (time.monotonic() - began) * 100)
    what = "decoding" if kind == "decode" else "with decoding stubbed out"
    print(f"CPU per 2.5 Mbit/s 720p30 broadcast, stock aiortc {what}: {median(shares):.2f} % of a core")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--broadcasts", type=int, default=4)
    parser.add_argument("--sound", choices=SOUNDS, default="tone")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        loop = make_loop(Path(folder), arguments.sound)
        platform_figures(loop, arguments.broadcasts, arguments.seconds, arguments.runs)
        for kind in ("decode", "stub"):
            stock_figure(loop, kind, arguments.seconds, arguments.runs)


if __name__ == "__main__":
    main()
