"""Every publisher goes live, is watched without a hole, decodes without a warning, stays in sync and ends the broadcast."""

import time

import pytest

from tests.clients import players, programs
from tests.clients.material import Material
from tests.clients.publishers import KINDS, Kind, running
from tests.e2e import analysis
from tests.e2e.probe import Probe
from tests.e2e.stage import Stage
from tests.fixtures.platform import Platform

pytestmark = [pytest.mark.clients, pytest.mark.timeout(150)]


@pytest.fixture
def stage(open_platform: Platform) -> Stage:
    platform = open_platform
    return Stage(platform.origin, platform.whip, platform.hls, platform.channel, platform.key)


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name, marks=[pytest.mark.alone] if kind.alone else []) for kind in KINDS])
def test_a_publisher_no_one_here_wrote_goes_live_and_is_watched(kind: Kind, stage: Stage, material: Material) -> None:
    with running(kind.command(stage.whip, stage.key, material)) as publisher:
        try:
            stage.wait_for_state("live", within=kind.patience)
        except AssertionError as error:
            publisher.stop()
            raise AssertionError(f"{error}:\n{publisher.output[-3000:]}") from None
        with Probe(stage.hls) as probe:
            try:
                time.sleep(5)  # FFmpeg knows no parts: it wants whole segments
                warnings = players.decode_strictly(programs.find("ffmpeg"), stage.hls, 3)
            finally:
                publisher.stop()
            probe.wait_for_end(15)
    stage.wait_for_state("ended", "offline", within=10)

    assert warnings == ""
    for watched in (probe.video, probe.audio):
        assert len(watched.received) > 10
        assert analysis.missing_msns(watched) == []
        assert watched.troubles == []
        assert analysis.stall(watched, hold_back=1.2) < 1
    if kind.beeps:
        skews = [skew for _, skew in analysis.skews(probe.video, probe.audio)]
        assert len(skews) >= 3
        assert max(abs(skew) for skew in skews) <= 40, skews
