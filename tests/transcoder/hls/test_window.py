from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.bus.messages import EndEvent, InitEvent, StoredEvent, WindowBatch
from storage.model.rendition import RenditionName
from tests.transcoder.hls.stream import batch, broadcast, part, segment
from transcoder.hls.window import LiveWindow, Position, RenditionWindow

VIDEO, AUDIO = RenditionName.VIDEO, RenditionName.AUDIO


def live(batches: Iterable[WindowBatch], *, seconds: float = 20, part_target: float = 0.4) -> LiveWindow:
    window = LiveWindow(seconds=seconds, part_target=part_target)
    for one in batches:
        window.apply(one)
    return window


def listed(window: RenditionWindow) -> list[tuple[int, int, bool]]:
    return [(segment.msn, len(segment.parts), segment.complete) for segment in window.segments]


def test_parts_grow_an_open_segment_until_it_is_complete() -> None:
    window = live([batch(part(0, 0)), batch(part(0, 1))])
    video = window.renditions[VIDEO]
    assert listed(video) == [(0, 2, False)]
    assert video.next_part == (0, 2)
    assert video.last_part == (0, 1)
    window.apply(batch(part(0, 2), segment(0, per_segment=3)))
    assert listed(video) == [(0, 3, True)]
    assert video.next_part == (1, 0)


def test_segments_older_than_the_window_leave_it_in_order() -> None:
    gone: list[int] = []
    window = LiveWindow(seconds=6, part_target=0.4, on_removed=lambda name, one: gone.append(one.msn) if name is VIDEO else None)
    for one in broadcast(6):
        window.apply(one)
    assert [one.msn for one in window.renditions[VIDEO].segments] == [3, 4, 5]
    assert gone == [0, 1, 2]
    assert window.renditions[VIDEO].media_sequence == 3


def test_the_first_segment_stays_while_the_window_would_be_too_short_without_it() -> None:
    window = live(broadcast(9), seconds=7)
    assert [one.msn for one in window.renditions[VIDEO].segments] == [5, 6, 7, 8]


@settings(deadline=None)
@given(start=st.integers(0, 60), seconds=st.floats(1, 30))
def test_a_follower_that_starts_in_the_middle_lists_what_all_others_list(start: int, seconds: float) -> None:
    batches = list(broadcast(40))
    whole, late = live(batches, seconds=seconds), live(batches[start:], seconds=seconds)
    for name in RenditionName:
        assert listed(whole.renditions[name]) == listed(late.renditions[name])
        assert whole.renditions[name].media_sequence == late.renditions[name].media_sequence
        assert whole.renditions[name].discontinuity_sequence == late.renditions[name].discontinuity_sequence


def test_parts_of_a_segment_whose_beginning_was_missed_are_left_out() -> None:
    window = live([batch(part(7, 3)), batch(part(7, 4), segment(7)), batch(StoredEvent(rendition=VIDEO, msn=7)), batch(part(8, 0))])
    assert listed(window.renditions[VIDEO]) == [(8, 1, False)]
    assert window.renditions[VIDEO].media_sequence == 8


@settings(deadline=None)
@given(again=st.integers(0, 60))
def test_events_announced_twice_change_nothing(again: int) -> None:
    batches = list(broadcast(12))
    window = live(batches)
    before = [(listed(one), one.version, one.media_sequence) for one in window.renditions.values()]
    for one in batches[again:]:
        assert not window.apply(one)
    assert [(listed(one), one.version, one.media_sequence) for one in window.renditions.values()] == before


def test_after_the_bus_lost_everything_the_open_segment_goes_on() -> None:
    window = live([*broadcast(3), batch(part(3, 0)), batch(part(3, 1))])
    for one in [*broadcast(3), batch(part(3, 0)), batch(part(3, 1)), batch(part(3, 2))]:
        window.apply(one)
    assert listed(window.renditions[VIDEO])[-1] == (3, 3, False)


def test_a_hole_in_the_stream_starts_the_list_anew_and_never_goes_back() -> None:
    window = live([*broadcast(4), batch(part(9, 0))])
    assert listed(window.renditions[VIDEO]) == [(9, 1, False)]
    window.apply(batch(part(4, 0)))
    assert listed(window.renditions[VIDEO]) == [(9, 1, False)]
    window.apply(batch(part(9, 2)))
    assert listed(window.renditions[VIDEO]) == []
    assert window.renditions[VIDEO].media_sequence == 10
    window.apply(batch(part(10, 0)))
    assert listed(window.renditions[VIDEO]) == [(10, 1, False)]


def test_a_successor_that_begins_the_next_segment_closes_the_one_left_open() -> None:
    window = live([batch(part(0, 0)), batch(part(0, 1)), batch(part(1, 0, discontinuity=True, discontinuity_sequence=1))])
    assert listed(window.renditions[VIDEO]) == [(0, 2, True), (1, 1, False)]
    assert window.renditions[VIDEO].segments[0].duration == pytest.approx(0.8)


