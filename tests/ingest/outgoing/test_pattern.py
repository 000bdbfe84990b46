import itertools
from fractions import Fraction

import av
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from ingest.outgoing import stamp
from ingest.outgoing.pattern import Pattern
from ingest.outgoing.sample import Sample
from storage.model.media import Codec, TrackKind

START_NS = 1_795_000_000_400_000_000


def _samples(codec: Codec, seconds: float, fps: int = 30) -> list[Sample]:
    source = Pattern(width=640, height=360, fps=Fraction(fps), codec=codec, bitrate=1_000_000)
    return list(itertools.takewhile(lambda sample: sample.due < seconds, source.samples(START_NS)))


def test_every_picture_shows_the_moment_it_is_due() -> None:
    decoder = av.CodecContext.create("h264", "r")
    shown = []
    for sample in _samples(Codec.H264, 2.0):
        if sample.kind is TrackKind.VIDEO:
            for frame in decoder.decode(sample.packet):
                assert isinstance(frame, VideoFrame)
                plane = frame.planes[0]
                shown.append(stamp.read(bytes(plane), frame.width, frame.height, plane.line_size))

    assert len(shown) >= 58
    assert shown == [1_795_000_000_400 + round(n * 1000 / 30) for n in range(len(shown))]


def test_the_beep_begins_at_the_whole_second() -> None:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.format, decoder.layout, decoder.sample_rate = "s16", "stereo", 48_000
    onset = None
    for sample in _samples(Codec.H264, 1.5):
        if sample.kind is TrackKind.AUDIO and onset is None:
            start = sample.packet.pts
            assert start is not None
            for frame in decoder.decode(sample.packet):
                assert isinstance(frame, AudioFrame)
                left = memoryview(bytes(frame.planes[0])).cast("h")[::2]
                loud = next((n for n, value in enumerate(left) if abs(value) > 3000), None)
                if loud is not None and onset is None:
                    onset = start + loud

    assert onset is not None
    assert abs(onset / 48_000 - 0.6) < 0.003


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
def test_a_wanted_keyframe_comes_with_the_next_picture(codec: Codec) -> None:
    source = Pattern(width=320, height=180, fps=Fraction(30), codec=codec, bitrate=300_000)
    pictures = (sample for sample in source.samples(START_NS) if sample.kind is TrackKind.VIDEO)
    before = [next(pictures).packet.is_keyframe for _ in range(10)]
    source.request_keyframe()
    after = [next(pictures).packet.is_keyframe for _ in range(3)]

    assert before == [True] + [False] * 9
    assert after in ([False, True, False], [True, False, False])


def test_samples_come_in_the_order_they_are_due() -> None:
    dues = [sample.due for sample in _samples(Codec.VP8, 1.0, fps=50)]

    assert dues == sorted(dues)


@pytest.mark.parametrize(("width", "height", "fps"), [(161, 90, 30), (100, 90, 30), (640, 360, 61), (640, 360, 0)])
def test_a_pattern_no_one_can_send_is_refused(width: int, height: int, fps: int) -> None:
    with pytest.raises(ValueError, match=r"picture|frame rate"):
        Pattern(width=width, height=height, fps=Fraction(fps), codec=Codec.H264, bitrate=1)
