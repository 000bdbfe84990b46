"""A worker dies; another goes on from the checkpoint of its last announcement."""

from itertools import pairwise

import pytest

from storage.bus.messages import TrackInfo
from storage.model.ids import SessionId
from storage.model.media import Codec, TrackKind
from tests.transcoder.media import SECOND, Arrival, arriving, audio_units, clicks, every, flashing, steady, video_units
from tests.transcoder.test_packager import flashes, onsets
from tests.transcoder.viewer import BROADCAST, H264_AND_OPUS, TIMING, Viewer
from transcoder.checkpoint import decode_checkpoint
from transcoder.lane import Lane
from transcoder.packager import Packager


def feed(packager: Packager, viewer: Viewer, arrivals: list[Arrival], begin: int, end: int) -> bytes:
    """Units that come in a span of time, and ticks; returns the newest checkpoint."""
    checkpoint = b""
    now = begin
    waiting = [arrival for arrival in arrivals if begin <= arrival.at < end]

    def collect() -> None:
        nonlocal checkpoint
        taken = packager.take()
        if taken:
            viewer.take(taken[0].events, taken[0].blobs | taken[0].inits, now)
            checkpoint = taken[1]

    for now in range(begin, end, 40_000_000):
        while waiting and waiting[0].at <= now:
            packager.unit(waiting.pop(0).unit, now)
            collect()
        packager.tick(now)
        collect()
    return checkpoint


def replay(arrivals: list[Arrival], after: dict[int, int], until: int) -> list[Arrival]:
    """What the relay sends at once: all of the ring behind ``after``, or from the newest keyframe."""
    ring = [arrival.unit for arrival in arrivals if arrival.at < until]
    keyframe = max((unit for unit in ring if unit.keyframe and unit.kind is TrackKind.VIDEO), key=lambda unit: unit.sequence, default=None)
    sent = []
    for unit in ring:
        if int(unit.kind) in after:
            wanted = unit.sequence > after[int(unit.kind)]
        elif unit.kind is TrackKind.VIDEO:
            wanted = keyframe is not None and unit.sequence >= keyframe.sequence
        else:
            wanted = keyframe is None or unit.capture_ns >= keyframe.capture_ns
        if wanted:
            sent.append(Arrival(until, unit))
    return sent


@pytest.mark.parametrize("killed", [2.55, 3.0, 3.33, 3.97, 4.06, 4.11, 4.5, 5.2])
@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
def test_nothing_is_missing_after_a_take_over(killed: float, codec: Codec) -> None:
    video = video_units(steady(30, 9), keyframe=every(2.0), paint=flashing, codec=codec)
    arrivals = arriving(video, audio_units(9, tone=clicks))
    tracks = (TrackInfo(kind=TrackKind.VIDEO, codec=codec), *H264_AND_OPUS[1:])
    viewer = Viewer()
    first = Packager(TIMING, BROADCAST, 0)
    first.open(SessionId("s.1"), tracks, 0)
    death, rebirth = round(killed * SECOND), round((killed + 0.7) * SECOND)
    checkpoint = feed(first, viewer, arrivals, 0, death)
    point = decode_checkpoint(checkpoint)
    assert point is not None

    second = Packager(TIMING, BROADCAST, 0, point)
    after = second.resume_point(SessionId("s.1"))
    second.open(SessionId("s.1"), tracks, rebirth)
    backlog = replay(arrivals, after, rebirth)
    feed(second, viewer, [*backlog, *(arrival for arrival in arrivals if arrival.at >= rebirth)], rebirth, 9 * SECOND + SECOND // 5)
    second.finish()
    taken = second.take()
    assert taken
    viewer.take(taken[0].events, taken[0].blobs | taken[0].inits)
    viewer.check()
    assert viewer.video.discontinuities == []
    pictures = viewer.pictures()
    if codec is Codec.H264:
        assert second.video is not None
        assert second.video.switches == 0
        assert len(pictures) == len(video)
    assert max(after[0] - before[0] for before, after in pairwise(pictures)) < 0.05
    assert abs(pictures[-1][0] - pictures[0][0] - 9) < 0.3
    seen, heard = flashes(viewer), onsets(viewer)
    assert len(seen) >= 6
    for flash in seen:
        assert min(abs(flash - click) for click in heard) < 0.04


def test_a_worker_that_finds_no_source_goes_on_alone() -> None:
    arrivals = arriving(video_units(steady(30, 4), keyframe=every(2.0)), audio_units(4))
    viewer = Viewer()
    first = Packager(TIMING, BROADCAST, 0)
    first.open(SessionId("s.1"), H264_AND_OPUS, 0)
    point = decode_checkpoint(feed(first, viewer, arrivals, 0, 3 * SECOND))
    second = Packager(TIMING, BROADCAST, 0, point)
    feed(second, viewer, [], 4 * SECOND, 12 * SECOND)
    second.finish()
    taken = second.take()
    assert taken
    viewer.take(taken[0].events, taken[0].blobs | taken[0].inits)
    # The sound's part that covers the picture's end was out already, so its segment ends with one frame more.
    viewer.check(frames=2)
    assert len(viewer.video.discontinuities) == 1
    assert second.video is not None
    assert second.lane is Lane.NONE
    assert len(viewer.pictures()) > 8 * 30
