import time

from hypothesis import given
from hypothesis import strategies as st

from ingest.jitter_buffer import HELD_BYTES, HELD_PACKETS, RESET_JUMP, WIDEST_HOLE, JitterBuffer
from ingest.nack import NackList, RoundTrip
from ingest.rtp import Arrived

MS = 1_000_000
WAIT = 500 * MS


class Log:
    def __init__(self, *, wait_ns: int = WAIT, nacks: bool = True) -> None:
        self.events: list[int | str] = []
        self.keyframes: set[int] = set()
        self.waiting = False
        self.buffer = JitterBuffer(
            release=self.release,
            lost=lambda count: self.events.append(f"lost {count}"),
            seek=lambda packet, start, _: self.waiting and packet[start] in self.keyframes,
            wait_ns=wait_ns,
            nacks=NackList(RoundTrip()) if nacks else None,
        )

    def release(self, arrived: Arrived) -> None:
        self.events.append(arrived[3])

    def insert(self, number: int, at: int = 0, *, repair: bool = False, size: int = 1) -> bool:
        data = bytes((number & 0xFF,)) * size
        return self.buffer.insert(number & 0xFFFF, (data, 0, size, number, False, at), repair)


def test_packets_in_order_pass_straight_through_over_the_wrap() -> None:
    log = Log()
    for number in range(65_530, 65_550):
        assert not log.insert(number)
    assert log.events == list(range(65_530, 65_550))


def test_a_stream_may_start_anywhere() -> None:
    for first in (0, 1, 32_767, 32_768, 65_535):
        log = Log()
        for number in range(first, first + 3):
            log.insert(number)
        assert log.events == [first, first + 1, first + 2]


def test_overtaken_packets_are_put_back() -> None:
    log = Log()
    for number in (10, 13, 12, 11, 14):
        log.insert(number)
    assert log.events == [10, 11, 12, 13, 14]
    assert log.buffer.held == 0


def test_a_duplicate_is_released_once() -> None:
    log = Log()
    for number in (10, 10, 12, 12, 11, 11):
        log.insert(number)
    assert log.events == [10, 11, 12]
    assert log.buffer.duplicates == 3


def test_a_new_hole_is_told_once() -> None:
    log = Log()
    assert [log.insert(number) for number in (10, 12, 13, 15, 11, 14)] == [False, True, False, True, False, False]


def test_a_hole_is_given_up_after_the_wait() -> None:
    log = Log()
    log.insert(10)
    log.insert(12, at=0)
    log.insert(14, at=100 * MS)
    log.buffer.expire(WAIT - 1)
    assert log.events == [10]
    log.buffer.expire(WAIT)
    assert log.events == [10, "lost 1", 12]
    log.buffer.expire(WAIT + 100 * MS)
    assert log.events == [10, "lost 1", 12, "lost 1", 14]
    assert log.buffer.lost == 2
    log.insert(11)
    assert log.events[-1] == 14


def test_a_partly_filled_hole_is_given_up_piece_by_piece() -> None:
    log = Log()
    for number in (10, 15, 12, 13):
        log.insert(number)
    log.buffer.expire(WAIT)
    assert log.events == [10, "lost 1", 12, 13, "lost 1", 15]


def test_a_repaired_hole_is_no_loss() -> None:
    log = Log()
    for number in (10, 12):
        log.insert(number)
    assert log.buffer.missing(10 * MS) == [log.buffer.expected]
    log.insert(11, at=50 * MS, repair=True)
    assert log.events == [10, 11, 12]
    assert (log.buffer.lost, log.buffer.recovered) == (0, 1)
    assert log.buffer.missing(1000 * MS) == []


def test_who_waits_for_a_keyframe_goes_on_at_the_first_one() -> None:
    log = Log()
    log.keyframes = {14}
    log.waiting = True
    for number in (10, 12, 14, 15):
        log.insert(number)
    assert log.events == [10, "lost 2", 14, 15]


def test_a_hole_wider_than_repair_is_given_up_at_once() -> None:
    log = Log()
    log.insert(10)
    log.insert(10 + WIDEST_HOLE + 1)
    assert log.events == [10, "lost 1", 10 + WIDEST_HOLE + 1]


def test_one_stray_number_far_away_changes_nothing() -> None:
    log = Log()
    for number in (10, 30_000, 11, 40_000, 12):
        log.insert(number)
    assert log.events == [10, 11, 12]


def test_two_neighbours_far_away_are_a_new_start() -> None:
    log = Log()
    for number in (10, 12, 30_000, 30_001, 30_002):
        log.insert(number)
    assert log.events == [10, "lost 1", 30_000, 30_001, 30_002]
    assert log.buffer.resets == 1
    for number in (20, 21, 22):
        log.insert(number)
    assert log.events[-3:] == [20, 21, 22]


def test_a_clock_set_back_starts_the_wait_anew() -> None:
    log = Log()
    hour = 3600_000 * MS
    log.insert(10, at=hour)
    log.insert(12, at=hour)
    log.buffer.expire(10 * MS)
    log.buffer.expire(10 * MS + WAIT)
    assert log.events == [10, "lost 1", 12]


def test_a_retransmission_never_starts_a_stream() -> None:
    log = Log()
    log.insert(10, repair=True)
    assert log.events == []


def test_what_is_held_is_bounded_in_packets_and_bytes() -> None:
    log = Log(wait_ns=10**18)
    log.insert(0)
    for number in range(2, HELD_PACKETS + 100):
        log.insert(number)
        assert log.buffer.held <= HELD_PACKETS
    assert log.events[1] == "lost 1"
    log = Log(wait_ns=10**18)
    log.insert(0)
    for number in range(2, 30):
        log.insert(number, size=1024 * 1024)
        assert log.buffer.held <= HELD_BYTES // (1024 * 1024)


def test_jumping_numbers_cost_no_more_than_others() -> None:
    for jump in (WIDEST_HOLE - 1, RESET_JUMP - 1, 32_766):
        log = Log()
        number, now = 0, 0
        began = time.process_time()
        for _ in range(5000):
            number += jump
            now += MS
            log.insert(number, at=now)
            if now % (20 * MS) == 0:
                log.buffer.expire(now)
                log.buffer.missing(now)
        assert time.process_time() - began < 2


@given(st.data())
def test_any_pattern_of_loss_reordering_and_duplicates_releases_each_packet_at_most_once_and_in_order(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 80))
    first = data.draw(st.sampled_from([0, 65_500, 32_760]))
    lost = data.draw(st.sets(st.integers(1, count)))
    twice = data.draw(st.lists(st.integers(0, count), max_size=10))
    numbers = [number for number in range(count) if number not in lost] + [number for number in twice if number not in lost]
    numbers.sort(key=lambda number: number + data.draw(st.integers(0, 6)))
    log = Log()
    for index, number in enumerate(numbers):
        log.insert(first + number, at=index * 10 * MS)
        log.buffer.expire(index * 10 * MS)
    log.buffer.expire(10**15)
    released = [event - first for event in log.events if isinstance(event, int)]
    assert released == sorted(set(released))
    assert log.buffer.held == 0
    # Before every gap in the numbers the loss was told.
    previous: int | str | None = None
    for event in log.events:
        if isinstance(event, int) and isinstance(previous, int):
            assert event == previous + 1
        previous = event
    # What was not overtaken by half a second is there.
    if not lost and not twice and numbers and numbers[0] == 0:
        assert released == list(range(count))
