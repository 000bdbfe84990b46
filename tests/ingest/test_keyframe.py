from itertools import pairwise

from ingest.keyframe import SHORTEST_NS, KeyframeRequests

MS = 1_000_000


def test_requests_are_never_closer_than_half_a_second() -> None:
    requests = KeyframeRequests()
    sent = []
    for now in range(0, 10_000, 10):
        requests.want()
        if requests.due(now * MS, stuck=False):
            sent.append(now)
            requests.came()
    assert len(sent) == 20
    assert all(later - earlier >= SHORTEST_NS // MS for earlier, later in pairwise(sent))


def test_an_unanswered_request_is_repeated_at_growing_intervals() -> None:
    requests = KeyframeRequests()
    sent = [now for now in range(0, 10_000, 10) if requests.due(now * MS, stuck=True)]
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert gaps[0] < 1000
    assert gaps == sorted(gaps)
    assert gaps[-1] == 2000


def test_a_wish_that_nobody_answers_is_given_up() -> None:
    requests = KeyframeRequests()
    requests.want()
    assert sum(requests.due(now * MS, stuck=False) for now in range(0, 20_000, 10)) == 3


def test_nothing_is_asked_while_a_keyframe_is_coming() -> None:
    requests = KeyframeRequests()
    requests.want()
    assert not requests.due(0, stuck=True, coming=True)
    assert requests.due(0, stuck=True)


def test_a_keyframe_settles_the_wish() -> None:
    requests = KeyframeRequests()
    requests.want()
    requests.came()
    assert not requests.due(0, stuck=False)
