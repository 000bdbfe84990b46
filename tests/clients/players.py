"""Players no one here wrote, each watching an address for some seconds and saying what went wrong."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.clients import programs

HERE = Path(__file__).parent
_OWN_TIMES = ("-fps_mode", "vfr")
"""FFmpeg rounds frame times to a constant rate on output; told so, it does not warn of those that meet."""


def decode_strictly(program: str, url: str, seconds: float) -> str:
    """Decode every frame with FFmpeg (``program`` is its path) and give its warnings; an empty string is a clean run.

    Raises:
        AssertionError: it failed or hardly got anything.
    """
    command = [program, "-hide_banner", "-nostdin", "-v", "warning", "-err_detect", "explode", "-xerror", "-i", url]
    output = ["-t", str(seconds), "-map", "0:v:0", "-map", "0:a:0", *_OWN_TIMES, "-f", "null", "-stats_period", "60", "-progress", "-", "-"]
    done = subprocess.run([*command, *output], capture_output=True, text=True, timeout=seconds + 40, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    frames = max((int(line.partition("=")[2]) for line in done.stdout.splitlines() if line.startswith("frame=")), default=0)
    assert frames > seconds * 10, f"only {frames} frames in {seconds} s:\n{done.stderr[-2000:]}"
    return _without_known(done.stderr)


def play_with_mpv(url: str, seconds: float) -> str:
    """Play with mpv without picture and sound and give its warnings and errors."""
    command = [programs.find("mpv"), "--no-config", "--vo=null", "--ao=null", "--msg-level=all=warn", f"--length={seconds}", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 40, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return _without_known(done.stdout + done.stderr)


def _without_known(text: str) -> str:
    """FFmpeg's demuxer reads the init segment of any live fMP4 playlist again at each reload, and warns of its own doing."""
    return "\n".join(line for line in text.strip().splitlines() if "Found duplicated MOOV Atom" not in line)


def play_in_browser(player: str, url: str, seconds: float) -> dict[str, Any]:
    """Play in Chromium with ``hls.js`` or ``shaka``: stalls, errors, latency, decoded and dropped frames, glass-to-glass times."""
    command = [programs.node(), str(HERE / "play-browser.mjs"), "--player", player, "--url", url, "--seconds", str(seconds)]
    done = subprocess.run(
        [*command, "--executable", programs.find("chromium")], capture_output=True, text=True, timeout=seconds + 60, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report