def test_the_discontinuity_sequence_counts_only_what_was_removed() -> None:
    events = [batch(part(0, 0), segment(0, per_segment=1))]
    for msn in range(1, 6):
        count = 1 if msn < 3 else 2
        first = msn in {1, 3}
        events.append(batch(part(msn, 0, discontinuity=first, discontinuity_sequence=count), segment(msn, per_segment=1)))
    sequences = []
    window = LiveWindow(seconds=0.7, part_target=0.4)
    for one in events:
        window.apply(one)
        video = window.renditions[VIDEO]
        sequences.append((video.media_sequence, video.discontinuity_sequence))
    assert sequences == [(0, 0), (0, 0), (1, 0), (2, 1), (3, 1), (4, 2)]


def test_the_end_closes_every_rendition_and_nothing_comes_after_it() -> None:
    window = live([*broadcast(2), batch(part(2, 0)), batch(EndEvent())])
    assert window.ended
    assert listed(window.renditions[VIDEO])[-1] == (2, 1, True)
    assert not window.apply(batch(part(2, 1)))
    assert not window.apply(batch(EndEvent()))


def test_a_new_init_changes_the_playlist_because_of_its_hint() -> None:
    window = live(broadcast(2))
    assert window.apply(batch(InitEvent(rendition=VIDEO, init=1))) == {VIDEO}
    assert not window.apply(batch(InitEvent(rendition=VIDEO, init=1)))


def test_a_segment_being_stored_does_not_change_the_low_latency_playlist() -> None:
    window = live(broadcast(2, stored=False))
    assert not window.apply(batch(StoredEvent(rendition=VIDEO, msn=1)))
    assert [one.stored for one in window.renditions[VIDEO].segments] == [False, True]


# Segments 0 to 3 are complete with five parts each, segment 4 is open with parts 0 and 1. The part limit is ceil(3 / 0.4) = 8.
@pytest.mark.parametrize(
    ("msn", "number", "expected"),
    [
        (0, None, Position.READY),
        (3, None, Position.READY),
        (4, None, Position.NOT_YET),
        (5, None, Position.NOT_YET),
        (6, None, Position.NOT_YET),
        (7, None, Position.TOO_FAR),
        (3, 0, Position.READY),
        (3, 4, Position.READY),
        (3, 5, Position.READY),
        (3, 4000, Position.READY),
        (4, 1, Position.READY),
        (4, 2, Position.NOT_YET),
        (4, 9, Position.NOT_YET),
        (4, 10, Position.TOO_FAR),
        (5, 0, Position.NOT_YET),
        (5, 8, Position.NOT_YET),
        (5, 9, Position.TOO_FAR),
        (6, 0, Position.NOT_YET),
        (7, 0, Position.TOO_FAR),
        (10**20, None, Position.TOO_FAR),
        (-1, None, Position.BAD),
        (4, -1, Position.BAD),
    ],
)
def test_where_a_blocking_reload_stands(msn: int, number: int | None, expected: Position) -> None:
    window = live([*broadcast(4), batch(part(4, 0)), batch(part(4, 1))])
    assert window.position(VIDEO, msn, number) is expected


def test_a_part_beyond_a_finished_last_segment_stands_for_the_next_segments_first_part() -> None:
    window = live(broadcast(4))
    assert window.position(VIDEO, 3, 4) is Position.READY
    assert window.position(VIDEO, 3, 5) is Position.NOT_YET
    window.apply(batch(part(4, 0)))
    assert window.position(VIDEO, 3, 5) is Position.READY


def test_long_parts_have_a_part_limit_of_three() -> None:
    window = live([batch(part(0, 0))], part_target=1.0)
    assert window.position(VIDEO, 0, 3) is Position.NOT_YET
    assert window.position(VIDEO, 0, 4) is Position.TOO_FAR


def test_everything_is_ready_once_the_broadcast_has_ended() -> None:
    window = live(broadcast(2, end=True))
    assert window.position(VIDEO, 900, 900) is Position.READY


def test_a_number_already_removed_is_ready_for_a_reload_and_gone_for_a_part() -> None:
    window = live(broadcast(20))
    assert window.position(VIDEO, 1) is Position.READY
    assert window.part_position(VIDEO, 1, 0) is Position.GONE


@pytest.mark.parametrize(
    ("msn", "number", "expected"),
    [
        (3, 4, Position.READY),
        (3, 5, Position.GONE),
        (4, 1, Position.READY),
        (4, 2, Position.NOT_YET),
        (4, 3, Position.TOO_FAR),
        (5, 0, Position.TOO_FAR),
    ],
)
def test_only_the_hinted_part_may_be_waited_for(msn: int, number: int, expected: Position) -> None:
    window = live([*broadcast(4), batch(part(4, 0)), batch(part(4, 1))])
    assert window.part_position(VIDEO, msn, number) is expected


def test_a_hinted_part_that_will_never_be_is_gone() -> None:
    window = live(broadcast(2, end=True))
    assert window.part_position(VIDEO, 2, 0) is Position.GONE
    assert window.part_position(VIDEO, 1, 0) is Position.READY
