from storage.bus.messages import EndEvent, InitEvent, PartEvent, SegmentEvent, StoredEvent, WindowBatch
from storage.bus.topics import part_key
from storage.model.ids import BroadcastId
from storage.model.rendition import RenditionName
from transcoder.hls.window import LiveWindow
from transcoder.retained import Retained

BROADCAST = BroadcastId("b")
VIDEO = RenditionName.VIDEO


def part(msn: int, number: int) -> tuple[PartEvent, dict[str, bytes]]:
    event = PartEvent(rendition=VIDEO, msn=msn, part=number, duration=0.5, size=2, independent=number == 0, init=0, program_ms=msn * 2000)
    return event, {part_key(BROADCAST, VIDEO, msn, number): bytes((msn, number))}


def fill(retained: Retained, segments: int, *, stored: bool = True) -> None:
    retained.note((InitEvent(rendition=VIDEO, init=0),), {})
    for msn in range(segments):
        for number in range(4):
            event, blob = part(msn, number)
            complete = retained.note((event,), blob)
            retained.announced(f"{msn}-{number}")
            assert complete == []
        [(_, segment)] = retained.note((SegmentEvent(rendition=VIDEO, msn=msn, duration=2.0, size=8),), {})
        assert segment.whole == b"".join(bytes((msn, number)) for number in range(4))
        if stored:
            retained.note((StoredEvent(rendition=VIDEO, msn=msn),), {})


def test_the_window_is_remembered_and_no_more() -> None:
    retained = Retained(BROADCAST, seconds=20, hot=6)
    fill(retained, 40)
    assert retained.find(VIDEO, 28) is None
    assert retained.find(VIDEO, 39) is not None
    events, blobs = retained.again()
    assert len([event for event in events if isinstance(event, PartEvent)]) <= 11 * 4
    assert 3 * 4 <= len(blobs) <= 5 * 4


def test_bytes_that_are_not_stored_are_kept() -> None:
    retained = Retained(BROADCAST, seconds=20, hot=6)
    fill(retained, 10, stored=False)
    assert len(retained.again()[1]) == 40


def test_what_is_announced_again_makes_the_same_window() -> None:
    retained = Retained(BROADCAST, seconds=20, hot=6)
    fill(retained, 15)
    event, blob = part(15, 0)
    retained.note((event,), blob)
    retained.note((EndEvent(),), {})
    window = LiveWindow(seconds=20, part_target=0.5)
    window.apply(WindowBatch(events=retained.again()[0]))
    rendition = window.rendition(VIDEO)
    assert rendition is not None
    assert [segment.msn for segment in rendition.segments][-3:] == [13, 14, 15]
    assert rendition.segments[-2].stored
    assert rendition.ended


def test_entries_of_no_use_are_named_for_trimming() -> None:
    retained = Retained(BROADCAST, seconds=4, hot=2)
    firsts = []
    for msn in range(10):
        for number in range(4):
            event, blob = part(msn, number)
            retained.note((event,), blob)
            firsts.append(retained.announced(f"{msn}-{number}"))
        retained.note((SegmentEvent(rendition=VIDEO, msn=msn, duration=2.0, size=8),), {})
    named = [first for first in firsts if first]
    assert named[-1] == "6-0"


def test_a_successor_finds_out_what_is_not_stored_yet() -> None:
    first = Retained(BROADCAST, seconds=20, hot=6)
    fill(first, 3, stored=False)
    second = Retained(BROADCAST, seconds=20, hot=6)
    second.note(first.again()[0], {})
    wanted = second.incomplete_bytes()
    assert len(wanted) == 12
    found = first.again()[1]
    missing = wanted[0]
    ready = second.supply({key: data for key, data in found.items() if key != missing})
    assert [segment.msn for _, segment in ready] == [1, 2]
    assert ready[0][1].whole == bytes((1, 0, 1, 1, 1, 2, 1, 3))
