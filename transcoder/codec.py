"""The one door to PyAV, sound side: Opus in, AAC-LC out. Pictures are in :mod:`transcoder.codec_video`.

Formats are named, never probed; nothing here opens a file or an address. Every context runs on one thread: a broadcast has a
process of its own.
"""

from fractions import Fraction

import av
import av.error
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from transcoder.cmaf.track import AUDIO_RATE
from transcoder.sound import SAMPLE_BYTES

AUDIO_BIT_RATE = 128_000
_TIME_BASE = Fraction(1, AUDIO_RATE)
_LONGEST_PACKET = 5760
"""Samples: 120 ms (RFC 6716 section 2.1.4)."""


class CodecError(ValueError):
    """The decoder could not make sense of the data."""


class OpusDecoder:
    """Opus packets to planar stereo samples at 48 kHz."""

    def __init__(self) -> None:
        context = av.CodecContext.create("opus", "r")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = AUDIO_RATE
        context.layout = "stereo"
        context.thread_count = 1
        self._context = context

    def decode(self, packet: bytes) -> tuple[bytes, bytes]:
        """The samples of one packet as (left, right), 32-bit floats.

        Raises:
            CodecError: it is no Opus packet.
        """
        if not packet:
            # The library takes an empty packet for the end of the stream.
            raise CodecError("an empty packet")
        try:
            frames = self._context.decode(av.Packet(packet))
        except (av.error.FFmpegError, ValueError) as error:
            raise CodecError("not an Opus packet") from error
        left, right = bytearray(), bytearray()
        for frame in frames:
            size = min(frame.samples, _LONGEST_PACKET) * SAMPLE_BYTES
            left += memoryview(frame.planes[0])[:size]
            right += memoryview(frame.planes[1])[:size]
        return bytes(left), bytes(right)


class AacEncoder:
    """Planar stereo samples at 48 kHz to AAC-LC frames whose times are exact: a frame that only primes the decoder is not returned.

    Args:
        start: frames shown before this tick (48 kHz) are kept back. Give the encoder sound from two frames before it on,
            so that the first frame returned overlaps with what was there (ISO/IEC 14496-3 section 4.6.11).
    """

    def __init__(self, start: int) -> None:
        context = av.CodecContext.create("aac", "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = AUDIO_RATE
        context.layout = "stereo"
        context.format = "fltp"
        context.bit_rate = AUDIO_BIT_RATE
        context.time_base = _TIME_BASE
        # The default search costs three times as much and is not heard at this rate.
        context.options = {"aac_coder": "fast"}
        context.thread_count = 1
        context.open()
        self._context = context
        self._start = start

    @property
    def config(self) -> bytes:
        """AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1): its first two bytes; what follows is an extension nobody needs."""
        return bytes(self._context.extradata or b"")[:2]

    def encode(self, pts: int, left: bytes, right: bytes) -> list[bytes]:
        """Take the samples of whole frames, the first shown at tick ``pts`` and each call's behind those of the call before; return
        the frames that are done, each 1024 ticks behind the one before.
        """
        frame = AudioFrame("fltp", "stereo", len(left) // SAMPLE_BYTES)
        frame.sample_rate = AUDIO_RATE
        frame.time_base = _TIME_BASE
        frame.pts = pts
        frame.planes[0].update(left)
        frame.planes[1].update(right)
        return [bytes(packet) for packet in self._context.encode(frame) if packet.pts is not None and packet.pts >= self._start]
