"""The picture of a broadcast: which lane it takes now, and its parts."""

from collections.abc import Callable

from storage.model.media import AccessUnit, Codec
from transcoder import h264
from transcoder.checkpoint import RenditionMark, TrackAnchor
from transcoder.cmaf.track import VIDEO_RATE
from transcoder.codec_video import Picture, black
from transcoder.cut import SLIVER, CannotPass, CutRule, Obstacle, Part, Sample, VideoCutter
from transcoder.encode import EncodeLane, fitted_size
from transcoder.frame_rate import FrameRate
from transcoder.intake import VideoIntake
from transcoder.lane import Lane, LaneJudge, Timing
from transcoder.pace import Pace
from transcoder.rendition import Look, RenditionWriter
from transcoder.timeline import SECOND_NS

_STALL = 1.75
"""Part targets after a part's start at which a source that brought nothing to end it is taken for frozen."""
_SILENCE_NS = SECOND_NS // 4
"""A source that brought a frame more lately is not frozen, however late its frames are: a worker that was starved reads on."""
_PATIENCE = VIDEO_RATE * 12 // 100
"""Ticks a picture may be late in the encode lane before the one before it is shown again."""
_ASK_AGAIN = VIDEO_RATE // 2
_BLACK_SIZE = (1280, 720)


