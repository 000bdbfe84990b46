"""Synthetic publishers: access units as an ingest node would deliver them, made in process."""

import math
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from storage.model.media import AccessUnit, Codec, TrackKind

START_NS = 1_800_000_000_000_000_000
SECOND = 1_000_000_000


@dataclass(frozen=True)
class Arrival:
    """A unit and when it comes, in nanoseconds of a clock that never steps."""

    at: int
    unit: AccessUnit


def plane(width: int, height: int, luma: int) -> VideoFrame:
    frame = VideoFrame(width, height, "yuv420p")
    for target, value in zip(frame.planes, (luma, 128, 128), strict=True):
        target.update(bytes((value,)) * target.buffer_size)
    return frame


def texture(width: int, height: int, number: int) -> VideoFrame:
    """A picture that differs from frame to frame; mean luma rises slowly."""
    frame = plane(width, height, 60)
    stride = frame.planes[0].line_size
    row = bytes(40 + (x * 7 + number * 3) % 90 for x in range(stride))
    frame.planes[0].update(row * (frame.planes[0].buffer_size // stride))
    return frame


Paint = Callable[[float, int, int], VideoFrame]


def flashing(second: float, width: int, height: int) -> VideoFrame:
    """White for 100 ms from each whole second on, else dark."""
    return plane(width, height, 235 if second % 1.0 < 0.099 and second > 0.5 else 30)


def moving(second: float, width: int, height: int) -> VideoFrame:
    return texture(width, height, int(second * 60))


def video_units(
    times: Iterable[float],
    *,
    codec: Codec = Codec.H264,
    size: tuple[int, int] = (320, 180),
    keyframe: Callable[[int, float], bool] | None = None,
    paint: Paint = moving,
    options: dict[str, str] | None = None,
    sequence: int = 1,
    ticks_from: int = 0,
) -> list[AccessUnit]:
    """Frames captured at ``times`` (seconds)."""
    context = av.CodecContext.create("libx264" if codec is Codec.H264 else "libvpx", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = *size, "yuv420p"
    context.time_base = Fraction(1, 90_000)
    context.framerate = Fraction(30)
    context.gop_size = 1_000_000
    context.thread_count = 1
    if codec is Codec.H264:
        context.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "forced-idr": "1", "sc_threshold": "0"} | (
            options or {}
        )
    else:
        context.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    units: list[AccessUnit] = []
    listed = list(times)
    want = keyframe or (lambda index, _: index == 0)
    frames = []
    for index, second in enumerate(listed):
        frame = paint(second, *size)
        frame.pts, frame.time_base = round(second * 90_000), Fraction(1, 90_000)
        frame.pict_type = PictureType.I if want(index, second) else PictureType.NONE
        frames.append(frame)
    packets = [packet for frame in [*frames, None] for packet in context.encode(frame)]
    for packet in packets:
        assert packet.pts is not None
        units.append(
            AccessUnit(
                TrackKind.VIDEO,
                sequence + len(units),
                ticks_from + packet.pts,
                START_NS + packet.pts * SECOND // 90_000,
                packet.is_keyframe,
                True,
                bytes(packet),
            )
        )
    return units


def every(seconds: float) -> Callable[[int, float], bool]:
    """Keyframes at the first frame and then each ``seconds``."""
    due = [-1.0]

    def wanted(index: int, second: float) -> bool:
        if index == 0 or second >= due[0] - 1e-6:
            due[0] = second + seconds
            return True
        return False

    return wanted


def clicks(second: float) -> float:
    """A kilohertz for 50 ms from each whole second on."""
    return 0.6 * math.sin(2 * math.pi * 1000 * second) if second % 1.0 < 0.05 and second > 0.5 else 0.0


def hum(second: float) -> float:
    return 0.3 * math.sin(2 * math.pi * 440 * second)


@lru_cache(maxsize=4)
def _opus(start: float, seconds: float, tone: Callable[[float], float]) -> tuple[bytes, ...]:
    context = av.CodecContext.create("libopus", "w")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate, context.layout, context.format = 48_000, "mono", "s16"
    context.bit_rate = 48_000
    context.options = {"frame_duration": "20", "application": "lowdelay"}
    packets: list[bytes] = []
    # Restricted low delay looks 120 samples ahead; feed it that much early so that sound stands where its time says.
    ahead = 120 / 48_000
    for index in range(round(seconds * 50)):
        samples = array("h", (int(32_000 * tone(start + ahead + (index * 960 + k) / 48_000)) for k in range(960)))
        frame = AudioFrame("s16", "mono", 960)
        frame.sample_rate, frame.pts, frame.time_base = 48_000, index * 960, Fraction(1, 48_000)
        frame.planes[0].update(samples.tobytes())
        packets += [bytes(packet) for packet in context.encode(frame)]
    return tuple(packets)


def audio_units(
    seconds: float, *, start: float = 0.0, tone: Callable[[float], float] = hum, sequence: int = 1, ticks_from: int = 0
) -> list[AccessUnit]:
    return [
        AccessUnit(
            TrackKind.AUDIO,
            sequence + index,
            ticks_from + index * 960,
            START_NS + round((start + index * 0.02) * SECOND),
            True,
            True,
            packet,
        )
        for index, packet in enumerate(_opus(start, seconds, tone))
    ]


def steady(fps: float, seconds: float, start: float = 0.0) -> list[float]:
    return [start + index / fps for index in range(int(seconds * fps))]


def arriving(*tracks: Iterable[AccessUnit], delay: float = 0.05, jitter: Callable[[int], float] = lambda _: 0.0) -> list[Arrival]:
    """Units in the order they come, each ``delay`` seconds and its jitter after its capture; audio 20 ms later, when its packet is full."""
    arrivals: list[Arrival] = []
    for units in tracks:
        latest = 0
        for index, unit in enumerate(units):
            extra = 0.02 if unit.kind is TrackKind.AUDIO else 0.0
            latest = max(latest, unit.capture_ns - START_NS + round((delay + extra + jitter(index)) * SECOND))
            arrivals.append(Arrival(latest, unit))
    return sorted(arrivals, key=lambda arrival: arrival.at)


def later(units: Iterable[AccessUnit], *, capture: float = 0.0, sequence: int = 0) -> Iterator[AccessUnit]:
    for unit in units:
        yield replace(unit, capture_ns=unit.capture_ns + round(capture * SECOND), sequence=unit.sequence + sequence)
