"""The generated source: the test picture and a beep each second, encoded on the fly."""

import math
import threading
from array import array
from collections.abc import Iterator
from fractions import Fraction

import av
from av.video.frame import PictureType

from ingest.outgoing.encoders import AUDIO_CLOCK, AUDIO_FRAME, VIDEO_CLOCK, audio_encoder, video_encoder
from ingest.outgoing.picture import FLASH_MS, Geometry, TestPicture
from ingest.outgoing.sample import Sample
from storage.model.media import Codec, TrackKind

SAMPLE_RATE = 48_000
BEEP_HZ = 1000


class Pattern:
    """The test pattern. Each picture is drawn and encoded before it is due and shows the moment it is due."""

    def __init__(self, *, width: int, height: int, fps: Fraction, codec: Codec, bitrate: int) -> None:
        if not (160 <= width <= 3840 and 90 <= height <= 2160 and width % 2 == 0 and height % 2 == 0):
            raise ValueError("A picture is 160x90 to 3840x2160 pixels, both even.")
        if not 1 <= fps <= 60:
            raise ValueError("The frame rate is 1 to 60 pictures a second.")
        self._width, self._height, self._fps = width, height, fps
        self._codec, self._bitrate = codec, bitrate
        self._keyframe = threading.Event()

    @property
    def codecs(self) -> dict[TrackKind, Codec]:
        """See :class:`ingest.outgoing.sample.Source`."""
        return {TrackKind.VIDEO: self._codec, TrackKind.AUDIO: Codec.OPUS}

    def request_keyframe(self) -> None:
        """See :class:`ingest.outgoing.sample.Source`."""
        self._keyframe.set()

    def samples(self, start_ns: int) -> Iterator[Sample]:
        """See :class:`ingest.outgoing.sample.Source`."""
        video, audio = self._video(start_ns), self._audio(start_ns)
        picture, sound = next(video), next(audio)
        while True:
            if picture.due <= sound.due:
                yield picture
                picture = next(video)
            else:
                yield sound
                sound = next(audio)

    def _video(self, start_ns: int) -> Iterator[Sample]:
        encoder = video_encoder(self._codec, self._width, self._height, self._fps, self._bitrate)
        model = av.VideoFrame(self._width, self._height, "yuv420p")
        picture = TestPicture(Geometry(self._width, self._height, model.planes[0].line_size, model.planes[1].line_size))
        number = 0
        while True:
            due = number / self._fps
            picture.draw(start_ns // 1_000_000 + round(due * 1000), number)
            frame = av.VideoFrame(self._width, self._height, "yuv420p")
            for plane, data in zip(frame.planes, (picture.luma, picture.blue, picture.red), strict=True):
                plane.update(bytes(data))
            frame.pts, frame.time_base = round(due / VIDEO_CLOCK), VIDEO_CLOCK
            if self._keyframe.is_set():
                self._keyframe.clear()
                frame.pict_type = PictureType.I
            for packet in encoder.encode(frame):
                yield Sample(TrackKind.VIDEO, float(due), packet)
            number += 1

    def _audio(self, start_ns: int) -> Iterator[Sample]:
        encoder = audio_encoder()
        second = _second_of_sound() * 2
        offset = start_ns % 1_000_000_000 * SAMPLE_RATE // 1_000_000_000
        count = 0
        while True:
            start = (offset + count) % SAMPLE_RATE * 2
            frame = av.AudioFrame(format="s16", layout="stereo", samples=AUDIO_FRAME)
            frame.planes[0].update(second[start : start + AUDIO_FRAME * 2].tobytes())
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, count, AUDIO_CLOCK
            for packet in encoder.encode(frame):
                yield Sample(TrackKind.AUDIO, count / SAMPLE_RATE, packet)
            count += AUDIO_FRAME


def _second_of_sound() -> "array[int]":
    """Interleaved stereo of one second that begins with the beep."""
    beep = SAMPLE_RATE * FLASH_MS // 1000
    levels = (round(12_000 * math.sin(2 * math.pi * BEEP_HZ * n / SAMPLE_RATE)) if n < beep else 0 for n in range(SAMPLE_RATE))
    return array("h", (value for level in levels for value in (level, level)))
