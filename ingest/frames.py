"""The relay's wire format: length-prefixed frames between an ingest node and a transcoder worker. Pure.

A connection: the worker sends ``Hello``; the node answers with ``Tracks`` and then units from where the worker asked,
in the order the node got them, live from then on; the worker may send ``WantKeyframe`` at any time. ``End`` closes.

Every frame is a 32-bit big-endian length of what follows, one type byte and a body. ``Unit`` bodies are binary (they
are hot); all others are JSON.
"""

import struct

import msgspec

from storage.bus.messages import TrackInfo
from storage.model.broadcast import PublishEnd
from storage.model.ids import ChannelName, SessionId
from storage.model.media import AccessUnit, TrackKind

MAXIMUM_FRAME = 8 * 1024 * 1024
"""Bytes; a longer frame is a protocol error."""


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """What to send. ``token`` proves that the worker belongs to us; ``after`` gives per track the last sequence already
    used, and a track that is not named starts at the newest keyframe (video) or at the same capture time (audio).
    """

    token: str
    channel: ChannelName
    session: SessionId
    after: dict[int, int] = {}


class Tracks(msgspec.Struct, frozen=True, tag="tracks"):
    """The session's tracks."""

    tracks: tuple[TrackInfo, ...]


class Dropped(msgspec.Struct, frozen=True, tag="dropped"):
    """``count`` units of a track were dropped because the worker was too slow or asked for what the ring no longer has."""

    kind: TrackKind
    count: int


class Silence(msgspec.Struct, frozen=True, tag="silence"):
    """The publisher sent no media for two seconds (``silent``), or is back."""

    silent: bool


class WantKeyframe(msgspec.Struct, frozen=True, tag="keyframe"):
    """From the worker: ask the publisher for a keyframe now. The node rate-limits."""


class End(msgspec.Struct, frozen=True, tag="end"):
    """The session is over."""

    reason: PublishEnd


Control = Hello | Tracks | Dropped | Silence | WantKeyframe | End

_UNIT = 1
_CONTROL = 2
_HEAD = struct.Struct(">IB")
_UNIT_HEAD = struct.Struct(">BBQQq")
_KEYFRAME, _ALIGNED = 1, 2
_decode_control = msgspec.json.Decoder(Control).decode


class FrameError(ValueError):
    """The other side does not speak this protocol."""


def encode_unit(unit: AccessUnit) -> bytes:
    """An access unit as one frame."""
    flags = (_KEYFRAME if unit.keyframe else 0) | (_ALIGNED if unit.aligned else 0)
    return (
        _HEAD.pack(1 + _UNIT_HEAD.size + len(unit.data), _UNIT)
        + _UNIT_HEAD.pack(unit.kind, flags, unit.sequence, unit.ticks, unit.capture_ns)
        + unit.data
    )


def encode_control(control: Control) -> bytes:
    """A control message as one frame."""
    body = msgspec.json.encode(control)
    return _HEAD.pack(1 + len(body), _CONTROL) + body


class FrameDecoder:
    """Bytes in, frames out, whatever way the bytes were cut. ``maximum`` bytes is the longest frame taken."""

    def __init__(self, maximum: int = MAXIMUM_FRAME) -> None:
        self._buffer = bytearray()
        self._maximum = maximum

    def feed(self, data: bytes) -> list[AccessUnit | Control]:
        """Take bytes and return the frames they complete.

        Raises:
            FrameError: the stream can't be understood from here on.
        """
        buffer = self._buffer
        buffer += data
        frames: list[AccessUnit | Control] = []
        start = 0
        while len(buffer) - start >= _HEAD.size:
            length, kind = _HEAD.unpack_from(buffer, start)
            if not 1 <= length <= self._maximum:
                raise FrameError(f"a frame of {length} bytes")
            end = start + 4 + length
            if len(buffer) < end:
                break
            frames.append(_decode(kind, bytes(memoryview(buffer)[start + _HEAD.size : end])))
            start = end
        if start:
            del buffer[:start]
        return frames


def _decode(kind: int, body: bytes) -> AccessUnit | Control:
    if kind == _UNIT and len(body) >= _UNIT_HEAD.size:
        track, flags, sequence, ticks, capture_ns = _UNIT_HEAD.unpack_from(body)
        if track not in TrackKind.__members__.values():
            raise FrameError(f"a unit of track {track}")
        return AccessUnit(
            TrackKind(track), sequence, ticks, capture_ns, bool(flags & _KEYFRAME), bool(flags & _ALIGNED), body[_UNIT_HEAD.size :]
        )
    if kind == _CONTROL:
        try:
            control: Control = _decode_control(body)
        except msgspec.MsgspecError as error:
            raise FrameError("a control frame that is no known message") from error
        return control
    raise FrameError(f"a frame of type {kind}")
