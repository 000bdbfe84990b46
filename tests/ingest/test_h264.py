import random
from fractions import Fraction

import av
import pytest

from ingest.h264 import PPS, SPS, parameter_set_id, picture_size
from tests.ingest.packets import nal_units


def sps_of(width: int, height: int, profile: str, pixels: str = "yuv420p", flags: str = "") -> bytes:
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, pixels
    context.time_base = Fraction(1, 30)
    context.options = {"profile": profile, "preset": "ultrafast", "tune": "zerolatency", "x264-params": flags}
    packets = context.encode(av.VideoFrame(width, height, pixels))
    return next(nal for packet in packets for nal in nal_units(bytes(packet)) if nal[0] & 31 == SPS)


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
@pytest.mark.parametrize("size", [(16, 16), (160, 96), (322, 182), (640, 360), (1280, 720), (1920, 1080), (1080, 1920), (3840, 2160)])
def test_an_encoders_picture_size_is_read(size: tuple[int, int], profile: str) -> None:
    assert picture_size(sps_of(*size, profile)) == size


@pytest.mark.parametrize(
    ("pixels", "profile", "flags"),
    [("yuv422p", "high422", ""), ("yuv444p", "high444", ""), ("yuv420p", "high", "cqm=jvt"), ("yuv420p", "main", "interlaced=1")],
)
def test_the_size_is_read_behind_the_rarer_fields(pixels: str, profile: str, flags: str) -> None:
    assert picture_size(sps_of(322, 184, profile, pixels, flags)) == (322, 184)


def test_parameter_sets_have_their_numbers() -> None:
    assert parameter_set_id(sps_of(160, 96, "high")) == 0
    assert parameter_set_id(bytes((0x60 | PPS, 0b01000000))) == 1
    assert parameter_set_id(b"") is None
    assert parameter_set_id(bytes((0x60 | SPS, 1))) is None


def test_no_bytes_make_reading_fail_or_last() -> None:
    chance = random.Random(6)
    genuine = sps_of(1920, 1080, "high", flags="cqm=jvt")
    for _ in range(5000):
        mutated = bytearray(genuine)
        for _ in range(chance.randrange(1, 6)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        picture_size(bytes(mutated[: chance.randrange(len(mutated) + 1)]))
    picture_size(b"\x67" + bytes(100_000))
