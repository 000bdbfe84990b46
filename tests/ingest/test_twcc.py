from hypothesis import given
from hypothesis import strategies as st

from ingest.twcc import INTERVAL_NS, ArrivalLog, encode_chunks
from tests.ingest.packets import START_NS
from tests.ingest.twcc_reader import Feedback, read

STEP = 250_000
WRAP = (1 << 24) * 256


def times_of(feedback: Feedback, near_ns: int) -> dict[int, int]:
    """Arrivals in steps of 250 us since 1970: the 24 bits of the reference time put back into their place."""
    near = near_ns // STEP
    return {number & 0xFFFF: near + ((time - near + WRAP // 2) % WRAP) - WRAP // 2 for number, time in feedback.arrivals.items()}


def test_packets_in_order_cost_one_chunk() -> None:
    log = ArrivalLog(1)
    for number in range(100):
        log.received(number, START_NS + number * 3_000_000)
    (packet,) = log.due(START_NS + 300_000_000)
    assert len(packet) == 20 + 2 + 100 + 2
    feedback = read(packet)
    assert (feedback.base, feedback.count, feedback.number) == (0, 100, 0)
    assert times_of(feedback, START_NS) == {number: (START_NS + number * 3_000_000) // STEP for number in range(100)}


def test_feedback_comes_every_fifty_milliseconds_while_packets_come() -> None:
    log = ArrivalLog(1)
    sent = 0
    for millisecond in range(1000):
        now = START_NS + millisecond * 1_000_000
        log.received(millisecond, now)
        sent += len(log.due(now))
    assert sent == 1_000_000_000 // INTERVAL_NS
    log.due(START_NS + 2_000_000_000)
    assert log.due(START_NS + 3_000_000_000) == []


def test_every_feedback_is_counted() -> None:
    log = ArrivalLog(1)
    numbers = []
    for index in range(300):
        log.received(index, START_NS + index * INTERVAL_NS)
        numbers += [read(packet).number for packet in log.due(START_NS + index * INTERVAL_NS)]
    assert numbers == [index & 0xFF for index in range(300)]


def test_a_late_packet_is_reported_without_a_word_about_its_neighbours() -> None:
    log = ArrivalLog(1)
    for number in (10, 11, 13):
        log.received(number, START_NS)
    (first,) = log.due(START_NS)
    assert read(first).arrivals.keys() == {10, 11, 13}
    log.received(14, START_NS + INTERVAL_NS)
    log.received(12, START_NS + INTERVAL_NS)
    late, live = (read(packet) for packet in log.due(START_NS + INTERVAL_NS))
    assert (late.base, late.count) == (12, 1)
    assert (live.base, live.count) == (14, 1)


def test_loss_between_two_feedbacks_is_reported_by_the_second() -> None:
    log = ArrivalLog(1)
    log.received(0xFFFE, START_NS)
    log.due(START_NS)
    log.received(3, START_NS + INTERVAL_NS)
    (packet,) = log.due(START_NS + INTERVAL_NS)
    feedback = read(packet)
    assert (feedback.base, feedback.count) == (0xFFFF, 5)
    assert {number & 0xFFFF for number in feedback.arrivals} == {3}


def test_a_far_jump_starts_over() -> None:
    log = ArrivalLog(1)
    log.received(5, START_NS)
    log.received(20_000, START_NS)
    (packet,) = log.due(START_NS)
    assert (read(packet).base, read(packet).count, log.resets) == (20_000, 1, 1)


def test_a_pause_longer_than_a_delta_can_tell_splits_the_feedback() -> None:
    log = ArrivalLog(1)
    log.received(1, START_NS)
    log.received(2, START_NS + 20_000_000_000)
    packets = [read(packet) for packet in log.due(START_NS + 21_000_000_000)]
    assert [(each.base, each.count) for each in packets] == [(1, 1), (2, 1)]


@given(st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=300))
def test_chunks_say_the_symbols_they_were_made_of(symbols: list[int]) -> None:
    decoded: list[int] = []
    for chunk in encode_chunks(symbols):
        if not chunk & 0x8000:
            decoded += [chunk >> 13] * (chunk & 0x1FFF)
        elif not chunk & 0x4000:
            decoded += [chunk >> shift & 1 for shift in range(13, -1, -1)]
        else:
            decoded += [chunk >> shift & 3 for shift in range(12, -1, -2)]
    assert decoded[: len(symbols)] == symbols
    assert not any(decoded[len(symbols) :])


@given(
    st.integers(0, 0xFFFF),
    st.lists(
        st.tuples(st.sampled_from([1, 1, 1, 2, 3, 30, 500]), st.integers(-200_000_000, 300_000_000), st.booleans()),
        min_size=1,
        max_size=200,
    ),
)
def test_whatever_comes_is_reported_once_and_at_its_time(first: int, steps: list[tuple[int, int, bool]]) -> None:
    log = ArrivalLog(1)
    number, now = first, START_NS
    expected: list[tuple[int, int]] = []
    reported: list[tuple[int, int]] = []
    for step, wait, flush in steps:
        arrival = now + wait
        log.received(number & 0xFFFF, arrival)
        expected.append((number & 0xFFFF, arrival // STEP))
        number += step
        now += abs(wait)
        if flush:
            now += INTERVAL_NS
            for packet in log.due(now):
                reported += times_of(read(packet), now).items()
    for packet in log.due(now + INTERVAL_NS):
        reported += times_of(read(packet), now).items()
    assert sorted(reported) == sorted(expected)
