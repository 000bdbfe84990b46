import random

import pytest

from ingest.depacketize import UNIT_LIMIT, Depacketizer, depacketizer
from ingest.depacketize_opus import packet_ticks
from ingest.h264 import picture_size
from storage.model.media import Codec
from tests.ingest.packets import Frame, annex_b, encoded, nal_units, packetize_h264, packetize_vp8

SPS, PPS = b"\x67\x42\xc0\x1f\xd9\x00\x50\x05\xba\x10", b"\x68\xce\x3c\x80"
OTHER_SPS = b"\x67\x42\xc0\x1f\xda\x02\x80\xf6\x80"
IDR, SLICE = b"\x65\x88" + b"i" * 50, b"\x41\x9a" + b"p" * 50


class Taker:
    def __init__(self, codec: Codec) -> None:
        self.units: list[tuple[bytes, int, bool]] = []
        self.depacketizer: Depacketizer = depacketizer(
            codec, lambda data, timestamp, keyframe, _: self.units.append((data, timestamp, keyframe))
        )

    def push(self, payloads: list[bytes], timestamp: int, *, marker: bool = True) -> None:
        for index, payload in enumerate(payloads):
            packet = b"head" + payload + b"tail"
            self.depacketizer.push((packet, 4, 4 + len(payload), timestamp, marker and index == len(payloads) - 1, 7))


