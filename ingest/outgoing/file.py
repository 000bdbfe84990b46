"""A media file as a source, looped. Packets pass through where WebRTC can carry them as they are; the rest is encoded."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from ingest.outgoing.encoders import AUDIO_CLOCK, AUDIO_FRAME, VIDEO_CLOCK, audio_encoder, video_encoder
from ingest.outgoing.sample import EncodedPacket, Sample, interleave
from storage.model.media import Codec, TrackKind

PROBE = 300
"""Video packets looked at to learn whether the file has B-frames."""
KEYFRAME_INTERVAL = 2.0
"""Seconds between keyframes where we encode."""


class UnusableFile(Exception):
    """The file can't be published; one sentence says why."""


_Timed = tuple[TrackKind, Fraction, Fraction, EncodedPacket]
"""A packet, its time since the file's start and its duration, both in seconds."""


@dataclass(frozen=True, slots=True)
class _Plan:
    video: bool
    audio: bool
    copy_video: bool
    copy_audio: bool
    fps: Fraction


class File:
    """A file read from its start again and again. ``codec`` and ``bitrate`` (bits a second) apply where video is encoded."""

    def __init__(self, path: str, *, codec: Codec | None = None, bitrate: int = 2_500_000) -> None:
        self._path, self._bitrate = path, bitrate
        self._plan = _look(path, codec)
        self._codec = codec or Codec.H264
        self._keyframe = threading.Event()

    @property
    def codecs(self) -> dict[TrackKind, Codec]:
        """See :class:`ingest.outgoing.sample.Source`."""
        found: dict[TrackKind, Codec] = {}
        if self._plan.video:
            found[TrackKind.VIDEO] = Codec.H264 if self._plan.copy_video else self._codec
        if self._plan.audio:
            found[TrackKind.AUDIO] = Codec.OPUS
        return found

    @property
    def passes_through(self) -> bool:
        """Whether nothing at all is encoded."""
        return self._plan.copy_video >= self._plan.video and self._plan.copy_audio >= self._plan.audio

    def request_keyframe(self) -> None:
        """See :class:`ingest.outgoing.sample.Source`."""
        self._keyframe.set()

    def samples(self, start_ns: int) -> Iterator[Sample]:  # noqa: ARG002 - a file does not show the time
        """See :class:`ingest.outgoing.sample.Source`."""
        return interleave(self._loop(), list(self.codecs))

    def _loop(self) -> Iterator[Sample]:
        begin = Fraction(0)
        while True:
            end = begin
            for kind, pts, duration, packet in _Reading(self._path, self._plan, self._codec, self._bitrate, self._keyframe).packets():
                moment = begin + pts
                end = max(end, moment + duration)
                clock = VIDEO_CLOCK if kind is TrackKind.VIDEO else AUDIO_CLOCK
                packet.pts = packet.dts = round(moment / clock)
                packet.time_base = clock
                yield Sample(kind, float(moment), packet)
            if end == begin:
                raise UnusableFile(f"{self._path} holds no media that lasts.")
            begin = end


