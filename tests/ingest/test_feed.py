from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import feed as feed_module
from ingest.feed import KEPT_BYTES, KEPT_NS, Feed, Feeds, Item, Subscription
from ingest.frames import Dropped, End, Silence
from storage.model.broadcast import PublishEnd
from storage.model.ids import SessionId
from storage.model.media import AccessUnit, TrackKind
from tests.ingest.packets import SECOND, START_NS, audio_track, video_track

MS = 1_000_000
VIDEO, AUDIO = TrackKind.VIDEO, TrackKind.AUDIO


class Source:
    """A publisher: 25 frames and 50 sounds a second, a keyframe every ``gop`` frames; sound arrives 60 ms before its picture."""

    def __init__(self, gop: int = 50, size: int = 100) -> None:
        self.wishes = 0
        self.feed = Feed((audio_track(), video_track()), self.wish)
        self.gop = gop
        self.size = size
        self.video = self.audio = 0

    def wish(self) -> None:
        self.wishes += 1

    def picture(self) -> AccessUnit:
        self.video += 1
        keyframe = (self.video - 1) % self.gop == 0
        at = START_NS + (self.video - 1) * 40 * MS
        unit = AccessUnit(VIDEO, self.video, (self.video - 1) * 3600, at, keyframe, True, bytes(self.size))
        self.feed.append(unit)
        return unit

    def sound(self) -> AccessUnit:
        self.audio += 1
        at = START_NS + (self.audio - 1) * 20 * MS
        unit = AccessUnit(AUDIO, self.audio, (self.audio - 1) * 960, at, True, True, b"s")
        self.feed.append(unit)
        return unit

    def run(self, pictures: int) -> None:
        if not self.audio:
            for _ in range(3):
                self.sound()
        for _ in range(pictures):
            self.picture()
            self.sound()
            self.sound()

    def subscribe(self, after: dict[int, int] | None = None) -> Subscription:
        return self.feed.subscribe(after or {}, lambda _: None)


def take_all(subscription: Subscription) -> list[Item]:
    items: list[Item] = []
    while (taken := subscription.take()) and not (items and isinstance(items[-1], End)):
        items += taken
    return items


def numbers(items: list[Item], kind: TrackKind) -> list[int]:
    return [item.sequence for item in items if isinstance(item, AccessUnit) and item.kind is kind]


def dropped(items: list[Item], kind: TrackKind) -> int:
    return sum(item.count for item in items if isinstance(item, Dropped) and item.kind is kind)


def test_a_reader_starts_at_the_newest_keyframe_with_the_sound_that_belongs_to_it() -> None:
    source = Source()
    source.run(120)
    items = take_all(source.subscribe())
    assert numbers(items, VIDEO) == list(range(101, 121))
    assert numbers(items, AUDIO) == list(range(201, source.audio + 1))
    first = {item.kind: item.capture_ns for item in reversed(items) if isinstance(item, AccessUnit)}
    assert first[AUDIO] == first[VIDEO]


def test_a_reader_that_comes_before_the_first_keyframe_gets_sound_and_waits_for_the_picture() -> None:
    source = Source()
    source.run(1)
    source.feed.units.clear()
    source.feed._keyframe = -1
    subscription = source.subscribe()
    source.run(60)
    items = take_all(subscription)
    assert numbers(items, VIDEO)[0] == 51
    assert numbers(items, AUDIO)[0] == 6


def test_a_reader_goes_on_behind_what_it_has() -> None:
    source = Source()
    source.run(120)
    items = take_all(source.subscribe({VIDEO: 90, AUDIO: 170}))
    assert numbers(items, VIDEO) == list(range(91, 121))
    assert numbers(items, AUDIO) == list(range(171, source.audio + 1))
    assert dropped(items, VIDEO) == dropped(items, AUDIO) == 0


def test_a_reader_that_has_everything_gets_what_comes_next() -> None:
    source = Source()
    source.run(70)
    subscription = source.subscribe({VIDEO: 70, AUDIO: source.audio})
    assert subscription.take() == []
    source.run(1)
    assert numbers(take_all(subscription), VIDEO) == [71]


def test_a_number_that_never_was_is_no_place_to_start_from() -> None:
    source = Source()
    source.run(120)
    assert numbers(take_all(source.subscribe({VIDEO: 9999, AUDIO: 9999})), VIDEO) == list(range(101, 121))


def test_a_reader_back_after_its_place_left_the_ring_starts_at_the_oldest_keyframe_still_there() -> None:
    source = Source(gop=50)
    source.run(1000)
    oldest = next(unit.sequence for unit in source.feed.units if unit.kind is VIDEO)
    keyframe = (oldest + 48) // 50 * 50 + 1
    items = take_all(source.subscribe({VIDEO: 100, AUDIO: 200}))
    assert numbers(items, VIDEO) == list(range(keyframe, 1001))
    assert dropped(items, VIDEO) == keyframe - 101
    assert numbers(items, AUDIO)[-1] == source.audio


