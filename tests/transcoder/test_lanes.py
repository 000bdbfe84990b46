"""What publishers do: every frame rate, jitter, lateness, changes and malice, in virtual time."""

import math
import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from storage.bus.messages import TrackInfo
from storage.model.ids import SessionId
from storage.model.media import AccessUnit, Codec, TrackKind
from tests.transcoder.media import SECOND, START_NS, Arrival, arriving, audio_units, clicks, every, flashing, steady, video_units
from tests.transcoder.test_h264 import sps_of_size
from tests.transcoder.test_packager import flashes, onsets
from tests.transcoder.viewer import BROADCAST, H264_AND_OPUS, TIMING, Viewer, run
from transcoder.cut import Obstacle
from transcoder.h264 import parse, parse_sps
from transcoder.lane import LaneJudge, Timing, too_big, unfit
from transcoder.packager import Packager

VP8_AND_OPUS = (TrackInfo(kind=TrackKind.VIDEO, codec=Codec.VP8), H264_AND_OPUS[1])


def jittered(fps: float, seconds: float, share: float) -> list[float]:
    chance = random.Random(7)
    return [(index + 0.5 + chance.uniform(-share, share)) / fps for index in range(int(seconds * fps))]


def wandering(seconds: float) -> list[float]:
    """A frame rate that goes from 30 down to 8 and back."""
    times, now = [], 0.0
    while now < seconds:
        times.append(now)
        now += 1 / (19 + 11 * math.cos(now))
    return times


@pytest.mark.parametrize("fps", [5, 7, 10, 12.5, 15, 20, 24, 25, 29.97, 50, 60])
def test_every_frame_rate_passes(fps: float) -> None:
    video = video_units(steady(fps, 7), keyframe=every(2.0))
    viewer, packager = run(arriving(video, audio_units(7)))
    assert packager.video is not None
    assert packager.video.switches == 0
    assert len(viewer.pictures()) == len(video)


@pytest.mark.parametrize(
    "times", [jittered(30, 7, 0.3), jittered(15, 7, 0.3), jittered(60, 7, 0.4), wandering(8)], ids=["30", "15", "60", "wandering"]
)
def test_uneven_frame_rates_pass(times: list[float]) -> None:
    video = video_units(times, keyframe=every(2.0))
    viewer, packager = run(arriving(video, audio_units(times[-1])))
    assert packager.video is not None
    assert packager.video.switches == 0
    assert len(viewer.pictures()) == len(video)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
def test_arrival_jitter_is_no_reason_to_change_anything(codec: Codec) -> None:
    chance = random.Random(3)
    video = video_units(steady(30, 8), keyframe=every(2.0), codec=codec, paint=flashing)
    arrivals = arriving(video, audio_units(8, tone=clicks), jitter=lambda _: chance.uniform(0, 0.08))
    viewer, packager = run(arrivals, tracks=H264_AND_OPUS if codec is Codec.H264 else VP8_AND_OPUS)
    assert packager.video is not None
    assert packager.video.switches == 0
    seen, heard = flashes(viewer), onsets(viewer)
    assert len(seen) == 7
    assert all(min(abs(flash - click) for click in heard) < 0.04 for flash in seen)


def misaligned(units: list[AccessUnit], late: float, until: float) -> list[AccessUnit]:
    """As before the first sender report: capture times ``late`` seconds off and not aligned."""
    limit = START_NS + round(until * SECOND)
    return [
        replace(unit, aligned=False, capture_ns=unit.capture_ns + round(late * SECOND)) if unit.capture_ns < limit else unit
        for unit in units
    ]


@pytest.mark.parametrize(("video_late", "audio_late"), [(0.15, 0.0), (0.0, 0.12), (0.2, 0.05), (-0.1, 0.1)])
def test_sync_comes_back_after_a_late_sender_report(video_late: float, audio_late: float) -> None:
    video = misaligned(video_units(steady(30, 12), keyframe=every(2.0), paint=flashing), video_late, 2.5)
    audio = misaligned(audio_units(12, tone=clicks), audio_late, 2.5)
    viewer, packager = run(arriving(video, audio, delay=0.3))
    assert packager.video is not None
    assert packager.video.switches == 0
    seen, heard = flashes(viewer), onsets(viewer)
    late = [flash for flash in seen if flash > seen[0] + 4.5]
    assert len(late) >= 5
    assert all(min(abs(flash - click) for click in heard) < 0.04 for flash in late)


def test_sync_holds_over_a_drifting_sound_card() -> None:
    video = video_units(steady(30, 30), keyframe=every(2.0), paint=flashing)
    # 500 ppm fast: 15 ms after half a minute, were it not followed.
    audio = [replace(unit, ticks=round(unit.ticks * 1.0005)) for unit in audio_units(30, tone=clicks)]
    viewer, _ = run(arriving(video, audio))
    seen, heard = flashes(viewer), onsets(viewer)
    assert len(seen) == 29
    assert all(min(abs(flash - click) for click in heard) < 0.02 for flash in seen)