def payloads_of(codec: Codec, frame: Frame, size: int) -> list[bytes]:
    return packetize_h264(nal_units(frame.data), size) if codec is Codec.H264 else packetize_vp8(frame.data, frame.ticks // 3000, size)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
@pytest.mark.parametrize("marker", [True, False])
@pytest.mark.parametrize("size", [80, 500, 1200])
def test_an_encoders_frames_come_out_byte_for_byte(codec: Codec, marker: bool, size: int) -> None:
    taker = Taker(codec)
    frames = encoded(codec)
    for frame in frames:
        taker.push(payloads_of(codec, frame, size), frame.ticks, marker=marker)
    expected = [(annex_b(nal_units(frame.data)) if codec is Codec.H264 else frame.data, frame.ticks, frame.keyframe) for frame in frames]
    assert taker.units == (expected if marker else expected[:-1])
    assert (taker.depacketizer.width, taker.depacketizer.height) == (160, 96)
    assert (taker.depacketizer.invalid, taker.depacketizer.discarded) == (0, 0)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
def test_after_a_hole_the_next_unit_is_a_keyframe(codec: Codec) -> None:
    frames = encoded(codec)
    for lost_in in range(1, 20):
        for lost_packet in range(3):
            taker = Taker(codec)
            for index, frame in enumerate(frames):
                payloads = payloads_of(codec, frame, 80)
                if index == lost_in:
                    taker.push(payloads[:lost_packet], frame.ticks, marker=False)
                    taker.depacketizer.lost(1)
                    payloads = payloads[lost_packet + 1 :]
                taker.push(payloads, frame.ticks)
            delivered = [unit[1] // 3000 for unit in taker.units]
            next_keyframe = next(index for index, frame in enumerate(frames) if frame.keyframe and index > lost_in)
            assert delivered == [*range(lost_in), *range(next_keyframe, len(frames))]


def test_a_stream_is_delivered_from_its_first_keyframe_on() -> None:
    taker = Taker(Codec.H264)
    taker.push([SLICE], 0)
    assert taker.depacketizer.waiting
    taker.push([SPS, PPS, IDR], 3000)
    taker.push([SLICE], 6000)
    assert [unit[1:] for unit in taker.units] == [(3000, True), (6000, False)]


def test_parameter_sets_are_put_in_front_of_a_keyframe_that_lacks_them() -> None:
    taker = Taker(Codec.H264)
    taker.push([SPS, PPS, IDR], 0)
    taker.push([IDR], 3000)
    assert taker.units[1] == (annex_b([SPS, PPS, IDR]), 3000, True)


def test_parameter_sets_that_came_alone_belong_to_the_next_keyframe() -> None:
    taker = Taker(Codec.H264)
    taker.push([SPS, PPS], 0)
    taker.push([IDR], 3000)
    assert taker.units == [(annex_b([SPS, PPS, IDR]), 3000, True)]


def test_a_keyframe_whose_parameter_sets_never_came_is_not_delivered() -> None:
    taker = Taker(Codec.H264)
    taker.push([b"\x09\xf0", IDR], 0)
    taker.push([SLICE], 3000)
    assert taker.units == []
    assert taker.depacketizer.waiting


def test_behind_a_hole_a_keyframe_without_its_beginning_is_not_trusted() -> None:
    taker = Taker(Codec.H264)
    taker.push([SPS, PPS, IDR], 0)
    taker.depacketizer.lost(1)
    taker.push([IDR], 3000)
    assert len(taker.units) == 1
    taker.push([IDR], 6000)
    assert [unit[1] for unit in taker.units] == [0, 6000]


def test_a_new_size_is_seen() -> None:
    taker = Taker(Codec.H264)
    taker.push([SPS, PPS, IDR], 0)
    assert (taker.depacketizer.width, taker.depacketizer.height) == (picture_size(SPS) or (0, 0))


def test_a_marker_before_a_units_end_is_not_believed_a_second_time() -> None:
    taker = Taker(Codec.H264)
    taker.push([SPS, PPS, IDR], 0)
    taker.push([IDR], 0)
    for ticks in (3000, 6000):
        for part in ([SPS, PPS, IDR], [IDR]):
            taker.push(part, ticks)
    taker.push([SLICE], 9000)
    assert [unit[:2] for unit in taker.units[1:]] == [(annex_b([SPS, PPS, IDR, IDR]), 3000), (annex_b([SPS, PPS, IDR, IDR]), 6000)]


def test_padding_is_nothing() -> None:
    taker = Taker(Codec.H264)
    taker.push([SPS, b"", PPS, IDR], 0)
    taker.push([b""], 0)
    taker.push([b"", b""], 3000)
    taker.push([SLICE], 3000)
    assert [unit[1] for unit in taker.units] == [0, 3000]


@pytest.mark.parametrize(
    "payload",
    [
        b"\x7c\x85",
        b"\x7c\xc5abc",
        b"\x7c\x05abc",
        b"\x78\x00\x05abc",
        b"\x78",
        b"\x78\x00\x00",
        b"\x78\x00\x03\x78ab",
        b"\x79\x00\x00\x00",
        b"\x00abc",
        b"\x7f",
    ],
)
def test_an_invalid_h264_payload_spoils_its_unit_and_nothing_else(payload: bytes) -> None:
    taker = Taker(Codec.H264)
    taker.push([SPS, PPS, IDR], 0)
    taker.push([payload, SLICE], 3000)
    taker.push([SLICE], 6000)
    taker.push([SPS, PPS, IDR], 9000)
    assert [unit[1] for unit in taker.units] == [0, 9000]
    assert taker.depacketizer.invalid == 1


@pytest.mark.parametrize(
    "payload", [b"\x10", b"\x90\x80", b"\x90\x80\x80", b"\x90\xf0\x80\x01\x02", b"\x10\x10\x00\x00abcdefgh", b"\x10\x10\x00\x00\x9d\x01"]
)
def test_an_invalid_vp8_payload_spoils_its_unit_and_nothing_else(payload: bytes) -> None:
    taker = Taker(Codec.VP8)
    frames = encoded(Codec.VP8)
    keyframes = [frame for frame in frames if frame.keyframe]
    taker.push(packetize_vp8(keyframes[0].data, 1), 0)
    taker.push([payload], 3000)
    taker.push(packetize_vp8(frames[1].data, 2), 6000)
    taker.push(packetize_vp8(keyframes[1].data, 3), 9000)
    assert [unit[1] for unit in taker.units] == [0, 9000]
    assert taker.depacketizer.invalid == 1


@pytest.mark.parametrize("descriptor", [b"\x10", b"\x90\x80\x11", b"\x90\x80\x91\x22", b"\x90\xe0\x91\x22\x07\x40", b"\x90\x10\x05"])
def test_every_form_of_the_vp8_descriptor_is_passed(descriptor: bytes) -> None:
    taker = Taker(Codec.VP8)
    frame = encoded(Codec.VP8)[0]
    taker.push([descriptor + frame.data], 0)
    assert taker.units == [(frame.data, 0, True)]


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
def test_a_big_frame_fits_and_an_endless_one_does_not(codec: Codec) -> None:
    head = b"\x65" if codec is Codec.H264 else encoded(codec)[0].data[:10]
    for size, fits in ((700_000, True), (UNIT_LIMIT + 10_000, False)):
        taker = Taker(codec)
        body = head + b"\x55" * size
        payloads = [SPS, PPS, *packetize_h264([body])] if codec is Codec.H264 else packetize_vp8(body, 1)
        taker.push(payloads, 0)
        assert bool(taker.units) is fits


@pytest.mark.parametrize(
    ("packet", "ticks"),
    [
        (b"\xfc" + bytes(10), 960),
        (b"\xfd" + bytes(10), 1920),
        (b"\xfe\x05" + bytes(10), 1920),
        (b"\xff\x03" + bytes(10), 2880),
        (b"\xff\x00", 0),
        (b"\xff\x3f", 0),
        (b"\xff", 0),
        (b"\x1b\x02abc", 5760),
        (b"\x1b\x03abc", 0),
        (b"\x80", 120),
        (b"", 0),
    ],
)
def test_an_opus_packets_duration_is_in_its_first_bytes(packet: bytes, ticks: int) -> None:
    assert packet_ticks(packet, 0, len(packet)) == ticks


def test_opus_packets_are_units_and_invalid_ones_are_dropped() -> None:
    taker = Taker(Codec.OPUS)
    taker.push([b"\xfcone", b"\xff\x00", b"", b"\xfctwo"], 0)
    assert [unit[0] for unit in taker.units] == [b"\xfcone", b"\xfctwo"]
    assert taker.depacketizer.invalid == 1


@pytest.mark.parametrize("codec", list(Codec))
def test_mutated_payloads_never_raise(codec: Codec) -> None:
    chance = random.Random(3)
    taker = Taker(codec)
    seeds = [b"\xfc" + bytes(30), b"\xff\x83\x04" + bytes(20)]
    if codec is not Codec.OPUS:
        seeds = [payload for frame in encoded(codec)[:20] for payload in payloads_of(codec, frame, 100)]
    for step in range(30_000):
        payload = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(4)):
            payload[chance.randrange(min(len(payload), 12))] = chance.randrange(256)
        taker.push([bytes(payload[: chance.randrange(len(payload) + 1)])], step // 3 * 3000, marker=chance.random() < 0.3)
        if chance.random() < 0.01:
            taker.depacketizer.lost(1)
    assert taker.units
