"""The encoders a publisher uses, set for low delay and little CPU."""

from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext

from storage.model.media import Codec

VIDEO_CLOCK = Fraction(1, 90_000)
AUDIO_CLOCK = Fraction(1, 48_000)
AUDIO_FRAME = 960
"""Samples of an Opus packet: 20 ms."""


def video_encoder(codec: Codec, width: int, height: int, fps: Fraction, bitrate: int) -> VideoCodecContext:
    """An encoder for I420 pictures without B-frames. ``bitrate`` in bits a second; keyframes every two seconds and on demand."""
    context = av.CodecContext.create("libx264", "w") if codec is Codec.H264 else av.CodecContext.create("libvpx", "w")
    context.width, context.height = width, height
    context.pix_fmt = "yuv420p"
    context.time_base = VIDEO_CLOCK
    context.framerate = fps
    context.bit_rate = bitrate
    context.gop_size = max(1, round(fps * 2))
    context.max_b_frames = 0
    context.thread_count = 1
    if codec is Codec.H264:
        context.options = {
            "preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "forced-idr": "1",
            "sc_threshold": "0", "maxrate": str(bitrate), "bufsize": str(bitrate),
        }  # fmt: skip
    else:
        context.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0", "error-resilient": "default"}
    return context


def audio_encoder(bitrate: int = 96_000) -> AudioCodecContext:
    """An Opus encoder for 48 kHz stereo of 16 bits. Its first packets have negative times, by which decoded sound is in place."""
    context = av.CodecContext.create("libopus", "w")
    context.bit_rate = bitrate
    context.format = "s16"
    context.layout = "stereo"
    context.sample_rate = 48_000
    context.time_base = AUDIO_CLOCK
    context.options = {"application": "audio", "frame_duration": "20"}
    return context