def test_a_source_that_freezes_in_the_encode_lane_changes_nothing() -> None:
    times = [*steady(30, 3), *steady(30, 3, start=6.0)]
    video = video_units(times, keyframe=lambda index, second: index == 0 or second == 6.0, codec=Codec.VP8)
    viewer, packager = run(arriving(video, audio_units(9)), tracks=VP8_AND_OPUS)
    assert packager.video is not None
    assert packager.video.switches == 0
    assert viewer.video.discontinuities == []
    assert len(viewer.pictures()) > 255
    waits = [after.at - before.at for before, after in pairwise(viewer.video.parts)]
    assert max(waits) < 0.7e9


def test_vp8_that_changes_its_size_stays_at_the_broadcasts_size() -> None:
    first = video_units(steady(30, 2.5), codec=Codec.VP8)
    second = video_units(steady(30, 2.5, start=2.5), codec=Codec.VP8, size=(180, 320), sequence=len(first) + 1)
    viewer, _ = run(arriving(first + second, audio_units(5)), tracks=VP8_AND_OPUS)
    assert {picture[2] for picture in viewer.pictures()} == {(320, 180)}
    assert viewer.video.discontinuities == []
    assert len(viewer.pictures()) >= 148


def test_an_odd_size_is_encoded_at_an_even_one() -> None:
    video = video_units(steady(30, 3), codec=Codec.VP8, size=(321, 181))
    viewer, packager = run(arriving(video, audio_units(3)), tracks=VP8_AND_OPUS)
    assert {picture[2] for picture in viewer.pictures()} == {(320, 180)}
    assert packager.renditions[0].width == 320


def test_a_stream_that_flips_its_size_all_the_time_is_encoded() -> None:
    units: list[AccessUnit] = []
    for number in range(12):
        size = (320, 180) if number % 2 else (480, 270)
        units += video_units(steady(30, 0.5, start=number * 0.5), size=size, sequence=len(units) + 1)
    viewer, packager = run(arriving(units, audio_units(6)))
    assert packager.video is not None
    assert len(viewer.video.discontinuities) <= 5
    assert len(viewer.pictures()) >= 170


def test_units_that_are_lost_cost_no_more_than_they_must() -> None:
    video = video_units(steady(30, 8), keyframe=every(1.0))
    kept = [unit for unit in video if not 100 <= unit.sequence <= 104]
    viewer, packager = run(arriving(kept, audio_units(8)))
    assert packager.video is not None
    # The rest of that second can't be shown; the last picture stands until the next keyframe.
    pictures = viewer.pictures()
    assert max(after[0] - before[0] for before, after in pairwise(pictures)) < 0.41
    assert len(viewer.video.discontinuities) <= 2


@pytest.mark.parametrize("units", [1023, 200, 4095])
def test_a_picture_too_big_is_refused_and_the_sound_goes_on(units: int) -> None:
    honest = video_units(steady(30, 3), keyframe=every(1.0))
    sps = sps_of_size(units, units)
    hostile = [
        replace(unit, data=b"\x00\x00\x00\x01" + sps + b"\x00\x00\x00\x01\x68\xce\x3c\x80\x00\x00\x00\x01\x65" + bytes(range(1, 60)))
        if unit.keyframe
        else unit
        for unit in honest
    ]
    viewer, packager = run(arriving(hostile, audio_units(3)))
    assert packager.video is not None
    assert packager.video.intake.refused
    assert len(viewer.audio.parts) >= 5
    assert {picture[1] for picture in viewer.pictures()} <= {15, 16, 17}


