import itertools
import random

import pytest

from transcoder.timeline import AUDIO_PULL, SECOND_NS, VIDEO_PULL, TrackTimeline

ORIGIN = 1_700_000_000_000_000_000


def video(**options: object) -> TrackTimeline:
    return TrackTimeline(90_000, ORIGIN, VIDEO_PULL, **options)  # type: ignore[arg-type]


def ns(seconds: float) -> int:
    return ORIGIN + round(seconds * SECOND_NS)


def test_a_track_begins_at_its_capture_time_and_runs_on_its_ticks() -> None:
    timeline = video()
    noise = random.Random(1)
    places = [timeline.place(index * 3000, ns(1 + index / 30 + noise.uniform(-0.0004, 0.0004)), aligned=True).pts for index in range(300)]
    assert abs(places[0] - 90_000) < 50
    assert [after - before for before, after in itertools.pairwise(places)] == [3000] * 299


@pytest.mark.parametrize("late", [0.06, 0.15, 0.4])
def test_alignment_that_comes_late_is_made_good_smoothly(late: float) -> None:
    sound = TrackTimeline(48_000, ORIGIN, AUDIO_PULL)
    picture = video()
    skews = []
    last = None
    packets = 0
    for index in range(450):
        second = index / 30
        aligned = second > 2
        believed = second if aligned else second + late
        while packets * 0.02 <= second:
            sound.place(packets * 960, ns(packets * 0.02), aligned=True)
            packets += 1
        lead = sound.behind(ns(believed)) / 48_000 * 90_000
        shown = picture.place(index * 3000, ns(believed), aligned=aligned, lead=lead)
        assert not shown.jumped
        if last is not None:
            assert 2600 <= shown.pts - last <= 3400
        last = shown.pts
        skews.append((second, shown.pts / 90_000 - second))
    assert all(abs(skew) < 0.04 for second, skew in skews if second > 2 + late * 12)


def test_a_burst_at_the_start_does_not_part_sound_and_picture() -> None:
    # FFmpeg sends the half second that waited for its handshake within 10 ms, then goes on at normal speed.
    sound = TrackTimeline(48_000, ORIGIN, AUDIO_PULL)
    picture = video()

    def captured(second: float) -> int:
        return ns(1 + max(second / 50, second - 0.49))

    skews = []
    for second in sorted([*(n / 50 for n in range(500)), *(n / 30 + 0.001 for n in range(300))]):
        if round(second * 1000) % 20 == 0:
            heard = sound.place(round(second * 48_000), captured(second), aligned=True).pts / 48_000 - second
        else:
            lead = sound.behind(captured(second)) * 90_000 / 48_000
            shown = picture.place(round(second * 90_000), captured(second), aligned=True, lead=lead).pts / 90_000 - second
            skews.append(shown - heard)
    assert max(abs(skew) for skew in skews) < 0.01


def test_a_slow_drift_is_followed_without_a_step() -> None:
    timeline = TrackTimeline(48_000, ORIGIN, AUDIO_PULL)
    last = None
    # The publisher's sound card runs 100 ppm fast.
    for index in range(30_000):
        place = timeline.place(index * 960, ns(index * 0.02 / 1.0001), aligned=True)
        if last is not None:
            assert abs(place.pts - last - 960) <= 5
        last = place.pts
    assert last is not None
    assert abs(last / 48_000 - 29_999 * 0.02 / 1.0001) < 0.01


def test_ticks_that_were_reset_go_on_by_the_capture_clock() -> None:
    timeline = video()
    timeline.place(900_000, ns(1), aligned=True)
    place = timeline.place(0, ns(1.04), aligned=True)
    assert place.jumped
    assert place.pts == round(1.04 * 90_000)
    assert timeline.place(3000, ns(1.04 + 1 / 30), aligned=True).pts == place.pts + 3000


@pytest.mark.parametrize("step", [3600, -3600, 5, -5])
def test_a_capture_clock_that_is_set_moves_nothing(step: int) -> None:
    timeline = video()
    timeline.place(0, ns(10), aligned=True)
    place = timeline.place(3000, ns(10 + 1 / 30 + step), aligned=True)
    assert place.jumped
    assert place.pts == 10 * 90_000 + 3000
    for index in range(2, 60):
        place = timeline.place(index * 3000, ns(10 + index / 30 + step), aligned=True)
    assert abs(place.pts - (10 * 90_000 + 59 * 3000)) < 200


def test_a_hole_in_time_stays_a_hole() -> None:
    timeline = video()
    timeline.place(0, ns(1), aligned=True)
    place = timeline.place(450_000, ns(6), aligned=True)
    assert not place.jumped
    assert place.pts == 6 * 90_000


def test_frames_in_decoding_order_keep_their_own_times() -> None:
    timeline = video()
    places = [timeline.place(ticks, ns(ticks / 90_000), aligned=True).pts for ticks in (0, 9000, 3000, 6000, 18_000, 12_000, 15_000)]
    assert places == [0, 9000, 3000, 6000, 18_000, 12_000, 15_000]


def test_another_process_goes_on_where_one_ended() -> None:
    first = video()
    for index in range(100):
        first.place(index * 3000, ns(5 + index / 30 + (0.1 if index < 50 else 0)), aligned=index >= 50)
    second = video(state=first.state)
    expected = first.place(100 * 3000, ns(5 + 100 / 30), aligned=True).pts
    assert abs(second.place(100 * 3000, ns(5 + 100 / 30), aligned=True).pts - expected) <= 300


def test_capture_times_are_told_back() -> None:
    timeline = video()
    assert timeline.capture_ns(90_000) == ns(1)
    timeline.place(0, ns(3), aligned=True)
    assert timeline.capture_ns(3 * 90_000 + 45_000) == ns(3.5)
