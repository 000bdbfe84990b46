import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.capture import CaptureClock
from ingest.ticks import TickMapper
from tests.ingest.packets import SECOND, START_NS

MS = 1_000_000
VIDEO_RATE, AUDIO_RATE = 90_000, 48_000


def test_ticks_start_at_zero_and_do_not_wrap() -> None:
    mapper = TickMapper(VIDEO_RATE)
    start = 0xFFFFFFFF - 4000
    assert [mapper.ticks((start + index * 3000) & 0xFFFFFFFF, START_NS + index * 33 * MS) for index in range(4)] == [0, 3000, 6000, 9000]


def test_small_steps_back_are_kept() -> None:
    mapper = TickMapper(VIDEO_RATE)
    assert [mapper.ticks(1000 + ticks, START_NS) for ticks in (0, 9000, 3000, 6000, 12_000)] == [0, 9000, 3000, 6000, 12_000]


def test_a_timestamp_that_jumps_starts_over_where_the_arrival_says() -> None:
    mapper = TickMapper(VIDEO_RATE)
    mapper.ticks(0, START_NS)
    assert mapper.ticks(1 << 31, START_NS + SECOND) == VIDEO_RATE
    assert mapper.epoch == 1
    assert mapper.ticks((1 << 31) + 3000, START_NS + SECOND) == VIDEO_RATE + 3000


def test_a_long_pause_is_no_jump() -> None:
    mapper = TickMapper(VIDEO_RATE)
    mapper.ticks(0, START_NS)
    assert mapper.ticks(3600 * VIDEO_RATE, START_NS + 3600 * SECOND) == 3600 * VIDEO_RATE
    assert mapper.epoch == 0


@given(st.lists(st.tuples(st.integers(0, 0xFFFFFFFF), st.integers(-5 * SECOND, 5 * SECOND)), max_size=50))
def test_ticks_are_never_negative_whatever_a_publisher_sends(steps: list[tuple[int, int]]) -> None:
    mapper = TickMapper(VIDEO_RATE)
    now = START_NS
    for timestamp, wait in steps:
        now += wait
        assert mapper.ticks(timestamp, now) >= 0
        mapper.at(timestamp ^ 0xFFFF)


class Sender:
    """A publisher whose clock is hours off ours, whose media clocks start anywhere, behind a path with jitter."""

    def __init__(self, seed: int = 1, *, sender_offset: int = 7_200 * SECOND, drift: float = 0.0) -> None:
        self.chance = random.Random(seed)
        self.sender_offset = sender_offset
        self.drift = drift
        self.clock = CaptureClock()
        self.video = self.clock.track(VIDEO_RATE)
        self.audio = self.clock.track(AUDIO_RATE)
        self.video_start, self.audio_start = -3 * SECOND, -5 * SECOND
        self.last: dict[str, tuple[int, bool]] = {}
        self.skews: list[int] = []
        self.errors: list[int] = []

    def ntp(self, at: int) -> int:
        return START_NS + at + self.sender_offset

    def ticks(self, track: str, at: int) -> int:
        start, rate = (self.video_start, VIDEO_RATE) if track == "video" else (self.audio_start, AUDIO_RATE)
        return round((at - start) * rate * (1 + self.drift) / SECOND)

    def arrival(self, at: int) -> int:
        return START_NS + at + 10 * MS + self.chance.randrange(40 * MS)

    def media(self, track: str, at: int, encode_ns: int) -> tuple[int, bool]:
        clock = self.video if track == "video" else self.audio
        capture, aligned = clock.capture(self.ticks(track, at), self.arrival(at + encode_ns))
        self.last[track] = capture, aligned
        self.errors.append(capture - START_NS - at)
        return capture, aligned

    def report(self, track: str, at: int, shift: int = 0) -> None:
        clock = self.video if track == "video" else self.audio
        clock.report(self.ntp(at) + shift, self.ticks(track, at), self.arrival(at))

    def run(self, seconds: int, *, start: int = 0, video_reports: bool = True, audio_reports: bool = True) -> None:
        for millisecond in range(start * 1000, (start + seconds) * 1000):
            at = millisecond * MS
            video = millisecond % 40 == 0
            audio = millisecond % 20 == 0
            if video_reports and millisecond % 1000 == 700:
                self.report("video", at)
            if audio_reports and millisecond % 5000 == 900:
                self.report("audio", at)
            if video:
                capture, aligned = self.media("video", at, 30 * MS)
            if audio:
                heard, hearing = self.media("audio", at, 2 * MS)
            if video and audio and aligned and hearing:
                self.skews.append(capture - heard)


def test_before_any_report_capture_rests_on_the_fastest_arrival() -> None:
    sender = Sender()
    sender.run(4, video_reports=False, audio_reports=False)
    assert sender.last["video"][1] is False
    assert sender.last["audio"][1] is False
    assert abs(sender.last["video"][0] - START_NS - 3960 * MS) < 60 * MS


def test_with_reports_audio_and_video_are_within_a_millisecond_of_each_other() -> None:
    sender = Sender()
    sender.run(30)
    assert sender.last["video"][1] is True
    assert len(sender.skews) > 500
    assert max(abs(skew) for skew in sender.skews) <= MS


def test_with_reports_capture_is_right_within_the_fastest_way() -> None:
    sender = Sender()
    sender.run(30)
    assert all(0 <= error <= 20 * MS for error in sender.errors[-1000:])


