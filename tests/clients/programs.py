"""Where the programs are that the tests publish and play with. A missing one fails the test by name; nothing is skipped."""

import importlib.util
import os
import shutil
from pathlib import Path

HERE = Path(__file__).parent


class ProgramMissing(Exception):
    """A program the tests need is not installed."""


def find(name: str) -> str:
    """The path of a program on PATH or among the system's."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        raise ProgramMissing(f"{name} is missing: run scripts/provision-tests as root")
    return path


def node() -> str:
    """Node, with the packages of this folder installed."""
    if not (HERE / "node_modules" / "puppeteer-core").exists():
        raise ProgramMissing("tests/clients/node_modules is missing: run scripts/provision-tests")
    return os.environ.get("NODE") or find("node")


def ffmpeg_with_whip() -> str:
    """FFmpeg 9 of the imageio-ffmpeg wheel, which has the ``whip`` muxer."""
    wheel = importlib.util.find_spec("imageio_ffmpeg")
    found = sorted((Path(wheel.origin).parent / "binaries").glob("ffmpeg-linux*")) if wheel and wheel.origin else []
    if not found:
        raise ProgramMissing("the wheel imageio-ffmpeg is missing: scripts/bootstrap installs it")
    return str(found[-1])


def system_python() -> str:
    """Debian's Python, for which python3-gi (GStreamer) is packaged."""
    if not Path("/usr/bin/python3").exists():
        raise ProgramMissing("/usr/bin/python3 is missing: run scripts/provision-tests as root")
    return "/usr/bin/python3"
