"""The encode lane: whatever picture is newest, at a constant frame rate and size, a keyframe at each segment's start."""

from transcoder import h264
from transcoder.cmaf.track import VIDEO_RATE, VideoTrack
from transcoder.codec_video import Letterbox, Picture, PictureEncoder
from transcoder.cut import Sample
from transcoder.lane import Timing
from transcoder.rendition import Look

_BOX = (1280, 720)
_HURRY = 3


def fitted_size(width: int, height: int) -> tuple[int, int]:
    """The encode lane's size for a source: not larger than it, within 1280 x 720 either way up, even."""
    box = _BOX if width >= height else _BOX[::-1]
    scale = min(1.0, box[0] / width, box[1] / height)
    return max(16, int(width * scale) // 2 * 2), max(16, int(height * scale) // 2 * 2)


class EncodeLane:
    """Frames from tick ``start`` on, one each ``step`` ticks; every third of them only while ``hurried``, when the processor does not
    keep up.
    """

    def __init__(self, size: tuple[int, int], timing: Timing, start: int, picture: Picture) -> None:
        self._encoder = PictureEncoder(*size, timing.frame_rate)
        self._letterbox = Letterbox(*size)
        self._picture = picture
        self._fitted: Picture | None = None
        self._per_segment = max(1, round(timing.segment_target * timing.frame_rate))
        self._first = self._per_segment
        self._count = 0
        self._next_keyframe = 0
        self._start = start
        self.step = VIDEO_RATE // timing.frame_rate
        self.hurried = False
        nals = h264.split(self._encoder.parameter_sets)
        sps = next(nal for nal in nals if nal[0] & 31 == 7)
        pps = next(nal for nal in nals if nal[0] & 31 == 8)
        self.init_segment = VideoTrack(*size, h264.avcc(sps, pps)).init_segment()
        self.look = Look(h264.parse_sps(sps).codecs, *size, float(timing.frame_rate))

    @property
    def next(self) -> int:
        """The tick of the next frame."""
        return self._start + self._count * self.step

    @property
    def picture(self) -> Picture:
        """The newest picture."""
        return self._picture

    def inside(self, elapsed: int) -> None:
        """The first segment began ``elapsed`` ticks before us, so it ends earlier."""
        self._first = max(1, self._per_segment - elapsed // self.step)

    def show(self, picture: Picture) -> None:
        """From the next frame on, show this."""
        self._picture, self._fitted = picture, None

    def until(self, limit: int) -> list[Sample]:
        """The frames up to tick ``limit``, not including it."""
        samples: list[Sample] = []
        while self.next < limit:
            if self._fitted is None:
                self._fitted = self._letterbox.fit(self._picture)
            keyframe = self._count == self._next_keyframe
            if keyframe:
                self._next_keyframe += self._per_segment if self._count else self._first
            data = self._encoder.encode(self._fitted, self.next, keyframe=keyframe)
            samples.append(Sample(self.next, keyframe, h264.parse(data).payload))
            self._count = min(self._count + (_HURRY if self.hurried else 1), self._next_keyframe)
        return samples
