import os
import signal
import subprocess
import sys
import time

import pytest

from transcoder.crashes import WINDOW, Crashes
from transcoder.patience import AT_MOST, SILENCE, STARTING, STUCK, Patience, Usage, fair, usage


@pytest.mark.parametrize(
    ("late", "after", "counts"),
    [
        pytest.param(0.0, Usage(0.0, 0.0), 0.5, id="stopped, or waiting for itself"),
        pytest.param(0.0, Usage(0.5, 0.0, waits=True), 0.5, id="spinning with a processor to itself"),
        pytest.param(0.0, Usage(0.25, 0.25, waits=True), 0.25, id="spinning beside another process"),
        pytest.param(0.0, Usage(0.0, 0.5), 0.0, id="waited for a processor all the time"),
        pytest.param(0.0, Usage(0.0, 0.0, waits=True), 0.0, id="still in line"),
        pytest.param(0.0, Usage(0.1, 3.0), 0.0, id="many threads that waited"),
        pytest.param(0.4, Usage(0.0, 0.0), 0.1, id="we came late"),
        pytest.param(-0.1, Usage(0.0, 0.0), 0.5, id="we came early"),
        pytest.param(0.0, Usage(2.0, 0.0, waits=True), 0.5, id="many threads that ran"),
    ],
)
def test_only_time_in_which_it_could_have_run_counts(late: float, after: Usage, counts: float) -> None:
    assert fair(0.5, late, Usage(), after) == pytest.approx(counts)


def test_threads_that_ended_make_no_negative_wait() -> None:
    assert fair(0.5, 0.0, Usage(1.0, 2.0), Usage(1.0, 0.5)) == 0.5


def after(seconds: float, *, fair_part: float = 1.0, heard: bool = True) -> Patience:
    patience = Patience()
    if heard:
        patience.heard(moved=True)
    while seconds > 0:
        patience.passed(0.5, 0.5 * fair_part)
        seconds -= 0.5
    return patience


def test_patience_ends_with_fair_time_or_at_last_with_any() -> None:
    assert not after(SILENCE).over
    assert after(SILENCE + 0.5).over
    assert not after(STARTING, heard=False).over
    assert after(STARTING + 0.5, heard=False).over
    assert not after(AT_MOST, fair_part=0.0).over
    assert after(AT_MOST + 0.5, fair_part=0.0).over


def test_a_sign_of_life_without_a_part_is_no_progress() -> None:
    patience = Patience()
    patience.heard(moved=True)
    for _ in range(round(STUCK / 0.5)):
        patience.passed(0.5, 0.5)
        patience.heard(moved=False)
    assert not patience.over
    patience.passed(0.5, 0.5)
    assert patience.over
    patience.heard(moved=True)
    assert not patience.over


def test_a_process_that_spins_ran_and_one_that_is_stopped_did_not() -> None:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        deadline = time.monotonic() + 20
        while (before := usage(process.pid)).ran < 0.2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert before.waits
        process.send_signal(signal.SIGSTOP)
        while (stopped := usage(process.pid)).waits:
            assert time.monotonic() < deadline
        time.sleep(0.5)
        assert fair(0.5, 0.0, stopped, usage(process.pid)) > 0.4
    finally:
        process.kill()
        process.wait()
    assert usage(process.pid) == Usage()


def test_three_crashes_are_too_many_and_so_are_six_hangs() -> None:
    def verdicts(hung: list[bool], every: float) -> list[bool]:
        crashes, found = Crashes(), []
        for number, one in enumerate(hung):
            crashes.add(number * every, hung=one)
            found.append(crashes.too_many(number * every))
        return found

    assert verdicts([False] * 3, 1.0) == [False, False, True]
    assert verdicts([True] * 6, 9.0) == [False] * 5 + [True]
    assert verdicts([True, True, False, False], 1.0) == [False, False, False, True]
    assert verdicts([False] * 9, WINDOW / 2) == [False] * 9
    assert verdicts([True] * 30, WINDOW / 5) == [False] * 30


def test_this_process_is_seen_to_run() -> None:
    assert usage(os.getpid()).ran > 0
