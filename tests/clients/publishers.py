"""Every publisher as a child process: a command line in, media out, a good-bye at SIGINT."""

import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.clients import programs
from tests.clients.material import Material

HERE = Path(__file__).parent
GOOD_BYE = 20.0
"""Seconds a publisher may take from SIGINT until it is gone."""


class Running:
    """A publisher that was started. ``output`` is what it has printed so far."""

    def __init__(self, command: list[str]) -> None:
        self._last = ""
        self._log = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed by stop
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, start_new_session=True)

    @property
    def output(self) -> str:
        """Standard output and error, mixed."""
        if self._log.closed:
            return self._last
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def wait_for(self, text: str, within: float) -> None:
        """Wait until it prints something."""
        limit = time.monotonic() + within
        while text not in self.output:
            assert time.monotonic() < limit, f"no {text!r} within {within} s:\n{self.output[-3000:]}"
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.output[-3000:]}"
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Signal it and give its exit status; what is left of its family is killed."""
        family = self._family()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(GOOD_BYE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = -9
        for left in family:
            with contextlib.suppress(psutil.Error):
                left.kill()
        return status

    def close(self) -> None:
        """Make sure it is gone."""
        self.stop(signal.SIGKILL)
        self._last = self.output
        self._log.close()

    def _family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []


@contextlib.contextmanager
def running(command: list[str]) -> Iterator[Running]:
    """A publisher for a block; killed at its end if it still runs."""
    publisher = Running(command)
    try:
        yield publisher
    finally:
        publisher.close()


def fanlight(url: str, key: str, *more: str) -> list[str]:
    """``fanlight publish``; the test pattern at 640x360 if ``more`` says nothing else."""
    size = [] if "--size" in more else ["--size", "640x360", "--bitrate", "800k"]
    return [sys.executable, "-m", "web", "publish", "--json", "--url", url, "--key", key, *size, *more]


@dataclass(frozen=True, slots=True)
class Kind:
    """A publisher program.

    ``beeps`` says that it sends the stamped picture and a beep at each second it shows, and tells truly when they were captured.
    ``patience`` is how many seconds it takes until media flows. ``alone`` says that it keeps its own time only on a machine that does
    little else.
    """

    name: str
    command: Callable[[str, str, Material], list[str]]
    codec: str = "h264"
    beeps: bool = True
    patience: float = 20.0
    alone: bool = False


def _ffmpeg(*more: str) -> Callable[[str, str, Material], list[str]]:
    def command(url: str, key: str, material: Material) -> list[str]:
        source = ["-re", "-stream_loop", "-1", "-i", str(material.loop), "-c", "copy"]
        return [programs.ffmpeg_with_whip(), "-hide_banner", "-v", "warning", *source, "-f", "whip", *more, "-authorization", key, url]

    return command


def _browser(browser: str, library: str, codec: str) -> Callable[[str, str, Material], list[str]]:
    def command(url: str, key: str, _material: Material) -> list[str]:
        program = programs.find("firefox-esr" if browser == "firefox" else browser)
        given = {"browser": browser, "executable": program, "library": library, "codec": codec, "url": url, "key": key, "size": "640x360"}
        return [
            programs.node(),
            str(HERE / "publish-browser.mjs"),
            *(word for name, value in given.items() for word in (f"--{name}", value)),
        ]

    return command


def _datachannel(url: str, key: str, material: Material) -> list[str]:
    return [programs.node(), str(HERE / "publish-datachannel.mjs"), "--frames", str(material.frames), "--url", url, "--key", key]


def _gstreamer(url: str, key: str, _material: Material) -> list[str]:
    return [programs.system_python(), str(HERE / "publish_gstreamer.py"), url, key]


def _aiortc(codec: str) -> Callable[[str, str, Material], list[str]]:
    return lambda url, key, material: [sys.executable, str(HERE / "publish_aiortc.py"), url, key, str(material.small), codec]


KINDS = (
    Kind("fanlight-h264", lambda url, key, _material: fanlight(url, key)),
    Kind("fanlight-vp8", lambda url, key, _material: fanlight(url, key, "--video-codec", "vp8"), codec="vp8"),
    Kind("ffmpeg", _ffmpeg()),
    Kind("ffmpeg-dtls-active", _ffmpeg("-whip_flags", "dtls_active")),
    Kind("libdatachannel", _datachannel),
    Kind("gstreamer", _gstreamer, beeps=False),
    # aiortc stamps its sender reports when a frame was encoded, however long that took: on a busy machine half a second at first.
    Kind("aiortc-vp8", _aiortc("VP8"), codec="vp8", beeps=False),
    Kind("aiortc-h264", _aiortc("H264"), beeps=False),
    Kind("chromium", _browser("chromium", "plain", "h264"), patience=40),
    Kind("chromium-whip-whep-vp8", _browser("chromium", "whip-whep", "vp8"), codec="vp8", patience=40),
    Kind("chromium-eyevinn", _browser("chromium", "eyevinn", "h264"), patience=40),
    # Its beep is a microphone that the page turns on and off by its timers (pages/publish.js).
    Kind("firefox-vp8", _browser("firefox", "whip-whep", "vp8"), codec="vp8", patience=60, alone=True),
)
"""All publishers, by the name a test shows."""
