"""Players no one here wrote watch one broadcast: no error, no stall, every frame decoded."""

import functools
import http.server
import threading
import time
from collections.abc import Iterator

import pytest

from tests.clients import players, programs
from tests.clients.publishers import fanlight, running
from tests.e2e.stage import Stage
from tests.fixtures.platform import Platform

pytestmark = [pytest.mark.clients, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def live(platform: Platform) -> Iterator[Stage]:
    """A broadcast of the test pattern that has been on for ten seconds."""
    stage = Stage(platform.origin, platform.whip, platform.hls, platform.channel, platform.key)
    with running(fanlight(stage.whip, stage.key)):
        stage.wait_for_state("live", within=20)
        time.sleep(10)
        yield stage


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def bucket(live: Stage, platform: Platform) -> Iterator[str]:
    """The object store's folder behind a plain web server, as a CDN would have it: no process of ours answers."""
    handler = functools.partial(_Quiet, directory=str(platform.data / "objects"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/live/{live.channel}/index.m3u8"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("player", ["hls.js", "shaka"])
def test_a_browser_player_stays_near_the_live_edge_without_a_stall(live: Stage, player: str) -> None:
    report = players.play_in_browser(player, live.hls, 12)
    glass = sorted(at - shown for at, shown in report["glass"])

    assert [error for error in report["errors"] if "bufferStalledError" not in error] == []
    assert sum(lasted for _, lasted in report["waits"]) < 500, report
    assert report["frames"] > 250
    assert len(glass) > 150
    assert glass[len(glass) // 2] < 3500


@pytest.mark.parametrize("program", ["ffmpeg 5", "ffmpeg 9"])
def test_ffmpeg_decodes_every_frame_without_a_warning(live: Stage, program: str) -> None:
    path = programs.find("ffmpeg") if program == "ffmpeg 5" else programs.ffmpeg_with_whip()

    assert players.decode_strictly(path, live.hls, 6) == ""


def test_mpv_plays_from_the_edge(live: Stage) -> None:
    assert players.play_with_mpv(live.hls, 6) == ""


def test_mpv_plays_the_plain_playlist_of_the_bucket(bucket: str) -> None:
    assert players.play_with_mpv(bucket, 6) == ""


def test_ffmpeg_decodes_the_plain_playlist_of_the_bucket(bucket: str) -> None:
    assert players.decode_strictly(programs.find("ffmpeg"), bucket, 6) == ""
