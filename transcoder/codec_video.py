"""The one door to PyAV, picture side: decode, scale, encode, and stills."""

import itertools
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
import av.filter
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from storage.model.media import Codec
from transcoder.cmaf.track import VIDEO_RATE
from transcoder.codec import CodecError

MAXIMUM_PIXELS = 2 * 1920 * 1088
_DECODERS = {Codec.H264: "h264", Codec.VP8: "vp8"}
_BLACK = (16, 128, 128)
POSTER_WIDTH = 640


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, shown at ``pts``. ``frame`` belongs to PyAV and is nobody else's business."""

    pts: int
    frame: VideoFrame

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.frame.width, self.frame.height


class PictureDecoder:
    """H.264 (Annex B) or VP8 frames to pictures. ``reorders`` where a stream may hold B-frames: pictures then come late."""

    def __init__(self, codec: Codec, *, reorders: bool = False) -> None:
        context = av.CodecContext.create(_DECODERS[codec], "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_count = 1
        context.options = {"max_pixels": str(MAXIMUM_PIXELS)}
        if not reorders:
            context.flags |= Flags.low_delay
        self._context = context

    def decode(self, data: bytes, pts: int) -> list[Picture]:
        """Take one frame; return what can be shown.

        Raises:
            CodecError: it can't be decoded; go on with a keyframe.
        """
        if not data:
            # The library takes an empty packet for the end of the stream.
            raise CodecError("an empty frame")
        packet = av.Packet(data)
        packet.pts = pts
        packet.time_base = Fraction(1, VIDEO_RATE)
        try:
            frames = self._context.decode(packet)
        except (av.error.FFmpegError, ValueError, MemoryError) as error:
            raise CodecError("not a frame of this codec") from error
        return [Picture(pts if frame.pts is None else frame.pts, frame) for frame in frames]


class Letterbox:
    """Pictures of any size to one size: scaled to fit, square pixels, black bars."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._key: tuple[int, int, str] | None = None
        self._graph: av.filter.Graph | None = None

    def fit(self, picture: Picture) -> Picture:
        """The picture at the target size."""
        frame = picture.frame
        key = frame.width, frame.height, frame.format.name
        if key == (*self._size, "yuv420p"):
            return picture
        if key != self._key or self._graph is None:
            self._graph, self._key = self._build(frame), key
        self._graph.push(frame)
        fitted = self._graph.pull()
        assert isinstance(fitted, VideoFrame)
        return Picture(picture.pts, fitted)

    def _build(self, frame: VideoFrame) -> av.filter.Graph:
        width, height = self._size
        graph = av.filter.Graph()
        graph.threads = 1
        steps = (
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, VIDEO_RATE)),
            graph.add("scale", f"w={width}:h={height}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=bilinear"),
            graph.add("pad", f"w={width}:h={height}:x=(ow-iw)/2:y=(oh-ih)/2"),
            graph.add("format", "pix_fmts=yuv420p"),
            graph.add("buffersink"),
        )
        for before, after in itertools.pairwise(steps):
            before.link_to(after)
        graph.configure()
        return graph


class PictureEncoder:
    """Pictures of one size to H.264 without B-frames or look-ahead, a constant frame rate, keyframes only where asked for.

    Args:
        width: even, pixels.
        height: even, pixels.
        frame_rate: frames a second.
    """

    def __init__(self, width: int, height: int, frame_rate: int) -> None:
        context = av.CodecContext.create("libx264", "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, VIDEO_RATE)
        context.framerate = Fraction(frame_rate)
        context.gop_size = 1_000_000
        context.thread_count = 1
        context.flags |= Flags.global_header
        peak = max(400, width * height * frame_rate // 10_000)
        context.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "profile": "high",
            "crf": "23",
            "maxrate": f"{peak}k",
            "bufsize": f"{peak}k",
            "forced-idr": "1",
            "sc_threshold": "0",
        }
        context.open()
        self._context = context

    @property
    def parameter_sets(self) -> bytes:
        """SPS and PPS in Annex B form."""
        return bytes(self._context.extradata or b"")

    def encode(self, picture: Picture, pts: int, *, keyframe: bool) -> bytes:
        """The picture as an Annex B access unit, to be shown at tick ``pts``.

        Raises:
            CodecError: the encoder gave nothing for it.
        """
        frame = picture.frame
        frame.pts = pts
        frame.time_base = Fraction(1, VIDEO_RATE)
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        packets = self._context.encode(frame)
        if not packets:
            raise CodecError("the encoder kept a picture back")
        return b"".join(bytes(packet) for packet in packets)


def black(width: int, height: int) -> Picture:
    """A black picture."""
    frame = VideoFrame(width, height, "yuv420p")
    for plane, value in zip(frame.planes, _BLACK, strict=True):
        plane.update(bytes((value,)) * plane.buffer_size)
    return Picture(0, frame)


def still(picture: Picture) -> bytes:
    """The picture as a JPEG of at most 640 pixels' width."""
    width, height = picture.size
    if width > POSTER_WIDTH:
        height, width = max(2, height * POSTER_WIDTH // width), POSTER_WIDTH
    frame = picture.frame.reformat(width=width // 2 * 2, height=height // 2 * 2, format="yuvj420p")
    context = av.CodecContext.create("mjpeg", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = frame.width, frame.height, "yuvj420p"
    context.time_base = Fraction(1, 1)
    context.thread_count = 1
    context.options = {"qmin": "4", "qmax": "6"}
    frame.pts = 0
    frame.time_base = Fraction(1, 1)
    frame.pict_type = PictureType.NONE
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])