def test_the_ring_keeps_ten_seconds_and_always_a_whole_group_of_pictures() -> None:
    source = Source(gop=50)
    source.run(1000)
    span = source.feed.units[-1].capture_ns - source.feed.units[0].capture_ns
    assert KEPT_NS - 100 * MS <= span <= KEPT_NS + 100 * MS
    slow = Source(gop=700)
    slow.run(1200)
    assert numbers(take_all(slow.subscribe()), VIDEO) == list(range(701, 1201))


def test_the_ring_is_bounded_in_bytes_whatever_the_group_of_pictures() -> None:
    source = Source(gop=10_000, size=1024 * 1024)
    source.run(100)
    assert source.feed.bytes <= KEPT_BYTES
    assert source.feed.newest_keyframe() is None


def test_a_reader_that_falls_out_of_the_ring_goes_on_at_the_newest_keyframe_and_is_told() -> None:
    source = Source(gop=50)
    source.run(10)
    subscription = source.subscribe()
    assert numbers(take_all(subscription), VIDEO) == list(range(1, 11))
    source.run(990)
    items = take_all(subscription)
    assert numbers(items, VIDEO) == list(range(951, 1001))
    assert dropped(items, VIDEO) == 940
    assert numbers(items, AUDIO)[0] == 1901
    assert dropped(items, AUDIO) == 1901 - 23 - 1
    assert source.feed.dropped == subscription.dropped == 940 + 1901 - 24


def test_silence_and_its_end_are_told_once_and_in_their_place() -> None:
    source = Source()
    source.run(1)
    subscription = source.subscribe()
    source.feed.silence(silent=True)
    items = take_all(subscription)
    assert items[-1] == Silence(silent=True)
    assert subscription.take() == []
    source.feed.silence(silent=False)
    unit = source.picture()
    assert take_all(subscription) == [Silence(silent=False), unit]


def test_the_end_comes_after_everything_else_and_nothing_after_it() -> None:
    source = Source()
    source.run(2)
    subscription = source.subscribe()
    source.feed.end(PublishEnd.PUBLISHER_LEFT)
    source.feed.end(PublishEnd.SILENT)
    source.picture()
    items = take_all(subscription)
    assert numbers(items, VIDEO) == [1, 2]
    assert items[-1] == End(reason=PublishEnd.PUBLISHER_LEFT)


def test_readers_are_told_of_every_unit_and_of_the_end() -> None:
    source = Source()
    woken: list[AccessUnit | None] = []
    subscription = source.feed.subscribe({}, woken.append)
    source.sound()
    source.picture()
    source.feed.end(PublishEnd.SILENT)
    assert [unit and unit.kind for unit in woken] == [AUDIO, VIDEO, None]
    subscription.close()
    assert source.feed.readers == 0


def test_a_session_without_video_starts_at_its_newest_sound() -> None:
    feed = Feed((audio_track(),), lambda: None)
    for number in range(1, 2001):
        feed.append(AccessUnit(AUDIO, number, number * 960, START_NS + number * 20 * MS, True, True, b"s"))
    assert len(feed.units) <= 502
    assert numbers(take_all(feed.subscribe({}, lambda _: None)), AUDIO) == [2000]


def test_ended_feeds_are_kept_for_a_while_only() -> None:
    feeds = Feeds()
    for number in range(50):
        feeds.open(SessionId(f"node.{number}"), (video_track(),), lambda: None).end(PublishEnd.SILENT)
    assert len(feeds) <= 6
    assert feeds.find(SessionId("node.49")) is not None
    feeds.forget(SessionId("node.49"))
    assert feeds.find(SessionId("node.49")) is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_a_readers_pace_it_never_gets_a_picture_that_depends_on_a_missing_one(data: st.DataObject) -> None:
    source = Source(gop=data.draw(st.sampled_from([5, 50, 400])), size=data.draw(st.sampled_from([10, 200_000])))
    after: dict[int, int] = {}
    subscription = None
    got: list[AccessUnit] = []
    for _ in range(data.draw(st.integers(1, 12))):
        source.run(data.draw(st.sampled_from([1, 7, 40, 300])))
        if data.draw(st.booleans()) and data.draw(st.booleans()):
            # A gap as the reception leaves it: the next picture is a keyframe.
            source.video += source.gop - source.video % source.gop
        if subscription is None or data.draw(st.integers(0, 3)) == 0:
            if subscription is not None:
                subscription.close()
            subscription = source.subscribe(after)
        for _ in range(data.draw(st.sampled_from([0, 1, 3, 1000]))):
            units = [item for item in subscription.take() if isinstance(item, AccessUnit)]
            got += units
            after |= {unit.kind: unit.sequence for unit in units}
    for kind in TrackKind:
        units = [unit for unit in got if unit.kind is kind]
        for before, unit in pairwise(units):
            assert unit.sequence > before.sequence
            assert unit.keyframe or unit.sequence == before.sequence + 1
        assert not units or units[0].keyframe
    assert source.feed.bytes <= feed_module.KEPT_BYTES


def test_seconds_are_nanoseconds_here() -> None:
    assert KEPT_NS == 10 * SECOND
