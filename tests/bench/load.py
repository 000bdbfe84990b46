"""What the benches of the whole platform share: a platform of its own on one core, and cheap publishers of 2.5 Mbit/s on the other."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from tests.clients import programs
from tests.clients.publishers import Running, running
from tests.fixtures.platform import Platform, running_platform

SERVER_CORE, CLIENT_CORE = 0, 1
QUIET = {"FANLIGHT_LOG_LEVEL": "error"}


SOUNDS = {
    "tone": "sine=frequency=440:r=48000",
    "voice": "aevalsrc=exprs='(lt(mod(t,1),0.6)*0.2*(sin(2*PI*140*t)+sin(2*PI*560*t)/2+sin(2*PI*1260*t)/4+sin(2*PI*2520*t)/8)"
    "+(random(0)-0.5)*0.02)':s=48000",
}
"""A pure tone is the dearest sound there is for the AAC encoder. The other one has harmonics, pauses and noise, as voices have."""


def make_loop(folder: Path, sound: str = "tone") -> Path:
    """Ten seconds of 720p30 H.264 at 2.5 Mbit/s without B-frames, a keyframe every two seconds, and Opus."""
    path = folder / "loop.mkv"
    source = ["-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30,noise=alls=12:allf=t", "-f", "lavfi", "-i", SOUNDS[sound]]
    rate = ["-b:v", "2500k", "-minrate", "2500k", "-maxrate", "2500k", "-bufsize", "1250k", "-x264-params", "nal-hrd=cbr:scenecut=0"]
    video = [
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-tune",
        "zerolatency",
        "-profile:v",
        "baseline",
        "-bf",
        "0",
        "-g",
        "60",
        "-pix_fmt",
        "yuv420p",
        *rate,
    ]
    audio = ["-c:a", "libopus", "-ar", "48000", "-ac", "2", "-b:a", "96k"]
    command = [programs.ffmpeg_with_whip(), "-v", "error", "-y", *source, "-t", "10", *video, *audio, str(path)]
    subprocess.run(command, check=True)
    return path


def whip_command(loop: Path, url: str, key: str) -> list[str]:
    """FFmpeg sending the loop as it is, kept off the server's core: it costs a percent or two of a core."""
    source = ["-re", "-stream_loop", "-1", "-i", str(loop), "-c", "copy", "-f", "whip", "-authorization", key, url]
    return ["taskset", "-c", str(CLIENT_CORE), programs.ffmpeg_with_whip(), "-v", "error", "-nostdin", *source]


@contextlib.contextmanager
def pinned_platform(**changes: str) -> Iterator[Platform]:
    """A platform all of whose processes run on one core."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CORE})
    try:
        stack = contextlib.ExitStack()
        platform = stack.enter_context(running_platform(**QUIET, **changes))
    finally:
        os.sched_setaffinity(0, mine)
    with stack:
        yield platform


def more_channels(platform: Platform, count: int) -> list[tuple[str, str]]:
    """``count`` channels with their keys, the first one included."""
    found = [(platform.channel, platform.key)]
    for number in range(1, count):
        command = [sys.executable, "-m", "web", "channel", "create", f"bench-{number}", "--json"]
        done = subprocess.run(command, env=platform.instance.variables, capture_output=True, text=True, check=True)
        found.append((f"bench-{number}", str(json.loads(done.stdout)["key"])))
    return found


@contextlib.contextmanager
def broadcasts(platform: Platform, loop: Path, count: int) -> Iterator[list[Running]]:
    """``count`` broadcasts of the loop, all live."""
    base = platform.whip.rsplit("/", 1)[0]
    with contextlib.ExitStack() as stack:
        publishers = [
            stack.enter_context(running(whip_command(loop, f"{base}/{name}", key))) for name, key in more_channels(platform, count)
        ]
        limit = time.monotonic() + 60
        while len([process for process in platform.workers() if process.cpu_times().user > 0.3]) < count:
            assert time.monotonic() < limit, "the broadcasts did not start: " + "".join(p.output for p in publishers)
            time.sleep(0.2)
        time.sleep(5)
        yield publishers
        for publisher in publishers:
            publisher.stop()


def by_role(platform: Platform) -> dict[str, list[psutil.Process]]:
    """The platform's processes by what they do."""
    found: dict[str, list[psutil.Process]] = {}
    for process in platform.instance.family():
        with contextlib.suppress(psutil.Error):
            found.setdefault(_role(process.cmdline()), []).append(process)
    return found


def _role(command: Sequence[str]) -> str:
    words = " ".join(command)
    if "valkey" in words or "redis" in words:
        return "valkey"
    if "transcoder.worker" in words:
        return "worker"
    return next(
        (role for role in ("ingest", "transcoder", "edge", "web") if f"--roles {role}" in words or words.endswith(f" {role}")), "supervisor"
    )


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """User and system time so far."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def resident(processes: Sequence[psutil.Process]) -> int:
    """Bytes of memory no other process shares (USS)."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().uss
    return total


def percentile(values: Sequence[float], share: float) -> float:
    """Of a sample, e.g. 0.95."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)
