"""A video track as it comes in: placed in time, checked, kept since its newest keyframe, decoded where a picture is needed."""

from collections import deque
from collections.abc import Iterator

from storage.model.media import AccessUnit, Codec
from transcoder import h264
from transcoder.checkpoint import TrackAnchor
from transcoder.cmaf.track import VIDEO_RATE, VideoTrack
from transcoder.codec import CodecError
from transcoder.codec_video import Picture, PictureDecoder
from transcoder.gop import Gop
from transcoder.lane import too_big, unfit
from transcoder.pace import Pace
from transcoder.rendition import Look
from transcoder.timeline import SECOND_NS, VIDEO_PULL, TrackState, TrackTimeline

_START = b"\x00\x00\x00\x01"


class VideoIntake:
    """One broadcast's video, session after session.

    ``synced`` is true while units follow each other from a keyframe on. ``refused`` says why a keyframe could not be used.
    ``undecodable`` counts units that made no sense.
    """

    def __init__(self) -> None:
        self._codec: Codec | None = None
        self._timeline: TrackTimeline | None = None
        self._gop = Gop()
        self._decoder: PictureDecoder | None = None
        self._sps: h264.Sps | None = None
        self._sequence = 0
        self._keys: deque[tuple[int, int]] = deque(maxlen=64)
        self._newest_key: AccessUnit | None = None
        self.parameters: tuple[bytes, bytes] | None = None
        self.synced = False
        self.pace = Pace()
        self.wants_keyframe = False
        self.undecodable = 0
        self.refused = ""

    def open(self, codec: Codec, origin_ns: int, anchor: TrackAnchor | None = None) -> None:
        """A session begins, or goes on where another worker placed a unit (``anchor``)."""
        state = TrackState(anchor.ticks, anchor.pts, anchor.capture_ns, anchor.shift, anchor.error) if anchor else None
        self._codec = codec
        self._timeline = TrackTimeline(VIDEO_RATE, origin_ns, VIDEO_PULL, state)
        self._gop.clear()
        self._decoder = None
        self._sps = self.parameters = None
        self._keys.clear()
        self.synced = False
        self.pace.renew()
        self.wants_keyframe = False

    def close(self) -> None:
        """The session is over."""
        self._timeline = None
        self.synced = False

    @property
    def live(self) -> bool:
        """Whether a session is there that gave a unit."""
        return self._timeline is not None and self._timeline.state is not None

    @property
    def shift_ns(self) -> int:
        """By how much the timeline was moved off the capture clock when that was stepped, in nanoseconds."""
        state = self._timeline.state if self._timeline else None
        return state.shift * SECOND_NS // VIDEO_RATE if state else 0

    @property
    def anchor(self) -> TrackAnchor | None:
        """Where the newest unit was placed."""
        state = self._timeline.state if self._timeline else None
        return TrackAnchor(state.ticks, state.pts, state.capture_ns, state.shift, state.error) if state else None

    def accept(self, unit: AccessUnit, now_ns: int, lead: float) -> int | None:
        """The tick a unit is shown at, ``lead`` seconds off its capture time; None where it can't be used."""
        if self._timeline is None:
            return None
        pts = self._timeline.place(unit.ticks, unit.capture_ns, aligned=unit.aligned, lead=lead * VIDEO_RATE).pts
        self.pace.observe(now_ns, pts * SECOND_NS // VIDEO_RATE)
        follows = self.synced and unit.sequence == self._sequence + 1
        self._sequence = unit.sequence
        if unit.keyframe:
            self.synced = self._inspect(unit)
        elif not follows:
            self.lose()
        if not self.synced:
            return None
        self._gop.add(unit, pts)
        if unit.keyframe:
            self._newest_key = unit
            self._keys.append((pts, unit.sequence))
        return pts

    def lose(self) -> None:
        """What comes is of no use until the next keyframe."""
        self.synced = False
        self.wants_keyframe = True

    def needed_for(self, end: int) -> int:
        """The last unit that is not needed to go on at tick ``end``: the one before a keyframe; -1 if unknown."""
        while len(self._keys) > 1 and self._keys[1][0] < end:
            self._keys.popleft()
        return self._keys[0][1] - 1 if self._keys else -1

    @property
    def fits(self) -> bool:
        """Whether it may be passed through by what its parameter set says."""
        return self._codec is Codec.H264 and self._sps is not None and not unfit(self._sps)

    def described(self, frame_rate: float) -> tuple[bytes, Look]:
        """The init segment and the look of H.264 that is passed through."""
        assert self._sps is not None
        assert self.parameters is not None
        sps = self._sps
        track = VideoTrack(sps.width, sps.height, h264.avcc(*self.parameters))
        return track.init_segment(), Look(sps.codecs, sps.width, sps.height, frame_rate)

    # Pictures.

    def restart_decoder(self) -> None:
        """The next unit decoded is a keyframe."""
        reorders = self._sps is not None and self._sps.may_reorder
        self._decoder = PictureDecoder(self._codec, reorders=reorders) if self._codec else None

    def decode(self, unit: AccessUnit, pts: int) -> list[Picture]:
        """The pictures a unit completes; none, and a wish for a keyframe, where it can't be decoded."""
        if self._decoder is None:
            if not unit.keyframe:
                self.wants_keyframe = True
                return []
            self.restart_decoder()
        assert self._decoder is not None
        try:
            return self._decoder.decode(self._whole(unit), pts)
        except CodecError:
            self.undecodable += 1
            self._decoder = None
            self.wants_keyframe = True
            return []

    def decode_kept(self) -> Iterator[Picture]:
        """The pictures since the newest keyframe; the decoder goes on behind them."""
        self.restart_decoder()
        for unit, pts in self._gop.units:
            yield from self.decode(unit, pts)

    def stop_decoding(self) -> None:
        """Pictures are not needed any more."""
        self._decoder = None

    def decode_keyframe(self) -> Picture | None:
        """The newest keyframe's picture, decoded by itself."""
        if self._newest_key is None or self._codec is None:
            return None
        try:
            pictures = PictureDecoder(self._codec).decode(self._whole(self._newest_key), 0)
        except CodecError:
            self.undecodable += 1
            return None
        return pictures[0] if pictures else None

    def _inspect(self, unit: AccessUnit) -> bool:
        """Look at a keyframe's parameters; whether we can have anything to do with it."""
        try:
            width, height = self._h264_size(unit) if self._codec is Codec.H264 else vp8_size(unit.data)
        except h264.BadStream as error:
            self.undecodable += 1
            self.refused = str(error)
            return False
        self.refused = f"{width} x {height} is too big" if too_big(width, height) else ""
        return not self.refused

    def _h264_size(self, unit: AccessUnit) -> tuple[int, int]:
        picture = h264.parse(unit.data)
        if picture.sps and picture.pps:
            self._sps = h264.parse_sps(picture.sps[-1])
            self.parameters = picture.sps[-1], picture.pps[-1]
        if self._sps is None or not picture.idr:
            raise h264.BadStream("a keyframe without parameters")
        return self._sps.coded_width, self._sps.coded_height

    def _whole(self, unit: AccessUnit) -> bytes:
        """A unit's bytes, a keyframe's with parameter sets in band."""
        if not unit.keyframe or self.parameters is None or self._codec is not Codec.H264:
            return unit.data
        sps, pps = self.parameters
        return _START + sps + _START + pps + unit.data


def vp8_size(data: bytes) -> tuple[int, int]:
    """Width and height of a VP8 keyframe (RFC 6386 section 9.1).

    Raises:
        h264.BadStream: it is none.
    """
    if len(data) < 10 or data[0] & 1 or data[3:6] != b"\x9d\x01\x2a":
        raise h264.BadStream("not a VP8 keyframe")
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