def test_junk_for_units_never_breaks_a_broadcast() -> None:
    chance = random.Random(11)
    video = video_units(steady(30, 6), keyframe=every(1.0))
    audio = audio_units(6)

    def mutate(unit: AccessUnit) -> AccessUnit:
        if chance.random() > 0.3:
            return unit
        data = bytearray(unit.data)
        for _ in range(chance.randrange(1, 30)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        return replace(unit, data=bytes(data[: chance.randrange(1, len(data) + 1)]))

    # Not finished, so not decoded: what went in was broken.
    viewer, _ = run(arriving([mutate(unit) for unit in video], [mutate(unit) for unit in audio]), finish=False)
    assert len(viewer.audio.parts) > 10
    assert len(viewer.video.parts) > 10


def test_a_clock_that_is_set_does_not_show() -> None:
    video = video_units(steady(30, 6), keyframe=every(2.0))
    audio = audio_units(6)
    limit = START_NS + 3 * SECOND
    stepped = [
        [replace(u, capture_ns=u.capture_ns + (3600 * SECOND if u.capture_ns >= limit else 0)) for u in units] for units in (video, audio)
    ]
    arrivals = arriving(video, audio)
    by_identity = {(unit.kind, unit.sequence): unit for units in stepped for unit in units}
    viewer, packager = run([Arrival(arrival.at, by_identity[arrival.unit.kind, arrival.unit.sequence]) for arrival in arrivals])
    assert packager.video is not None
    assert packager.video.switches == 0
    assert len(viewer.pictures()) == len(video)
    hour = viewer.video.parts[-1].event.program_ms - viewer.video.parts[0].event.program_ms
    assert abs(hour - 3_605_600) < 500


@pytest.mark.parametrize(
    ("size", "refused"), [((4096, 2160), True), ((16, 8000), True), ((2, 2), True), ((1920, 1088), False), ((1088, 1920), False)]
)
def test_sizes_beyond_1080p_are_refused(size: tuple[int, int], refused: bool) -> None:
    assert too_big(*size) is refused


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, ""),
        ({"reorder": 2}, "B-frames"),
        ({"chroma_format": 2}, "4:2:0"),
        ({"bit_depth": 10}, "8-bit"),
        ({"progressive": False}, "interlaced"),
        ({"level": 60}, "level"),
        ({"width": 321}, "odd"),
    ],
)
def test_what_can_not_pass_by_its_parameter_set(change: dict[str, Any], word: str) -> None:
    sps = parse_sps(parse(video_units([0.0])[0].data).sps[0])
    assert word in unfit(replace(sps, **change))
    assert bool(unfit(replace(sps, **change))) is bool(word)


def test_a_lane_is_not_left_again_at_once() -> None:
    judge = LaneJudge(Timing(0.4, 2.0, 3))
    second = 90_000
    for index in range(300):
        judge.observe(index * 3000, keyframe=index % 60 == 0)
    assert judge.may_pass(10 * second)
    judge.obstacle(Obstacle.GAP, 10 * second)
    assert not judge.may_pass(11 * second)
    for index in range(300, 420):
        judge.observe(index * 3000, keyframe=index % 60 == 0)
    assert judge.may_pass(14 * second)
    judge.obstacle(Obstacle.GAP, 14 * second)
    for index in range(420, 510):
        judge.observe(index * 3000, keyframe=index % 60 == 0)
    assert not judge.may_pass(17 * second)
    judge.renew()
    judge.observe(17 * second, keyframe=True)
    assert judge.may_pass(17 * second)


def test_a_process_that_was_stopped_catches_up_with_fewer_frames() -> None:
    arrivals = arriving(video_units(steady(30, 2), codec=Codec.VP8), audio_units(2))
    viewer, packager = run(arrivals, tracks=VP8_AND_OPUS, finish=False)
    now = 12 * SECOND
    for _ in range(40):
        packager.tick(now)
        now += SECOND // 20
        taken = packager.take()
        if taken:
            viewer.take(taken[0].events, taken[0].blobs | taken[0].inits, now)
    packager.finish()
    taken = packager.take()
    assert taken
    viewer.take(taken[0].events, taken[0].blobs | taken[0].inits, now)
    viewer.check()
    pictures = viewer.pictures()
    assert pictures[-1][0] - pictures[0][0] > 13
    assert max(after[0] - before[0] for before, after in pairwise(pictures)) < 0.11
    assert len(pictures) < 13 * 30 * 0.6
    assert pictures[-1][0] - pictures[-10][0] < 0.31


def test_a_worker_that_was_starved_reads_on_and_takes_nobody_for_frozen() -> None:
    """A second and a half in which nothing ran, then everything that came meanwhile, in small reads with the time noted after each."""
    video, sound = video_units(steady(30, 8), keyframe=every(2.0)), audio_units(8)
    arrivals = arriving(video, sound)
    viewer, packager = Viewer(), Packager(TIMING, BROADCAST, 0)
    packager.open(SessionId("s.1"), H264_AND_OPUS, 0)
    asleep, awake = 4 * SECOND, 4 * SECOND + SECOND * 3 // 2
    for number, arrival in enumerate(arrivals):
        now = max(arrival.at, awake) if arrival.at >= asleep else arrival.at
        packager.unit(arrival.unit, now)
        if number % 10 == 0:
            packager.tick(now)
        if taken := packager.take():
            viewer.take(taken[0].events, taken[0].blobs | taken[0].inits)
    packager.finish()
    taken = packager.take()
    assert taken
    viewer.take(taken[0].events, taken[0].blobs | taken[0].inits)
    viewer.check()
    assert packager.video is not None
    assert packager.video.switches == 0
    assert viewer.video.discontinuities == []
    assert len(viewer.pictures()) == len(video)
    _, samples = viewer.sound()
    quiet = [index for index in range(0, len(samples) - 480, 480) if max(map(abs, samples[index : index + 480])) < 1e-4]
    assert len(quiet) < 10
