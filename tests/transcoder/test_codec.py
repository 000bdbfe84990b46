import math
import random
from array import array

import av
import pytest
from av.audio.codeccontext import AudioCodecContext

from storage.model.media import Codec
from tests.transcoder.media import audio_units, flashing, plane, steady, video_units
from transcoder import h264
from transcoder.codec import AacEncoder, CodecError, OpusDecoder
from transcoder.codec_video import POSTER_WIDTH, Letterbox, Picture, PictureDecoder, PictureEncoder, black, still
from transcoder.cut import AAC_FRAME
from transcoder.encode import fitted_size


def decoded(frames: list[bytes], config: bytes) -> "array[float]":
    context = av.CodecContext.create("aac", "r")
    assert isinstance(context, AudioCodecContext)
    context.extradata = config
    samples = array("f")
    for payload in frames:
        for frame in context.decode(av.Packet(payload)):
            samples.frombytes(bytes(frame.planes[0])[: frame.samples * 4])
    return samples


@pytest.mark.parametrize("start", [0, 5000])
def test_sound_comes_out_of_aac_at_the_tick_it_went_in(start: int) -> None:
    encoder = AacEncoder(start)
    click = start + 20_000
    frames: list[bytes] = []
    for index in range(-2, 40):
        pts = start + index * AAC_FRAME
        plane_ = array(
            "f", (math.sin((tick - click) * 0.3) if click <= tick < click + 2000 else 0.0 for tick in range(pts, pts + AAC_FRAME))
        )
        frames += encoder.encode(pts, plane_.tobytes(), plane_.tobytes())
    samples = decoded(frames, encoder.config)
    onset = next(index for index, sample in enumerate(samples) if abs(sample) > 0.2)
    assert abs(start + onset - click) < 64


def test_sound_is_encoded_alike_a_frame_or_many_at_a_time() -> None:
    chance = random.Random(5)
    sound = array("f", (math.sin(tick * 0.05) * 0.4 + chance.random() * 0.1 for tick in range(40 * AAC_FRAME))).tobytes()
    size = AAC_FRAME * 4
    single, many = AacEncoder(0), AacEncoder(0)
    alone = [frame for at in range(0, len(sound), size) for frame in single.encode(at // 4, sound[at : at + size], sound[at : at + size])]
    together: list[bytes] = []
    at = 0
    for count in (1, 7, 2, 19, 11):
        part = sound[at : at + count * size]
        together += many.encode(at // 4, part, part)
        at += len(part)
    assert together == alone


def test_an_opus_packet_is_as_long_as_it_says() -> None:
    decoder = OpusDecoder()
    for unit in audio_units(0.2):
        left, right = decoder.decode(unit.data)
        assert len(left) == len(right) == 960 * 4


def test_junk_for_opus_is_refused_or_sound_and_nothing_else() -> None:
    decoder = OpusDecoder()
    chance = random.Random(3)
    refused = 0
    for _ in range(500):
        try:
            left, right = decoder.decode(chance.randbytes(chance.randrange(1, 80)))
        except CodecError:
            refused += 1
        else:
            assert len(left) == len(right) <= 5760 * 4 * 6
    assert refused > 0
    assert len(decoder.decode(audio_units(0.2)[3].data)[0]) == 960 * 4


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
def test_pictures_come_at_once_and_at_their_times(codec: Codec) -> None:
    decoder = PictureDecoder(codec)
    for unit in video_units(steady(30, 0.5), codec=codec):
        [picture] = decoder.decode(unit.data, unit.ticks)
        assert picture.pts == unit.ticks
        assert picture.size == (320, 180)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
def test_junk_for_a_picture_is_refused_or_a_picture_and_nothing_else(codec: Codec) -> None:
    whole = video_units(steady(30, 0.2), codec=codec)
    chance = random.Random(4)
    for _ in range(200):
        decoder = PictureDecoder(codec)
        for unit in whole:
            data = bytearray(unit.data)
            for _ in range(chance.randrange(4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            try:
                decoder.decode(bytes(data), unit.ticks)
            except CodecError:
                break


def test_nothing_is_no_end_of_the_stream() -> None:
    decoder = PictureDecoder(Codec.H264)
    with pytest.raises(CodecError):
        decoder.decode(b"", 0)
    assert decoder.decode(video_units([0.0])[0].data, 0)
    opus = OpusDecoder()
    with pytest.raises(CodecError):
        opus.decode(b"")
    assert opus.decode(audio_units(0.2)[0].data)


def test_an_encoder_gives_a_frame_for_a_frame_and_keyframes_only_where_asked() -> None:
    encoder = PictureEncoder(320, 180, 30)
    kinds = []
    for index in range(60):
        picture = Picture(0, flashing(index / 30, 320, 180))
        kinds.append(h264.parse(encoder.encode(picture, index * 3000, keyframe=index % 20 == 0)).idr)
    assert [index for index, idr in enumerate(kinds) if idr] == [0, 20, 40]
    sps = h264.parse_sps(next(nal for nal in h264.split(encoder.parameter_sets) if nal[0] & 31 == 7))
    assert (sps.width, sps.height, sps.reorder) == (320, 180, 0)


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (100, 100), (1281, 721)])
def test_a_picture_of_any_size_is_fitted_whole(size: tuple[int, int]) -> None:
    fitted = Letterbox(320, 180).fit(Picture(77, plane(*size, 200)))
    assert fitted.size == (320, 180)
    assert fitted.pts == 77
    luma = fitted.frame.planes[0]
    middle = bytes(luma)[luma.line_size * 90 + 160]
    assert abs(middle - 200) < 4


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ((1920, 1080), (1280, 720)),
        ((1080, 1920), (720, 1280)),
        ((641, 361), (640, 360)),
        ((640, 480), (640, 480)),
        ((1440, 1080), (960, 720)),
    ],
)
def test_the_encode_lane_has_an_even_size_within_720p(source: tuple[int, int], size: tuple[int, int]) -> None:
    assert fitted_size(*source) == size


def test_a_still_is_a_small_jpeg() -> None:
    data = still(black(1280, 720))
    context = av.CodecContext.create("mjpeg", "r")
    [frame] = context.decode(av.Packet(data))
    assert (frame.width, frame.height) == (POSTER_WIDTH, 360)
