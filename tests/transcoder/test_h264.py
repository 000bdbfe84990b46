import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transcoder.media import flashing, steady, video_units
from transcoder import h264


def units(**options: str) -> list[h264.Picture]:
    return [h264.parse(unit.data) for unit in video_units(steady(30, 0.4), options=options)]


def test_nal_units_are_found_behind_short_and_long_start_codes() -> None:
    assert h264.split(b"\x00\x00\x00\x01\x67\x01\x00\x00\x01\x68\x02\x00\x00\x00\x01\x65\x03\x00\x00") == [
        b"\x67\x01",
        b"\x68\x02",
        b"\x65\x03",
    ]


@pytest.mark.parametrize("data", [b"", b"\x00\x00\x01", b"\x00\x00\x00\x01\x00", b"abc", b"\x00\x00\x01\x09\xf0", b"\x00\x00\x01\x67\x42"])
def test_a_unit_without_a_slice_is_refused(data: bytes) -> None:
    with pytest.raises(h264.BadStream):
        h264.parse(data)


def test_a_unit_for_mp4_has_lengths_and_no_parameter_sets() -> None:
    picture = units()[0]
    assert picture.idr
    position, kinds = 0, []
    while position < len(picture.payload):
        length = int.from_bytes(picture.payload[position : position + 4], "big")
        kinds.append(picture.payload[position + 4] & 31)
        position += 4 + length
    assert position == len(picture.payload)
    assert 5 in kinds
    assert not {7, 8, 9} & set(kinds)


@pytest.mark.parametrize(
    ("profile", "size", "shown"),
    [("baseline", (320, 180), (320, 180)), ("main", (1920, 1080), (1920, 1080)), ("high", (642, 362), (642, 362))],
)
def test_a_parameter_set_says_profile_size_and_order(profile: str, size: tuple[int, int], shown: tuple[int, int]) -> None:
    unit = video_units(steady(30, 0.1), size=size, options={"profile": profile})[0]
    sps = h264.parse_sps(h264.parse(unit.data).sps[0])
    assert (sps.width, sps.height) == shown
    assert sps.progressive
    assert sps.reorder in {0, -1}
    assert not sps.may_reorder
    assert sps.codecs == "avc1." + h264.parse(unit.data).sps[0][1:4].hex().upper()


def test_b_frames_show_in_parameter_set_and_slices() -> None:
    options = {"profile": "main", "tune": "ssim", "preset": "veryfast", "b-adapt": "0", "rc-lookahead": "3", "bf": "2"}
    pictures = [h264.parse(unit.data) for unit in video_units(steady(30, 1), paint=flashing, options=options)]
    sps = h264.parse_sps(pictures[0].sps[0])
    assert sps.reorder > 0
    assert sps.may_reorder
    assert any(picture.bidirectional for picture in pictures)
    assert not pictures[0].bidirectional


def test_an_avcc_box_names_its_parameter_sets() -> None:
    picture = units(profile="high", preset="veryfast")[0]
    record = h264.avcc(picture.sps[0], picture.pps[0])
    assert record[0] == 1
    assert record[1:4] == picture.sps[0][1:4]
    assert record.endswith(b"\xfd\xf8\xf8\x00")
    assert picture.sps[0] in record
    assert picture.pps[0] in record


def sps_of_size(width_units: int, height_units: int) -> bytes:
    """A baseline parameter set with any size, in units of 16 pixels less one."""

    def ue(value: int) -> str:
        bits = f"{value + 1:b}"
        return "0" * (len(bits) - 1) + bits

    bits = (
        "010000101100000000011111" + ue(0) + ue(0) + ue(2) + ue(1) + "0" + ue(width_units) + ue(height_units) + "1" + "1" + "0" + "0" + "1"
    )
    bits += "0" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return b"\x67" + body.replace(b"\x00\x00", b"\x00\x00\x03")


def test_a_size_of_sixteen_thousand_is_read_as_such() -> None:
    sps = h264.parse_sps(sps_of_size(1023, 1023))
    assert (sps.width, sps.height) == (16384, 16384)


@pytest.mark.parametrize("size", [(5000, 1), (1, 5000), (2**31 - 2, 3)])
def test_an_absurd_size_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(h264.BadStream):
        h264.parse_sps(sps_of_size(*size))


@given(st.binary(max_size=80))
@settings(max_examples=500)
def test_junk_is_refused_and_nothing_else(data: bytes) -> None:
    for prefix in (b"\x67", b"\x67\x64\x00\x1f", b"\x67\x42\xc0\x1f"):
        with contextlib.suppress(h264.BadStream):
            h264.parse_sps(prefix + data)


def test_mutated_units_are_refused_or_parsed() -> None:
    whole = video_units(steady(30, 0.2))[0].data
    chance = random.Random(5)
    for _ in range(3000):
        data = bytearray(whole[:200])
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            picture = h264.parse(bytes(data))
            for sps in picture.sps:
                h264.parse_sps(sps)
        except h264.BadStream:
            pass
