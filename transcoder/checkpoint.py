"""What a worker leaves behind with every announcement, so that another goes on where it ended."""

import msgspec

from storage.model.ids import SessionId


class TrackAnchor(msgspec.Struct, frozen=True, array_like=True):
    """A :class:`transcoder.timeline.TrackState` on the wire."""

    ticks: int
    pts: int
    capture_ns: int
    shift: int
    error: float


class RenditionMark(msgspec.Struct, frozen=True, kw_only=True):
    """How far a rendition is announced. ``part`` is the next part's number in segment ``msn``, which runs from tick ``segment_start``
    and is announced up to ``end``. ``after`` is the last unit of the session that needs not be read again. ``init`` is the number
    of the init segment in use and ``digest`` what it was made from. ``segment_bytes`` counts those of the open segment; ``peak``
    (bits a second), ``bits`` and ``ticks`` are of the whole broadcast.
    """

    msn: int
    part: int
    segment_start: int
    end: int
    after: int
    anchor: TrackAnchor | None
    init: int
    digest: bytes
    discontinuities: int
    segment_bytes: int
    peak: int
    bits: int
    ticks: int


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The whole broadcast. ``announced`` is the last video unit that is announced (units from ``video.after`` up to it are read
    for decoding only). ``breaks`` are segments that follow a discontinuity and may not be announced in both renditions yet;
    ``cuts`` are the audio boundaries not reached. ``size`` is the encode lane's, in pixels, zeros while it was never used.
    """

    started_ms: int
    session: SessionId
    origin_ns: int
    lane: str
    video: RenditionMark | None
    audio: RenditionMark
    announced: int = 0
    breaks: tuple[int, ...] = ()
    cuts: tuple[int, ...] = ()
    size: tuple[int, int] = (0, 0)


encode_checkpoint = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Checkpoint).decode


def decode_checkpoint(data: bytes) -> Checkpoint | None:
    """The checkpoint, or None where it is of another version."""
    try:
        return _decode(data)
    except msgspec.MsgspecError:
        return None