class VideoSide:
    """One broadcast's picture.

    Args:
        timing: what was declared to viewers.
        writer: where parts go.
        ended: told the tick at which each segment ends.
        mark: how far another worker got.
        announced: the last unit of the session that worker announced.
        size: the encode lane's size where that is settled.
    """

    def __init__(
        self,
        timing: Timing,
        writer: RenditionWriter,
        ended: Callable[[int], None],
        *,
        mark: RenditionMark | None = None,
        announced: int = 0,
        size: tuple[int, int] = (0, 0),
    ) -> None:
        self._timing = timing
        self._writer = writer
        self._ended = ended
        self._rule = CutRule.of(timing.part_target, timing.segment_target, timing.target_duration)
        self._cutter = VideoCutter(self._rule)
        self._judge = LaneJudge(timing)
        self._encode: EncodeLane | None = None
        self._used: tuple[bytes, bytes] | None = None
        self._mark = mark
        self._asked = 0
        self._came_ns = 0
        self._rate = FrameRate()
        self.intake = VideoIntake()
        self.announced = announced
        self.size = size
        self.lane = Lane.NONE
        self.switches = 0

    # The session.

    def open(self, codec: Codec, origin_ns: int, anchor: TrackAnchor | None = None) -> None:
        """A session with a video track begins, or goes on (``anchor``)."""
        self.intake.open(codec, origin_ns, anchor)
        self._judge.renew()
        self._rate.renew()
        if anchor is None:
            # No unit of this session follows what another worker announced of another session.
            self.announced = -2 if self._mark else 0

    def close(self) -> None:
        """The session is over; :meth:`tick` goes on with the last picture."""
        self.intake.close()

    @property
    def pace(self) -> Pace:
        """When units come."""
        return self.intake.pace

    @property
    def start(self) -> int:
        """The tick at which the newest segment starts."""
        return self._cutter.segment_start

    @property
    def reached(self) -> int:
        """Up to which tick there is a picture, announced or not."""
        return self._encode.next if self._encode else max(self._writer.end, self._cutter.last_pts + 1)

    @property
    def known(self) -> int:
        """No segment that is yet to end ends at or before this tick."""
        return self._cutter.last_pts

    def unit(self, unit: AccessUnit, now_ns: int, lead: float) -> None:
        """A frame; ``lead`` in seconds as in :meth:`TrackTimeline.place`."""
        self._came_ns = now_ns
        pts = self.intake.accept(unit, now_ns, lead)
        if pts is None:
            return
        self._judge.observe(pts, keyframe=unit.keyframe)
        self._rate.observe(unit.ticks)
        if self._mark is not None and not self._take_over(unit, self._mark):
            return
        if self.lane is Lane.PASSTHROUGH:
            self._pass(unit, pts)
        elif unit.keyframe and self._may_pass(pts):
            self._to_passthrough(unit, pts)
        elif self._encode is not None:
            for picture in self.intake.decode(unit, pts):
                self._show(picture)
        else:
            self._to_encode(pts)
        self._ask(pts)

    def tick(self, now_ns: int) -> None:
        """Time went by: go on without the source where it is late."""
        if not self.pace.known or self._mark is not None:
            return
        due = self.pace.due(now_ns) * VIDEO_RATE // SECOND_NS
        silent = now_ns - self._came_ns > _SILENCE_NS
        if silent and self.lane is Lane.PASSTHROUGH and due > self._cutter.part_start + int(self._rule.part * _STALL):
            self._judge.obstacle(Obstacle.GAP, self._cutter.last_pts)
            self._to_encode(self._after_last())
        if self._encode is not None:
            behind = due - _PATIENCE - self._encode.next
            self._encode.hurried = behind > (VIDEO_RATE // 4 if self._encode.hurried else VIDEO_RATE)
            # A process that was stopped for long catches up step by step.
            self._cut(self._encode.until(self._encode.next + min(behind, VIDEO_RATE)))
            if self.intake.live:
                self._ask(due)

    def begin_black(self, pts: int) -> None:
        """Nothing came of a video that was promised: start without."""
        self._to_encode(pts)

    def borrow_pace(self, other: Pace, now_ns: int) -> None:
        """Follow the sound's pace until there is one of our own."""
        if not self.pace.known:
            self.pace.observe(now_ns, other.due(now_ns))
            self.pace.renew()

    def finish(self) -> None:
        """Close the last segment."""
        if self._cutter.is_open:
            self._emit(self._cutter.finish(self._after_last())[0])
        elif self._writer.in_segment:
            self._close_segment()
        self._encode = None
        self.lane = Lane.NONE

    def newest(self) -> Picture | None:
        """The newest picture at hand, decoding the newest keyframe where nothing was decoded."""
        return self._encode.picture if self._encode is not None else self.intake.decode_keyframe()

    def mark(self) -> RenditionMark:
        """How far it is announced."""
        return self._writer.mark(self.intake.needed_for(self._writer.end), self.intake.anchor)

    # Pass-through.

    def _may_pass(self, pts: int) -> bool:
        behind = self._encode.next - self._encode.step if self._encode else self._writer.end - 1
        return self.intake.fits and pts > behind and self._judge.may_pass(pts)

    def _to_passthrough(self, unit: AccessUnit, pts: int) -> None:
        if self._encode is not None:
            self._cut(self._encode.until(pts))
            self._emit(self._cutter.finish(pts)[0])
            self._encode = None
            self.switches += 1
        self.intake.stop_decoding()
        self.lane = Lane.PASSTHROUGH
        self._begin(unit, pts, h264.parse(unit.data))

    def _begin(self, unit: AccessUnit, pts: int, picture: h264.Picture) -> None:
        """Open a segment with a keyframe and announce the init segment for its parameter sets."""
        self._used = self.intake.parameters
        if self._writer.use_init(*self.intake.described(self._writer.look.frame_rate)) and self._writer.msn:
            self._writer.break_here()
        self._cutter.begin(Sample(pts, keyframe=True, payload=picture.payload, sequence=unit.sequence))

    def _pass(self, unit: AccessUnit, pts: int) -> None:
        try:
            picture = h264.parse(unit.data)
        except h264.BadStream:
            self.intake.undecodable += 1
            self.intake.lose()
            return
        if unit.keyframe and self.intake.parameters != self._used:
            self._reconfigure(unit, pts, picture)
            return
        if picture.bidirectional:
            self._obstructed(Obstacle.ORDER, pts)
            return
        try:
            parts = self._cutter.push(Sample(pts, unit.keyframe, picture.payload, unit.sequence))
        except CannotPass as refusal:
            self._obstructed(refusal.obstacle, pts)
        else:
            self._emit(parts)

    def _obstructed(self, obstacle: Obstacle, pts: int) -> None:
        self._judge.obstacle(obstacle, pts)
        gap = obstacle is Obstacle.GAP
        self._to_encode(min(pts, self._after_last()) if gap else max(pts, self._cutter.last_pts + 1))

    def _reconfigure(self, unit: AccessUnit, pts: int, picture: h264.Picture) -> None:
        """The publisher's parameter sets changed: another init segment behind a discontinuity, if that is not too often."""
        parts, end = self._cutter.finish(pts)
        self._emit(parts)
        if not self._judge.configured(pts) or not self.intake.fits:
            self._to_encode(end)
        elif pts - end > self._rule.shift:
            self._to_encode(end)
            self._to_passthrough(unit, pts)
        else:
            self._begin(unit, end, picture)

    def _after_last(self) -> int:
        """Where the newest frame ends if nothing follows it."""
        return self._cutter.last_pts + (self._cutter.interval or VIDEO_RATE // self._timing.frame_rate)

    # The encode lane.

    def _to_encode(self, at: int, mark: RenditionMark | None = None) -> None:
        """Decode what we have and go on from tick ``at`` in the encode lane, behind another worker's ``mark`` in its segment if that
        can be.
        """
        if self._cutter.is_open:
            parts, at = self._cutter.finish(at)
            self._emit(parts)
        if self.lane is not Lane.NONE:
            self.switches += 1
        newest, later = self._pictures_around(at)
        if not any(self.size):
            self.size = fitted_size(*newest.size) if newest else _BLACK_SIZE
        encode = self._encode = EncodeLane(self.size, self._timing, at, newest or black(*self.size))
        self.lane = Lane.ENCODE
        if mark and self._writer.in_segment and not self._writer.would_change(encode.init_segment, encode.look):
            self._cutter.reopen(mark.segment_start, at)
            encode.inside(at - mark.segment_start)
        else:
            self._cutter.reopen(at, at)
            if self._writer.in_segment:
                self._close_segment()
            if self._writer.use_init(encode.init_segment, encode.look) and self._writer.msn:
                self._writer.break_here()
        for picture in later:
            self._show(picture)

    def _pictures_around(self, at: int) -> tuple[Picture | None, list[Picture]]:
        """Of the retained pictures the one shown at tick ``at``, and those behind it."""
        newest: Picture | None = self._encode.picture if self._encode else None
        later: list[Picture] = []
        for picture in self.intake.decode_kept():
            if picture.pts <= at:
                newest = picture
            else:
                later.append(picture)
        return newest or (later[0] if later else None), later

    def _show(self, picture: Picture) -> None:
        assert self._encode is not None
        # A picture is shown at the frame nearest to its time.
        self._cut(self._encode.until(picture.pts - self._encode.step // 2))
        self._encode.show(picture)

    def _cut(self, samples: list[Sample]) -> None:
        for sample in samples:
            if self._cutter.is_open:
                self._emit(self._cutter.push(sample))
            else:
                self._cutter.begin(sample)

    # Output.

    def _emit(self, parts: list[Part]) -> None:
        for part in parts:
            if self.lane is Lane.PASSTHROUGH:
                self._note_rate(part)
            self._writer.write(part)
            if part.samples[-1].sequence:
                self.announced = part.samples[-1].sequence
            if part.closes:
                self._ended(part.end)

    def _close_segment(self) -> None:
        """End the segment another worker left open with the parts it has."""
        self._writer.close()
        self._ended(self._writer.end)

    def _note_rate(self, part: Part) -> None:
        """FRAME-RATE is the largest there was; where the source keeps to no usual rate, nothing is said before a segment is whole."""
        look = self._writer.look
        if part.closes or not look.frame_rate:
            rate = self._rate.known or (self._rate.mean if part.closes else 0.0)
            if rate > look.frame_rate:
                self._writer.look = Look(look.codecs, look.width, look.height, rate)

    def _ask(self, pts: int) -> None:
        """Ask for a keyframe shortly before a segment is due, or when one would bring us back to pass-through.

        Not at the beginning of a part: it would end as a sliver.
        """
        if self.lane is Lane.PASSTHROUGH:
            due = pts >= self._cutter.segment_start + self._rule.segment - self._rule.part // 2
            wanted = due and pts >= self._cutter.part_start + min(int(SLIVER * VIDEO_RATE), self._rule.part // 2)
        else:
            wanted = not self.intake.synced or (self.intake.fits and self._judge.may_pass(pts))
        if wanted and not 0 <= pts - self._asked < _ASK_AGAIN:
            self._asked = pts
            self.intake.wants_keyframe = True

    # Taking over from another worker.

    def _take_over(self, unit: AccessUnit, mark: RenditionMark) -> bool:
        """Look for where the worker before us ended; whether this unit is to be used as any other."""
        if unit.sequence <= self.announced:
            return False
        self._mark = None
        follows = unit.sequence == self.announced + 1 and (mark.part or unit.keyframe)
        if not follows or not self._same_format():
            self._to_encode(self._writer.end, mark)
            return True
        self.lane = Lane.PASSTHROUGH
        self._used = self.intake.parameters
        self._cutter.reopen(mark.segment_start if mark.part else mark.end, mark.end)
        payload = h264.parse(unit.data).payload
        self._cutter.begin(Sample(mark.end, keyframe=unit.keyframe, payload=payload, sequence=unit.sequence))
        return False

    def _same_format(self) -> bool:
        return self.intake.fits and not self._writer.would_change(*self.intake.described(self._writer.look.frame_rate))

    def take_over_alone(self, now_ns: int) -> None:
        """The source is not there: go on without it where the worker before us ended."""
        if self._mark is not None:
            mark, self._mark = self._mark, None
            self.pace.observe(now_ns, self._writer.end * SECOND_NS // VIDEO_RATE)
            self.pace.renew()
            self._to_encode(self._writer.end, mark)