class _Reading:
    """One pass over the file."""

    def __init__(self, path: str, plan: _Plan, codec: Codec, bitrate: int, keyframe: threading.Event) -> None:
        self._path, self._plan, self._codec, self._bitrate = path, plan, codec, bitrate
        self._keyframe = keyframe
        self._video_encoder: VideoCodecContext | None = None
        self._audio_encoder: AudioCodecContext | None = None
        self._resampler = AudioResampler("s16", "stereo", 48_000, AUDIO_FRAME)
        self._next_keyframe = Fraction(0)

    def packets(self) -> Iterator[_Timed]:
        """Encoded packets with their time since the file's start and their duration, in seconds."""
        with av.open(self._path) as container:
            streams: list[Stream] = []
            if self._plan.video:
                streams.append(container.streams.video[0])
            if self._plan.audio:
                streams.append(container.streams.audio[0])
            zero = min((s.start_time * s.time_base for s in streams if s.start_time is not None and s.time_base), default=Fraction(0))
            annexb = BitStreamFilterContext("h264_mp4toannexb", streams[0]) if self._plan.copy_video else None
            for packet in container.demux(streams):
                if packet.stream.type == "video":
                    if annexb:
                        for unit in annexb.filter(packet if packet.dts is not None else None):
                            yield _copied(TrackKind.VIDEO, unit, zero, Fraction(1) / self._plan.fps)
                    else:
                        yield from self._encode_video(packet, zero)
                elif self._plan.copy_audio:
                    if packet.pts is not None:
                        yield _copied(TrackKind.AUDIO, packet, zero, Fraction(AUDIO_FRAME, 48_000))
                else:
                    yield from self._encode_audio(packet, zero)

    def _encode_video(self, packet: EncodedPacket, zero: Fraction) -> Iterator[_Timed]:
        for frame in packet.decode():
            if not isinstance(frame, VideoFrame) or frame.pts is None or frame.time_base is None:
                continue
            moment = frame.pts * frame.time_base - zero
            if self._video_encoder is None:
                width, height = frame.width & ~1, frame.height & ~1
                self._video_encoder = video_encoder(self._codec, width, height, self._plan.fps, self._bitrate)
            picture = frame.reformat(width=self._video_encoder.width, height=self._video_encoder.height, format="yuv420p")
            picture.pts, picture.time_base, picture.pict_type = round(moment / VIDEO_CLOCK), VIDEO_CLOCK, PictureType.NONE
            if moment >= self._next_keyframe or self._keyframe.is_set():
                self._keyframe.clear()
                self._next_keyframe = moment + Fraction(KEYFRAME_INTERVAL)
                picture.pict_type = PictureType.I
            for encoded in self._video_encoder.encode(picture):
                yield TrackKind.VIDEO, (encoded.pts or 0) * VIDEO_CLOCK, 1 / self._plan.fps, encoded

    def _encode_audio(self, packet: EncodedPacket, zero: Fraction) -> Iterator[_Timed]:
        if self._audio_encoder is None:
            self._audio_encoder = audio_encoder()
        for frame in packet.decode():
            for piece in self._resampler.resample(frame) if isinstance(frame, AudioFrame) else ():
                if piece.pts is None or piece.time_base is None:
                    continue
                piece.pts, piece.time_base = round((piece.pts * piece.time_base - zero) / AUDIO_CLOCK), AUDIO_CLOCK
                for encoded in self._audio_encoder.encode(piece):
                    yield TrackKind.AUDIO, (encoded.pts or 0) * AUDIO_CLOCK, Fraction(AUDIO_FRAME, 48_000), encoded


def _copied(kind: TrackKind, packet: EncodedPacket, zero: Fraction, duration: Fraction) -> _Timed:
    base = packet.time_base or Fraction(1, 90_000)
    return kind, (packet.pts or 0) * base - zero, packet.duration * base if packet.duration else duration, packet


def _look(path: str, wanted: Codec | None) -> _Plan:
    """Decide what passes through. Raises :class:`UnusableFile`."""
    try:
        with av.open(path) as container:
            return _plan(container, wanted, path)
    except av.FFmpegError as error:
        raise UnusableFile(f"{path} can't be read: {error.strerror}.") from error


def _plan(container: InputContainer, wanted: Codec | None, path: str) -> _Plan:
    video, audio = container.streams.video[:1], container.streams.audio[:1]
    if not video and not audio:
        raise UnusableFile(f"{path} has neither video nor audio.")
    copy_video = False
    fps = Fraction(30)
    if video:
        fps = video[0].average_rate or fps
        if video[0].codec_context.name == "h264" and wanted is not Codec.VP8:
            copy_video = _in_order(container, video[0])
    copy_audio = bool(audio) and audio[0].codec_context.name in {"opus", "libopus"} and audio[0].codec_context.sample_rate == 48_000
    return _Plan(bool(video), bool(audio), copy_video, copy_audio, fps)


def _in_order(container: InputContainer, stream: Stream) -> bool:
    """Whether pictures are shown in the order they are coded: no B-frames."""
    last = None
    for count, packet in enumerate(container.demux(stream)):
        if packet.pts is None or count > PROBE:
            continue
        if last is not None and packet.pts <= last:
            return False
        last = packet.pts
    return True
