from ingest.nack import PENDING_LIMIT, RETRIES, NackList, RoundTrip

MS = 1_000_000


def test_a_fresh_hole_is_given_a_moment_to_be_only_a_reordering() -> None:
    nacks = NackList(RoundTrip())
    nacks.missing(5, 6, 0)
    assert nacks.due(2 * MS, 5, ()) == []
    assert nacks.due(10 * MS, 5, ()) == [5]


def test_a_packet_is_asked_for_again_every_round_trip_and_a_bounded_number_of_times() -> None:
    round_trip = RoundTrip()
    round_trip.sample(40 * MS)
    nacks = NackList(round_trip)
    nacks.missing(5, 6, 0)
    asked = [now for now in range(0, 2000, 5) if nacks.due(now * MS, 5, ())]
    assert len(asked) == RETRIES
    assert asked == [10 + 50 * index for index in range(RETRIES)]


def test_what_came_is_not_asked_for() -> None:
    nacks = NackList(RoundTrip())
    nacks.missing(5, 9, 0)
    assert nacks.due(10 * MS, 6, {7}) == [6, 8]
    nacks.received(6, 20 * MS)
    assert nacks.due(1000 * MS, 6, {6, 7}) == [8]


def test_the_answer_to_a_single_request_is_a_round_trip() -> None:
    round_trip = RoundTrip()
    nacks = NackList(round_trip)
    nacks.missing(5, 6, 0)
    nacks.due(10 * MS, 5, ())
    nacks.received(5, 40 * MS)
    assert (round_trip.measured, round_trip.ns) == (True, 30 * MS)


def test_the_answer_to_a_repeated_request_is_ambiguous() -> None:
    round_trip = RoundTrip()
    nacks = NackList(round_trip)
    nacks.missing(5, 6, 0)
    nacks.due(10 * MS, 5, ())
    nacks.due(500 * MS, 5, ())
    nacks.received(5, 501 * MS)
    assert not round_trip.measured


def test_only_so_many_are_asked_for_at_a_time_and_the_others_later() -> None:
    nacks = NackList(RoundTrip())
    nacks.missing(0, 2 * PENDING_LIMIT, 0)
    assert nacks.due(10 * MS, 0, ()) == list(range(PENDING_LIMIT))
    for number in range(PENDING_LIMIT):
        nacks.received(number, 20 * MS)
    assert nacks.due(30 * MS, PENDING_LIMIT, ()) == list(range(PENDING_LIMIT, 2 * PENDING_LIMIT))


def test_what_nobody_waits_for_is_forgotten() -> None:
    nacks = NackList(RoundTrip())
    nacks.missing(5, 9, 0)
    nacks.due(10 * MS, 5, ())
    nacks.missing(10, 12, 10 * MS)
    nacks.forget_before(20)
    assert len(nacks) == 0
