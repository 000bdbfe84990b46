import random

import pytest

from transcoder.frame_rate import FrameRate


def watched(times: list[float], *, grain: int = 1) -> FrameRate:
    """A track whose pictures are captured at ``times`` (seconds), stamped in steps of ``grain`` ticks."""
    rate = FrameRate()
    for time in times:
        rate.observe(round(time * 90_000 / grain) * grain)
    return rate


@pytest.mark.parametrize("fps", [5, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60])
@pytest.mark.parametrize("pictures", [6, 13, 200])
@pytest.mark.parametrize("grain", [1, 90], ids=["exact", "milliseconds"])
def test_an_even_rate_is_told_from_a_handful_of_pictures(fps: int, pictures: int, grain: int) -> None:
    assert watched([n / fps for n in range(pictures)], grain=grain).known == fps


@pytest.mark.parametrize(("fps", "told"), [(24, 23.976), (30, 29.97), (60, 59.94)])
def test_television_rates_are_told_by_exact_timestamps_only(fps: int, told: float) -> None:
    times = [n * 1.001 / fps for n in range(60)]
    assert watched(times).known == told
    assert watched(times, grain=90).known == fps


def test_pictures_left_out_do_not_lower_it() -> None:
    chance = random.Random(1)
    assert watched([n / 30 for n in range(200) if chance.random() > 0.2]).known == 30


def test_a_camera_that_jitters_keeps_its_rate() -> None:
    chance = random.Random(2)
    assert watched([n / 30 + chance.gauss(0, 0.002) for n in range(60)]).known == 30


def test_nothing_is_said_where_nothing_is_sure() -> None:
    assert watched([]).known == 0
    assert watched([0, 1 / 30, 2 / 30]).known == 0
    assert watched([0, 1 / 30, 2 / 30, 4 / 30, 5 / 30]).known == 0
    assert watched([n / 17.3 for n in range(60)]).known == 0
    chance = random.Random(3)
    times, now = [], 0.0
    for _ in range(60):
        times.append(now)
        now += chance.uniform(0.01, 0.2)
    assert watched(times).known == 0


def test_the_mean_is_there_for_what_keeps_to_no_rate() -> None:
    assert watched([]).mean == 0
    assert watched([n / 17.3 for n in range(60)]).mean == 17
    assert watched([n / 90 for n in range(60)]).mean == 60


def test_a_new_session_and_a_freeze_say_nothing() -> None:
    rate = watched([n / 30 for n in range(20)])
    rate.renew()
    assert rate.known == 0
    assert watched([*(n / 25 for n in range(20)), 5.0, *(5 + n / 25 for n in range(1, 20))]).known == 25
