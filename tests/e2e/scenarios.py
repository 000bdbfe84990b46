"""What must hold on one machine and on split nodes alike. Each scenario leaves the channel ended or offline."""

import time
from contextlib import ExitStack
from itertools import pairwise

from tests.clients.material import Material
from tests.clients.publishers import KINDS, fanlight, running
from tests.e2e import analysis
from tests.e2e.probe import Probe
from tests.e2e.stage import Stage

HOLD_BACK = 1.2
"""Seconds: three parts of 0.42 s, as the playlist says in PART-HOLD-BACK."""
OVER = ("ended", "offline")


def publish_and_watch(stage: Stage) -> None:
    """Someone goes live, a viewer watches without a hole or a stall, in sync, and sees the end."""
    with running(fanlight(stage.whip, stage.key)) as publisher:
        stage.wait_for_state("live", within=15)
        with Probe(stage.hls) as probe:
            time.sleep(10)
            status = publisher.stop()
            probe.wait_for_end(10)
        assert status == 0, publisher.output
        stage.wait_for_state(*OVER, within=10)

    for watched in (probe.video, probe.audio):
        assert len(watched.received) > 20
        assert analysis.missing_msns(watched) == []
        assert analysis.discontinuities(watched) == 0
        assert watched.troubles == []
        assert analysis.stall(watched, hold_back=HOLD_BACK) < 0.5
    assert analysis.lost_content(probe.video) < 70
    delays = sorted(analysis.delays(probe.video))
    assert delays[len(delays) // 2] < 1000, delays
    skews = analysis.skews(probe.video, probe.audio)
    assert len(skews) >= 5
    assert max(abs(skew) for _, skew in skews) <= 40, skews


def publisher_reconnects(stage: Stage) -> None:
    """The publisher dies and another comes for the same channel: the same broadcast goes on at the same address."""
    with ExitStack() as stack:
        first = stack.enter_context(running(fanlight(stage.whip, stage.key)))
        stage.wait_for_state("live", within=15)
        probe = stack.enter_context(Probe(stage.hls))
        time.sleep(4)
        first.close()
        stage.wait_for_state("interrupted", within=6)
        second = stack.enter_context(running(fanlight(stage.whip, stage.key)))
        stage.wait_for_state("live", within=10)
        time.sleep(5)
        second.stop()
        probe.wait_for_end(10)
        stage.wait_for_state(*OVER, within=10)

    for watched in (probe.video, probe.audio):
        assert analysis.missing_msns(watched) == []
        assert watched.troubles == []
        assert 1 <= analysis.discontinuities(watched) <= 2
        assert analysis.stall(watched, hold_back=HOLD_BACK) < 3
    shown = [picture.shown_ms for run in analysis.pictures(probe.video) for picture in run if picture.shown_ms]
    assert shown == sorted(shown)
    assert shown[-1] - shown[0] > 10_000


def takeover(stage: Stage, material: Material) -> None:
    """A second publisher with the same key takes over; pictures of the two are never mixed."""
    ffmpeg = next(kind for kind in KINDS if kind.name == "ffmpeg")
    with ExitStack() as stack:
        stack.enter_context(running(ffmpeg.command(stage.whip, stage.key, material)))
        stage.wait_for_state("live", within=15)
        probe = stack.enter_context(Probe(stage.hls))
        time.sleep(3)
        second = stack.enter_context(running(fanlight(stage.whip, stage.key, "--size", "480x270")))
        second.wait_for('"live"', 15)
        time.sleep(5)
        second.stop()
        probe.wait_for_end(10)
        stage.wait_for_state(*OVER, within=10)

    widths = [picture.size[0] for run in analysis.pictures(probe.video) for picture in run]
    changes = sum(before != after for before, after in pairwise(widths))
    assert set(widths) == {1280, 480}
    assert changes == 1
    assert analysis.missing_msns(probe.video) == []


def the_end(stage: Stage) -> None:
    """A broadcast that has ended is a finished presentation until it is gone, and the channel can go live again."""
    with running(fanlight(stage.whip, stage.key)) as publisher:
        stage.wait_for_state("live", within=15)
        with Probe(stage.hls) as probe:
            time.sleep(3)
            publisher.stop()
            probe.wait_for_end(10)
    stage.wait_for_state(*OVER, within=10)
    with Probe(stage.hls, start_within=5, live=False) as late:
        late.wait_for_end(10)
    with running(fanlight(stage.whip, stage.key)) as again:
        stage.wait_for_state("live", within=15)
        with Probe(stage.hls) as second:
            time.sleep(3)
            again.stop()
            second.wait_for_end(10)
    stage.wait_for_state(*OVER, within=10)

    assert late.video.received[-1].listed.msn == probe.video.received[-1].listed.msn
    assert second.video.received[0].listed.init != probe.video.received[0].listed.init
