"""RTP payloads into whole access units: what all codecs have in common. Pure.

A depacketizer is given a stream's packets in order and told of every hole. It emits only whole units, and after a hole
in a video stream only from the next keyframe on. What can't be understood is dropped and counted, never raised.
"""

from collections.abc import Callable
from typing import Protocol

from ingest.rtp import Arrived
from storage.model.media import Codec

UNIT_LIMIT = 4 * 1024 * 1024
"""Bytes of one access unit; a larger one is dropped."""

Emit = Callable[[bytes, int, bool, int], None]
"""Data, RTP timestamp, keyframe, arrival of its first packet in Unix nanoseconds."""


class Depacketizer(Protocol):
    """One codec's depacketizer.

    ``waiting`` is true while only a keyframe helps. ``discarded`` counts units that began to come and were dropped, ``invalid`` packets
    that were not understood. ``width`` and ``height`` are those of the newest keyframe, 0 while unknown.
    """

    waiting: bool
    discarded: int
    invalid: int
    width: int
    height: int

    @property
    def receiving_keyframe(self) -> bool:
        """True while a keyframe is coming and nothing of it is missing yet."""

    def push(self, arrived: Arrived) -> None:
        """Take the next packet's payload."""

    def lost(self, count: int) -> None:
        """``count`` packets are missing before the next one."""

    def starts_keyframe(self, packet: bytes, start: int, end: int) -> bool:
        """True where the payload for certain is the first of a keyframe."""


def depacketizer(codec: Codec, emit: Emit) -> Depacketizer:
    """The depacketizer of a codec."""
    from ingest.depacketize_h264 import H264Depacketizer
    from ingest.depacketize_opus import OpusDepacketizer
    from ingest.depacketize_vp8 import Vp8Depacketizer

    if codec is Codec.H264:
        return H264Depacketizer(emit)
    if codec is Codec.VP8:
        return Vp8Depacketizer(emit)
    return OpusDepacketizer(emit)