def test_a_drifting_media_clock_is_followed() -> None:
    sender = Sender(drift=200e-6)
    sender.run(120)
    assert max(abs(skew) for skew in sender.skews) <= 2 * MS
    assert all(abs(error) <= 25 * MS for error in sender.errors[-1000:])


def test_one_bogus_report_is_not_believed() -> None:
    for bogus in (-(1 << 62), 1 << 62, 3_600 * SECOND, -400 * MS):
        sender = Sender()
        sender.run(10)
        sender.report("video", 10 * SECOND, bogus)
        sender.run(10, start=10)
        assert sender.video.rejected == 1
        assert max(abs(skew) for skew in sender.skews) <= MS


def test_a_bogus_first_report_is_outvoted_by_the_next_two() -> None:
    for bogus in (-(1 << 62), 1 << 62, 3_600 * SECOND):
        sender = Sender()
        sender.media("video", 0, 0)
        sender.report("video", 0, bogus)
        sender.run(30)
        assert max(abs(skew) for skew in sender.skews) <= MS
        assert sender.last["video"][1] is True
        assert all(0 <= error <= 20 * MS for error in sender.errors[-1000:])


def test_reports_of_media_that_is_seconds_from_being_sent_are_not_believed() -> None:
    # GStreamer 1.22 adds the time since its pipeline started: its reports run at twice the speed of its media.
    sender = Sender()
    for second in range(20):
        sender.run(1, start=second, video_reports=False, audio_reports=False)
        at = (second + 1) * SECOND
        for track, clock in (("video", sender.video), ("audio", sender.audio)):
            clock.report(sender.ntp(at), sender.ticks(track, 2 * at + 2 * SECOND), sender.arrival(at))
    assert sender.last["video"][1] is False
    assert all(0 <= error <= 60 * MS for error in sender.errors)


def test_reports_that_are_late_by_what_the_encoder_took_are_as_good_as_the_quickest() -> None:
    # aiortc reports when a frame was sent, with the time it was captured at.
    sender = Sender()
    for second in range(30):
        sender.run(1, start=second, video_reports=False)
        at = (second + 1) * SECOND
        sender.video.report(sender.ntp(at) + sender.chance.choice([2, 20, 60, 90]) * MS, sender.ticks("video", at), sender.arrival(at))
    assert max(abs(skew) for skew in sender.skews[-250:]) <= 20 * MS
    assert sender.video.rejected == 0


def test_a_senders_clock_that_is_set_is_followed_without_a_jump() -> None:
    sender = Sender()
    sender.run(20)
    sender.sender_offset += 100 * SECOND
    sender.run(40, start=20)
    assert all(-MS <= error <= 60 * MS for error in sender.errors[200:])
    assert max(abs(skew) for skew in sender.skews[-100:]) <= MS


def test_our_own_clock_may_be_set() -> None:
    for step in (3_600 * SECOND, -3_600 * SECOND):
        sender = Sender()
        sender.run(20)
        clock, ticks = sender.video, sender.ticks("video", 20 * SECOND)
        clock.capture(ticks, START_NS + 20 * SECOND + step)
        capture, _ = clock.capture(ticks + 3000, START_NS + 20 * SECOND + step + 33 * MS)
        assert abs(capture - (START_NS + 20 * SECOND + step)) < SECOND


def test_a_burst_at_the_start_moves_both_tracks_alike_even_where_one_is_held_up() -> None:
    # FFmpeg sends the half second that waited for its handshake at once: every frame is faster than the one before.
    sender = Sender()
    for track in ("video", "audio"):
        clock = sender.video if track == "video" else sender.audio
        clock.capture(sender.ticks(track, 0), START_NS + 30 * MS)
        sender.report(track, 0)
    audio, video = {}, {}
    for index in range(1, 26):
        at = index * 20 * MS
        audio[at] = sender.audio.capture(sender.ticks("audio", at), START_NS + 30 * MS + index * MS)[0]
    for index in range(1, 13):
        at = index * 40 * MS
        video[at] = sender.video.capture(sender.ticks("video", at), START_NS + 300 * MS + index * MS)[0]
    assert all(abs(video[at] - audio[at]) <= MS for at in video)


def test_one_track_with_reports_does_not_wait_for_the_other() -> None:
    sender = Sender()
    sender.run(10, audio_reports=False)
    assert sender.last["video"][1] is True
    assert sender.last["audio"][1] is False
    assert abs(sender.last["video"][0] - sender.last["audio"][0]) < 80 * MS


def test_later_ticks_have_a_later_capture_time_under_any_jitter() -> None:
    for seed in range(10):
        sender = Sender(seed)
        clock = sender.video
        captures = []
        for index in range(600):
            at = index * 33 * MS
            if index % 30 == 7:
                sender.report("video", at)
            captures.append(sender.media("video", at, sender.chance.randrange(200 * MS))[0])
        assert all(later > earlier for earlier, later in pairwise(captures))
        assert clock.anchored


@given(st.lists(st.tuples(st.integers(0, 1 << 40), st.integers(0, 1 << 62), st.booleans()), max_size=60))
def test_nothing_a_publisher_reports_raises(steps: list[tuple[int, int, bool]]) -> None:
    clock = CaptureClock()
    tracks = [clock.track(VIDEO_RATE), clock.track(AUDIO_RATE)]
    for ticks, time, reports in steps:
        track = tracks[ticks & 1]
        if reports:
            track.report(time - (1 << 61), ticks, START_NS)
        elif ticks % 7 == 0:
            track.forget()
        else:
            track.capture(ticks, START_NS + time % SECOND)
