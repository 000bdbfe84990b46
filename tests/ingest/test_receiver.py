import random
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import rtcp
from ingest.jitter_buffer import HELD_PACKETS
from ingest.receiver import Reception
from ingest.rtcp import Compound, SenderReport, parse
from storage.model.media import AccessUnit, Codec, TrackKind
from tests.ingest.packets import (
    AUDIO_SSRC,
    RTX_PT,
    SECOND,
    START_NS,
    VIDEO_PT,
    VIDEO_RTX_SSRC,
    VIDEO_SSRC,
    Publisher,
    annex_b,
    audio_track,
    encoded,
    nal_units,
    opus_frames,
    rtp_packet,
    video_track,
)
from tests.ingest.twcc_reader import read

MS = 1_000_000
OUR_SSRC = 0xABCD


class Line:
    """A publisher, a path and a reception, on a clock turned by hand. ``answers`` is false for a publisher without retransmissions."""

    def __init__(
        self, codec: Codec = Codec.H264, *, rtt: int = 40 * MS, answers: bool = True, audio: bool = False, gop: int = 15, **changes: object
    ) -> None:
        self.units: list[AccessUnit] = []
        tracks = [video_track(codec, **changes)] + ([audio_track()] if audio else [])
        self.reception = Reception(tracks, ssrc=OUR_SSRC, deliver=self.units.append)
        self.publisher = Publisher(codec, size=300, twcc=True)
        self.frames = encoded(codec, gop=gop)
        self.rtt = rtt
        self.answers = answers
        self.now = START_NS
        self.queue: list[tuple[int, int, bytes]] = []
        self.order = 0
        self.sent: list[tuple[int, bytes]] = []

    def send(self, packet: bytes, delay: int = 0) -> None:
        self.order += 1
        self.queue.append((self.now + delay, self.order, packet))

    def run(self, until: int, drop: Callable[[int], bool] = lambda _: False) -> None:
        """Move the packets and poll every 10 ms up to ``until`` nanoseconds from the start; ``drop`` sees 16-bit sequence numbers."""
        while self.now < START_NS + until:
            self.now += 10 * MS
            self.queue.sort()
            while self.queue and self.queue[0][0] <= self.now:
                at, _, packet = self.queue.pop(0)
                self.reception.rtp(packet, at)
            for datagram in self.reception.poll(self.now):
                self.sent.append((self.now, datagram))
                if self.answers:
                    for _, number in parse(datagram).nacked:
                        if number in self.publisher.history and not drop(number):
                            self.send(self.publisher.repair(number), self.rtt)

    def play(self, *, drop: Callable[[int], bool] = lambda _: False, drop_repairs: Callable[[int], bool] = lambda _: False) -> None:
        for index, frame in enumerate(self.frames):
            for packet in self.publisher.packets(frame):
                if not drop(packet[2] << 8 | packet[3]):
                    self.send(packet)
            self.run(index * SECOND // 30, drop_repairs)
        self.run(len(self.frames) * SECOND // 30 + 2 * SECOND, drop_repairs)

    def feedback(self, kind: int, form: int) -> list[tuple[int, bytes]]:
        return [(at, packet) for at, packet in self.sent if packet[1] == kind and packet[0] & 31 == form]

    @property
    def delivered(self) -> list[int]:
        return [unit.ticks // 3000 for unit in self.units if unit.kind is TrackKind.VIDEO]

    def expected(self, index: int) -> bytes:
        data = self.frames[index].data
        return annex_b(nal_units(data)) if self.publisher.codec is Codec.H264 else data

    def check(self) -> None:
        """Whole units, in order, none that depends on a missing one."""
        previous = -1
        number = 0
        # Ticks start at the first unit delivered.
        first = next((index for index in range(len(self.frames)) if self.units and self.units[0].data == self.expected(index)), 0)
        for unit, later in zip(self.units, self.delivered, strict=True):
            index = first + later
            assert unit.data == self.expected(index)
            assert unit.keyframe == self.frames[index].keyframe
            assert index > previous
            assert unit.keyframe or index == previous + 1
            assert unit.sequence > number
            if previous >= 0:
                assert (unit.sequence > number + 1) == (index > previous + 1), "a hole in the numbers says that units are missing"
            previous, number = index, unit.sequence


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
def test_a_stream_without_loss_is_delivered_byte_for_byte(codec: Codec) -> None:
    line = Line(codec)
    line.play()
    line.check()
    assert line.delivered == list(range(60))
    assert line.feedback(205, 1) == []


def test_a_frame_is_released_with_its_last_packet() -> None:
    line = Line()
    for packet in line.publisher.packets(line.frames[0]):
        line.reception.rtp(packet, START_NS)
    assert line.delivered == [0]


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
def test_lost_packets_are_retransmitted_and_nothing_is_missing(codec: Codec) -> None:
    chance = random.Random(4)
    line = Line(codec)
    line.play(drop=lambda number: number != 65_500 and chance.random() < 0.1, drop_repairs=lambda _: chance.random() < 0.1)
    line.check()
    # Of the very last frame nobody can know that a packet is missing.
    assert line.delivered[:59] == list(range(59))
    statistics = line.reception.statistics(line.now)
    assert statistics.recovered > 10
    assert (statistics.lost, statistics.frames_given_up) == (0, 0)
    assert abs(statistics.rtt - 0.045) < 0.02


def test_retransmissions_of_a_stream_the_offer_did_not_name_are_used() -> None:
    line = Line(ssrc=None, rtx_ssrc=None)
    line.play(drop=lambda number: number % 10 == 4)
    line.check()
    assert line.delivered[:59] == list(range(59))


def test_a_lost_packet_is_asked_for_at_the_round_trips_pace() -> None:
    line = Line(rtt=40 * MS)
    tries: list[int] = []

    def drop_repairs(number: int) -> bool:
        if number == lost:
            tries.append(line.now)
            return len(tries) < 4
        return False

    lost = (line.publisher.sequence + 30) & 0xFFFF
    line.play(drop=lambda number: number == lost, drop_repairs=drop_repairs)
    line.check()
    assert line.delivered == list(range(60))
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    # Nothing has measured the round trip yet: it is taken as 100 ms, with something on top.
    assert gaps == [120 * MS] * 3


def test_a_frame_that_is_not_complete_after_half_a_second_is_given_up_for_a_keyframe() -> None:
    line = Line(answers=False, gop=40)
    lost: dict[int, int] = {}

    def drop(number: int) -> bool:
        if not lost and len(line.delivered) == 5:
            lost[number] = line.now
        return number in lost

    line.play(drop=drop)
    line.check()
    assert line.delivered == [*range(5), *range(40, 60)]
    (at, _), *_ = line.feedback(206, 1)
    given_up = at - next(iter(lost.values()))
    assert 500 * MS <= given_up <= 600 * MS
    assert line.reception.statistics(line.now).lost == 1


def test_keyframes_are_asked_for_at_most_twice_a_second() -> None:
    line = Line(answers=False)
    chance = random.Random(1)
    line.play(drop=lambda _: chance.random() < 0.2)
    for _ in range(200):
        line.reception.request_keyframe()
        line.run(line.now - START_NS + 10 * MS)
    asked = [at for at, _ in line.feedback(206, 1)]
    assert len(asked) > 3
    assert all(later - earlier >= SECOND // 2 for earlier, later in pairwise(asked))


def test_fir_is_sent_where_pli_was_not_negotiated_and_nothing_where_neither_was() -> None:
    for fir, kind in ((True, 4), (False, 0)):
        line = Line(pli=False, fir=fir)
        line.reception.rtp(line.publisher.packets(line.frames[1])[0], START_NS)
        line.run(3 * SECOND)
        assert {packet[0] & 31 for _, packet in line.sent if packet[1] == 206} == ({kind} if kind else set())


def test_a_stream_that_starts_with_a_keyframe_is_not_asked_for_another() -> None:
    line = Line()
    line.play()
    assert line.feedback(206, 1) == []


def test_the_first_keyframe_is_not_lost_with_the_very_first_packet() -> None:
    # FFmpeg answers no request for a keyframe: the next one would be seconds away.
    line = Line(pli=False, gop=60)
    line.play(drop=lambda number: number == 65_500)
    line.check()
    assert line.delivered == list(range(60))
    overtaken = Line(pli=False, nack=False, gop=60)
    first, *others = overtaken.publisher.packets(overtaken.frames[0])
    for packet in (*others, first):
        overtaken.reception.rtp(packet, overtaken.now)
    assert overtaken.units[0].data == overtaken.expected(0)
    assert overtaken.reception.statistics(overtaken.now).lost == 0


def test_probes_of_the_path_are_counted_for_feedback_and_change_nothing() -> None:
    line = Line()
    line.reception.rtp(line.publisher.packets(line.frames[0])[0], line.now)
    for sequence in range(50):
        packet = rtp_packet(
            b"", ssrc=VIDEO_RTX_SSRC, payload_type=RTX_PT, sequence=sequence, timestamp=0, twcc=65_100 + sequence, padding=224
        )
        line.reception.rtp(packet, line.now)
    line.run(100 * MS)
    (_, feedback), *_ = line.feedback(205, 15)
    assert read(feedback).arrivals.keys() >= set(range(65_100, 65_150))
    assert line.reception.statistics(line.now).invalid == 0
    assert line.reception.padding == 50


def test_feedback_for_congestion_control_covers_every_packet() -> None:
    line = Line(audio=True)
    audio = Publisher(Codec.OPUS)
    for frame in opus_frames(100):
        for packet in audio.packets(frame):
            line.send(packet)
    line.play(drop=lambda number: number % 7 == 0)
    seen = set()
    for _, packet in line.feedback(205, 15):
        seen |= {number & 0xFFFF for number in read(packet).arrivals}
    assert len(seen) > 200
    numbers = [read(packet).number for _, packet in line.feedback(205, 15)]
    assert numbers == [index & 0xFF for index in range(len(numbers))]


def test_no_feedback_is_sent_that_was_not_negotiated() -> None:
    line = Line(transport_cc=False, nack=False, pli=False)
    line.play(drop=lambda number: number % 7 == 0)
    assert {packet[1] for _, packet in line.sent} == {201}


def test_a_receiver_report_tells_what_was_lost() -> None:
    line = Line(answers=False)
    line.play(drop=lambda number: number % 8 == 0)
    _, last = line.feedback(201, 1)[-2]
    (block,) = parse(last).blocks
    assert block.ssrc == VIDEO_SSRC
    assert block.highest & 0xFFFF == (line.publisher.sequence - 1) & 0xFFFF
    total = line.publisher.sequence - 65_500
    assert abs(block.lost - total // 8) <= 1
    assert parse(last).names == {OUR_SSRC: "fanlight"}
    fractions = [parse(packet).blocks[0].fraction_lost for _, packet in line.feedback(201, 1)]
    assert max(fractions) in range(20, 60)


def test_a_round_trip_is_learnt_from_extended_reports() -> None:
    line = Line()
    line.play()
    at, report = line.feedback(201, 1)[-1]
    asked = int.from_bytes(report[-8:], "big") >> 16 & 0xFFFFFFFF
    answer = bytes((0x80, 207, 0, 5)) + (9).to_bytes(4, "big") + bytes((5, 0, 0, 3))
    answer += b"".join(value.to_bytes(4, "big") for value in (OUR_SSRC, asked, 65536 // 2))
    line.reception.rtcp(answer, at + 580 * MS)
    assert abs(line.reception.statistics(at).rtt - 0.08) < 0.001


def test_audio_without_retransmissions_waits_only_for_what_was_overtaken() -> None:
    units: list[AccessUnit] = []
    reception = Reception([audio_track()], ssrc=1, deliver=units.append)
    publisher = Publisher(Codec.OPUS)
    packets = [packet for frame in opus_frames(50) for packet in publisher.packets(frame)]
    packets[3], packets[4] = packets[4], packets[3]
    for index, packet in enumerate(packets):
        now = START_NS + index * 20 * MS
        if index != 10:
            reception.rtp(packet, now)
        reception.poll(now)
    assert [unit.ticks // 960 for unit in units] == [index for index in range(50) if index != 10]
    assert [unit.sequence for unit in units] == [index + 1 for index in range(50) if index != 10]


def test_audio_that_is_sent_again_in_its_own_stream_counts_as_recovered() -> None:
    units: list[AccessUnit] = []
    reception = Reception([audio_track(nack=True)], ssrc=1, deliver=units.append)
    publisher = Publisher(Codec.OPUS)
    packets = [packet for frame in opus_frames(50) for packet in publisher.packets(frame)]
    again: list[bytes] = []
    for index, packet in enumerate(packets):
        now = START_NS + index * 20 * MS
        for each in again:
            reception.rtp(each, now)
        again = []
        if index % 10 != 5:
            reception.rtp(packet, now)
        for datagram in reception.poll(now):
            again += [packets[(number - 65_500) & 0xFFFF] for _, number in parse(datagram).nacked]
    assert [unit.ticks // 960 for unit in units] == list(range(50))
    assert reception.statistics(now).recovered == 5


def test_capture_time_rests_on_sender_reports_even_on_one_before_the_first_packet() -> None:
    units: list[AccessUnit] = []
    reception = Reception([video_track(), audio_track()], ssrc=1, deliver=units.append)
    video, audio = Publisher(size=300), Publisher(Codec.OPUS)
    captured = START_NS + 5 * SECOND
    ntp = ((captured + rtcp.NTP_EPOCH * SECOND) << 32) // SECOND
    reception.rtcp(rtcp.sender_report(SenderReport(VIDEO_SSRC, ntp, video.timestamp, 0, 0)), START_NS)
    reception.rtcp(rtcp.sender_report(SenderReport(AUDIO_SSRC, ntp, (audio.timestamp - 4800) & 0xFFFFFFFF, 0, 0)), START_NS)
    sounds = list(opus_frames(100))
    for index, frame in enumerate(encoded(Codec.H264)):
        for packet in video.packets(frame):
            reception.rtp(packet, START_NS + index * SECOND // 30 + 30 * MS)
        for sound in (2 * index - 1, 2 * index) if index < 50 else ():
            if sound >= 0:
                for packet in audio.packets(sounds[sound]):
                    reception.rtp(packet, START_NS + sound * 20 * MS + 120 * MS)
    assert all(unit.aligned for unit in units)
    # Both tracks' captures relative to their place on the sender's clock: audio tick 0 was captured 100 ms after video tick 0.
    rate = {TrackKind.VIDEO: 90_000, TrackKind.AUDIO: 48_000}
    late = {TrackKind.VIDEO: 0, TrackKind.AUDIO: 100 * MS}
    offsets = [unit.capture_ns - unit.ticks * SECOND // rate[unit.kind] - late[unit.kind] for unit in units[20:]]
    assert max(offsets) - min(offsets) <= MS


def test_a_goodbye_counts_when_every_stream_says_it_and_none_goes_on() -> None:
    line = Line(audio=True)
    line.play()
    audio = Publisher(Codec.OPUS)
    sounds = opus_frames(2)
    line.reception.rtp(audio.packets(next(sounds))[0], line.now)
    line.reception.rtcp(rtcp.goodbye([0xDEAD, VIDEO_RTX_SSRC, OUR_SSRC]), line.now)
    assert not line.reception.said_goodbye
    line.reception.rtcp(rtcp.goodbye([VIDEO_SSRC]), line.now)
    assert not line.reception.said_goodbye
    line.reception.rtcp(rtcp.goodbye([AUDIO_SSRC]), line.now)
    assert line.reception.said_goodbye
    line.reception.rtp(audio.packets(next(sounds))[0], line.now)
    assert not line.reception.said_goodbye


def test_silence_is_measured_from_the_last_media_packet_of_any_track() -> None:
    reception = Reception([video_track(), audio_track()], ssrc=1, deliver=lambda _: None)
    reception.poll(START_NS)
    assert reception.silent_for(START_NS + SECOND) == 1.0
    reception.rtp(Publisher(Codec.OPUS).packets(next(opus_frames(1)))[0], START_NS + SECOND)
    assert reception.silent_for(START_NS + 3 * SECOND) == 2.0


def test_a_second_stream_does_not_get_into_a_live_track() -> None:
    line = Line()
    stranger = Publisher(size=300)
    for index, frame in enumerate(line.frames):
        for packet in line.publisher.packets(frame):
            line.send(packet)
        for packet in stranger.packets(frame):
            line.send(packet[:8] + (0x7777 + index % 20).to_bytes(4, "big") + packet[12:])
        line.run(index * SECOND // 30 + 20 * MS)
    line.check()
    assert line.delivered == list(range(60))
    assert line.reception.statistics(line.now).invalid > 60


def test_a_stream_under_a_new_ssrc_takes_over_once_the_old_one_is_silent() -> None:
    line = Line()
    line.play()
    other = Publisher(size=300, sequence=5, timestamp=12345)
    line.run(line.now - START_NS + 3 * SECOND)
    for frame in line.frames[:3]:
        for packet in other.packets(frame):
            line.reception.rtp(packet[:8] + (0x7777).to_bytes(4, "big") + packet[12:], line.now)
    assert len(line.units) == 63
    ticks = [unit.ticks for unit in line.units]
    assert ticks == sorted(set(ticks))
    captures = [unit.capture_ns for unit in line.units]
    assert captures == sorted(set(captures))


def test_tracks_are_told_apart_by_mid_where_payload_types_are_shared() -> None:
    units: list[AccessUnit] = []
    shared: dict[str, Any] = {"payload_types": {VIDEO_PT: "media"}, "ssrc": None, "rtx_ssrc": None}
    reception = Reception([audio_track(**shared), video_track(**shared)], ssrc=1, deliver=units.append)
    publisher = Publisher(size=300, mid="v")
    for packet in publisher.packets(encoded(Codec.H264)[0]):
        reception.rtp(packet, START_NS)
    assert [unit.kind for unit in units] == [TrackKind.VIDEO]


def test_statistics_say_how_the_publisher_is_doing() -> None:
    line = Line()
    octets = 0
    for index, frame in enumerate(line.frames):
        for packet in line.publisher.packets(frame):
            octets += len(packet) - 20
            line.send(packet)
        line.run(index * SECOND // 30)
    statistics = line.reception.statistics(line.now)
    assert (statistics.width, statistics.height, statistics.codec) == (160, 96, "h264")
    assert 59 <= statistics.frames <= 60
    assert statistics.keyframes == 4
    assert abs(statistics.frame_rate - 30) < 2
    assert abs(statistics.bitrate - octets * 8 / 2) / (octets * 8 / 2) < 0.4


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_pattern_of_loss_reordering_and_duplicates_delivers_whole_ordered_units_only(data: st.DataObject) -> None:
    codec = data.draw(st.sampled_from([Codec.H264, Codec.VP8]))
    chance = random.Random(data.draw(st.integers(0, 1 << 32)))
    loss = data.draw(st.sampled_from([0.0, 0.02, 0.1, 0.4]))
    twice = data.draw(st.sampled_from([0.0, 0.1]))
    jitter = data.draw(st.sampled_from([0, 5, 60, 400])) * MS
    line = Line(codec, answers=data.draw(st.booleans()), rtt=data.draw(st.sampled_from([5, 80, 300])) * MS)
    for index, frame in enumerate(line.frames):
        for packet in line.publisher.packets(frame):
            for _ in range(1 + (chance.random() < twice)):
                if chance.random() >= loss:
                    line.send(packet, chance.randrange(jitter + 1))
        line.run(index * SECOND // 30, lambda _: chance.random() < loss)
    line.run(len(line.frames) * SECOND // 30 + 2 * SECOND)
    line.check()


def test_memory_is_bounded_whatever_never_comes() -> None:
    line = Line(answers=False)
    for packet in line.publisher.packets(line.frames[0]):
        line.reception.rtp(packet, line.now)
    for number in range(20_000):
        line.reception.rtp(
            line.publisher.packet(b"\x7c\x05" + bytes(1000), 3000 + number, False) if number else line.publisher.packet(b"x", 1, False),
            line.now,
        )
        line.publisher.sequence += number % 3 == 0
        line.publisher.history.clear()
    assert line.reception._by_ssrc[VIDEO_SSRC].buffer.held <= HELD_PACKETS


def test_jumping_sequence_numbers_are_cheap() -> None:
    line = Line(answers=False)
    packets = [
        rtp_packet(
            b"\x41" + bytes(20),
            ssrc=VIDEO_SSRC,
            payload_type=VIDEO_PT,
            sequence=index * 32_766,
            timestamp=index * 3000,
            twcc=index * 32_766,
        )
        for index in range(5000)
    ]
    began = time.process_time()
    for index, packet in enumerate(packets):
        line.reception.rtp(packet, START_NS + index * MS)
        if index % 20 == 0:
            line.reception.poll(START_NS + index * MS)
    assert time.process_time() - began < 2


def test_a_hundred_thousand_mutated_packets_never_raise_and_leave_an_honest_stream_alone() -> None:
    chance = random.Random(5)
    line = Line(audio=True)
    seeds = [packet for frame in line.frames[:10] for packet in Publisher(size=200, twcc=True, mid="v").packets(frame)]
    seeds += [packet for frame in opus_frames(5) for packet in Publisher(Codec.OPUS, twcc=True).packets(frame)]
    seeds += [rtp_packet(b"\x00\x01abc", ssrc=VIDEO_RTX_SSRC, payload_type=RTX_PT, sequence=1, timestamp=2)]
    for index in range(100_000):
        packet = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 5)):
            packet[chance.randrange(min(len(packet), 40))] = chance.randrange(256)
        cut = chance.randrange(len(packet) + 1) if chance.random() < 0.3 else len(packet)
        line.reception.rtp(bytes(packet[:cut]), line.now)
        if index % 5 == 0:
            line.reception.rtcp(bytes(packet[:cut]), line.now)
        if index % 50 == 0:
            line.now += 10 * MS
            line.reception.poll(line.now)
            line.reception.statistics(line.now)
    assert isinstance(parse(b""), Compound)
