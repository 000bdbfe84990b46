"""Processes die by SIGKILL under a viewer's eyes; what the viewer loses is bounded."""

import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.clients.publishers import Running, fanlight, running
from tests.e2e import analysis
from tests.e2e.probe import Probe, Watched
from tests.e2e.stage import Stage
from tests.fixtures.platform import Platform, running_platform

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.timeout(120)]
SETTLED = 5.0
"""Seconds of an undisturbed broadcast before something is killed."""


@pytest.fixture(scope="module")
def shared() -> Iterator[Platform]:
    with running_platform() as found:
        yield found


class Scene:
    """A broadcast that is on, a viewer, and the platform they meet on."""

    def __init__(self, platform: Platform, publisher: Running, probe: Probe, stage: Stage) -> None:
        self.platform, self.publisher, self.probe, self.stage = platform, publisher, probe, stage

    def end(self) -> None:
        """Let the publisher leave and the viewer see the end."""
        self.publisher.stop()
        self.probe.wait_for_end(15)
        self.stage.wait_for_state("ended", "offline", within=10)


@pytest.fixture
def scene(shared: Platform) -> Iterator[Scene]:
    stage = Stage(shared.origin, shared.whip, shared.hls, shared.channel, shared.key)
    with ExitStack() as stack:
        publisher = stack.enter_context(running(fanlight(stage.whip, stage.key)))
        stage.wait_for_state("live", within=20)
        probe = stack.enter_context(Probe(stage.hls))
        time.sleep(SETTLED)
        yield Scene(shared, publisher, probe, stage)


def longest_wait(watched: Watched, since_ms: float) -> float:
    """The longest time between two parts' arrivals, in seconds, from shortly before a moment on."""
    times = [item.arrived_ms for item in watched.received if item.arrived_ms > since_ms - 1500]
    return max(later - earlier for earlier, later in itertools.pairwise(times)) / 1000


def test_a_killed_transcoder_worker_costs_at_most_a_second_and_no_sequence_number(scene: Scene) -> None:
    # the first that was started has the broadcast, a spare one waits
    min(scene.platform.workers(), key=lambda process: process.create_time()).kill()
    time.sleep(8)
    scene.end()

    for watched in (scene.probe.video, scene.probe.audio):
        assert analysis.missing_msns(watched) == []
        assert analysis.discontinuities(watched) <= 1
        assert analysis.stall(watched, hold_back=1.2) <= 1.0
    assert analysis.lost_content(scene.probe.video) <= 1000
    skews = analysis.skews(scene.probe.video, scene.probe.audio)
    assert max(abs(skew) for _, skew in skews) <= 40, skews


def test_viewers_of_a_killed_edge_go_on_within_two_seconds(scene: Scene) -> None:
    killed_ms = time.time() * 1000
    scene.platform.kill("edge")
    time.sleep(6)
    scene.end()

    for watched in (scene.probe.video, scene.probe.audio):
        assert analysis.missing_msns(watched) == []
        assert analysis.discontinuities(watched) == 0
        assert longest_wait(watched, killed_ms) <= 2.4, watched.troubles
    assert analysis.lost_content(scene.probe.video) < 70


def test_after_valkey_lost_everything_the_broadcast_is_live_again_within_five_seconds(scene: Scene) -> None:
    killed_ms = time.time() * 1000
    scene.platform.kill("valkey")
    time.sleep(10)
    scene.end()

    for watched in (scene.probe.video, scene.probe.audio):
        assert longest_wait(watched, killed_ms) <= 5.4, watched.troubles
        assert analysis.missing_msns(watched) == []
        assert analysis.discontinuities(watched) <= 1


def test_a_publisher_comes_back_by_itself_after_its_ingest_node_was_killed(scene: Scene) -> None:
    scene.platform.kill("ingest")
    time.sleep(12)
    scene.end()

    assert scene.publisher.output.count('"live"') == 2, scene.publisher.output
    for watched in (scene.probe.video, scene.probe.audio):
        assert analysis.missing_msns(watched) == []
        assert analysis.stall(watched, hold_back=1.2) <= 5
    assert analysis.lost_content(scene.probe.video) <= 5000


def test_every_part_of_the_machine_is_ready_again_at_the_end(shared: Platform) -> None:
    stage = Stage(shared.origin, shared.whip, shared.hls, shared.channel, shared.key)
    with running(fanlight(stage.whip, stage.key)):
        stage.wait_for_state("live", within=10)
        with Probe(stage.hls) as probe:
            time.sleep(3)

    assert len(probe.video.received) > 3
    assert probe.video.troubles == []
