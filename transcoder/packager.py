"""A broadcast's media, from access units to announcements: the synchronous core of a worker, without I/O and without a clock."""

from collections import deque
from collections.abc import Sequence

from storage.bus.messages import EndEvent, RenditionInfo, TrackInfo
from storage.model.ids import BroadcastId, SessionId
from storage.model.media import AccessUnit, TrackKind
from storage.model.rendition import RenditionName
from transcoder.audio import AudioSide
from transcoder.checkpoint import Checkpoint, encode_checkpoint
from transcoder.cmaf.track import AUDIO_RATE, VIDEO_RATE
from transcoder.codec_video import still
from transcoder.lane import Lane, Timing
from transcoder.pace import Pace
from transcoder.rendition import Outbox, RenditionWriter
from transcoder.timeline import SECOND_NS
from transcoder.video import VideoSide

_HEADROOM_NS = 10 * SECOND_NS
"""Presentation time of the first unit: what turns out to be older keeps a time above zero."""
_VIDEO_WAIT_NS = 1 * SECOND_NS
_AUDIO_WAIT_NS = SECOND_NS // 2
_AUDIO_PATIENCE_NS = 300_000_000
_AUDIO_SILENCE_NS = SECOND_NS // 4
"""A source that was heard more lately is not silent, however late its sound is: a worker that was starved reads on."""
_TAKE_OVER_WAIT_NS = 1 * SECOND_NS
_STRAY_NS = 2 * SECOND_NS
_EARLY_UNITS = 250


def to_audio(video_ticks: int) -> int:
    """Ticks of 90 kHz in ticks of 48 kHz, rounded up."""
    return -(-video_ticks * AUDIO_RATE // VIDEO_RATE)


class Packager:
    """One broadcast. Give it units and the time; take announcements from it. Times are nanoseconds of a clock that never steps.

    Args:
        timing: what is declared to viewers.
        broadcast: its id.
        started_ms: when it began, Unix milliseconds.
        checkpoint: where another worker ended.
    """

    def __init__(self, timing: Timing, broadcast: BroadcastId, started_ms: int, checkpoint: Checkpoint | None = None) -> None:
        self._timing = timing
        self._broadcast = broadcast
        self.started_ms = started_ms
        self._checkpoint = checkpoint
        self._origin_ns: int | None = checkpoint.origin_ns if checkpoint else None
        self._breaks: set[int] = set(checkpoint.breaks if checkpoint else ())
        self._outbox = Outbox()
        self._session = SessionId("")
        self._tracks: dict[TrackKind, TrackInfo] = {}
        self._last: dict[int, int] = {}
        self._opened_ns: int | None = None
        self._fresh = False
        self._finished = False
        self._early: deque[AccessUnit] = deque(maxlen=_EARLY_UNITS)
        self._early_pace = Pace()
        self._next_cut = 0
        self._heard_ns = 0
        self.video: VideoSide | None = None
        self.audio: AudioSide | None = None
        self._video_writer = self._writer(RenditionName.VIDEO, VIDEO_RATE)
        self._audio_writer = self._writer(RenditionName.AUDIO, AUDIO_RATE)
        if checkpoint:
            self._restore(checkpoint)

    # What the worker asks.

    @property
    def started(self) -> bool:
        """Whether anything was announced, by us or a worker before us."""
        return self.audio is not None

    @property
    def lane(self) -> Lane:
        """Which lane the picture takes."""
        return self.video.lane if self.video else Lane.NONE

    @property
    def renditions(self) -> tuple[RenditionInfo, ...]:
        """What the multivariant playlist says."""
        writers = [self._video_writer] if self.video else []
        return tuple(writer.info for writer in (*writers, self._audio_writer) if writer.look.codecs)

    def suits(self, tracks: Sequence[TrackInfo]) -> bool:
        """Whether a session with these tracks can go on in this broadcast: one that began with sound only has no picture to go on with."""
        return not self.started or self.video is not None or all(track.kind is not TrackKind.VIDEO for track in tracks)

    def resume_point(self, session: SessionId) -> dict[int, int]:
        """What to ask the relay for: per track the last unit that is not needed again."""
        if session == self._session and self._last:
            return dict(self._last)
        point = self._checkpoint
        if point is None or point.session != session:
            return {}
        marks = {int(TrackKind.AUDIO): point.audio, int(TrackKind.VIDEO): point.video}
        return {kind: mark.after for kind, mark in marks.items() if mark and mark.after >= 0}

    # What happens.

    def open(self, session: SessionId, tracks: Sequence[TrackInfo], now_ns: int) -> None:
        """A session is there, or goes on."""
        if session == self._session and self._tracks:
            return
        point = self._checkpoint if self._checkpoint and self._checkpoint.session == session else None
        self._fresh = point is None and session != self._session
        self._session = session
        self._last.clear()
        self._tracks = {track.kind: track for track in tracks}
        self._opened_ns = now_ns
        if TrackKind.VIDEO in self._tracks and self.video is None and not self.started:
            self.video = VideoSide(self._timing, self._video_writer, self._video_segment_ended)
        if self._origin_ns is not None:
            self._open_sides(self._origin_ns, point)

    def unit(self, unit: AccessUnit, now_ns: int) -> None:
        """A unit came."""
        if self._finished or unit.kind not in self._tracks:
            return
        self._last[int(unit.kind)] = unit.sequence
        if unit.kind is TrackKind.AUDIO:
            self._heard_ns = now_ns
        if self._origin_ns is None:
            self._origin_ns = unit.capture_ns - _HEADROOM_NS
            self._fresh = False
            self._open_sides(self._origin_ns, None)
        elif self._fresh:
            self._fresh = False
            self._correct_origin(unit, now_ns)
        if unit.kind is TrackKind.VIDEO and self.video:
            self.video.unit(unit, now_ns, self.audio.lead(unit.capture_ns) if self.audio else 0.0)
        elif unit.kind is TrackKind.AUDIO and self.audio:
            self.audio.unit(unit, now_ns)
        elif unit.kind is TrackKind.AUDIO:
            self._early.append(unit)
        if not self.started:
            self._early_pace.observe(now_ns, unit.capture_ns - self._origin_ns)
        self._drive(now_ns)

    def tick(self, now_ns: int) -> None:
        """Time went by; call it at least every 50 ms."""
        if self._finished:
            return
        if self._opened_ns is None:
            self._opened_ns = now_ns
        if self.video and self._origin_ns is not None:
            since_open = now_ns - self._opened_ns
            if self._checkpoint and since_open > _TAKE_OVER_WAIT_NS:
                self.video.take_over_alone(now_ns)
                self._checkpoint = None
            if self.video.lane is Lane.NONE and not self.started and since_open > _VIDEO_WAIT_NS and self._early_pace.known:
                first = self._early[0].capture_ns - self._origin_ns if self._early else self._early_pace.due(now_ns)
                self.video.begin_black(first * VIDEO_RATE // SECOND_NS)
                self.video.borrow_pace(self._early_pace, now_ns)
            self.video.tick(now_ns)
        self._drive(now_ns)

    def close(self) -> None:
        """The session is gone; the broadcast goes on with its last picture and silence."""
        self._tracks = {}
        if self.video:
            self.video.close()
        if self.audio:
            self.audio.close()

    def finish(self) -> None:
        """The broadcast ends here."""
        if self.audio is None or self._finished:
            return
        self._finished = True
        if self.video:
            self.video.finish()
        else:
            self.audio.boundary(self.audio.written)
        self.audio.finish()
        self._outbox.events.append(EndEvent())

    def poster(self) -> bytes | None:
        """A JPEG of the newest picture, if there is one."""
        picture = self.video.newest() if self.video else None
        return still(picture) if picture else None

    def take(self) -> tuple[Outbox, bytes] | None:
        """What is to be announced since the last time, with the checkpoint that belongs to it; None if nothing is."""
        if not self._outbox.events or self.audio is None:
            return None
        # In place: the writers hold on to their outbox.
        taken = Outbox(list(self._outbox.events), dict(self._outbox.blobs), dict(self._outbox.inits))
        self._outbox.events.clear()
        self._outbox.blobs.clear()
        self._outbox.inits.clear()
        return taken, encode_checkpoint(self._mark())

    def catch_keyframe_wish(self) -> bool:
        """Whether the publisher should be asked for a keyframe; asked once."""
        wish = self.video is not None and self.video.intake.wants_keyframe
        if self.video:
            self.video.intake.wants_keyframe = False
        return wish

    # Inside.

    def _writer(self, name: RenditionName, rate: int) -> RenditionWriter:
        point = self._checkpoint
        mark = None if point is None else point.video if name is RenditionName.VIDEO else point.audio
        return RenditionWriter(
            self._broadcast, name, rate, outbox=self._outbox, breaks=self._breaks, program_ns=self._program_ns, mark=mark
        )

    def _program_ns(self, media_ns: int) -> int:
        shift = self.video.intake.shift_ns if self.video else self.audio.shift_ns if self.audio else 0
        return (self._origin_ns or 0) + media_ns - shift

    def _restore(self, point: Checkpoint) -> None:
        if point.video:
            self.video = VideoSide(
                self._timing, self._video_writer, self._video_segment_ended, mark=point.video, announced=point.announced, size=point.size
            )
        self.audio = AudioSide(self._audio_writer, self._timing.part_target, 0, point.audio)
        self.audio.recut(point.cuts)
        segment_start = point.audio.segment_start if point.audio.part else point.audio.end
        self._next_cut = segment_start + int(self._timing.segment_target * AUDIO_RATE)

    def _open_sides(self, origin_ns: int, point: Checkpoint | None) -> None:
        video = self._tracks.get(TrackKind.VIDEO)
        if video and self.video:
            self.video.open(video.codec, origin_ns, point.video.anchor if point and point.video else None)
        if TrackKind.AUDIO in self._tracks and self.audio:
            self.audio.open(origin_ns, point.audio.anchor if point else None, point.audio.after if point else -1)

    def _correct_origin(self, unit: AccessUnit, now_ns: int) -> None:
        """A new session may come from a node whose clock is another: its first unit belongs where the broadcast is now."""
        assert self._origin_ns is not None
        pace = self.video.pace if self.video else self.audio.pace if self.audio else self._early_pace
        end = self.video.reached * SECOND_NS // VIDEO_RATE if self.video else self._audio_writer.end * SECOND_NS // AUDIO_RATE
        place = unit.capture_ns - self._origin_ns
        due = max(end, pace.due(now_ns)) if pace.known else end
        if self.started and not end < place < due + _STRAY_NS:
            self._origin_ns = unit.capture_ns - (end if place <= end else due)
            self._open_sides(self._origin_ns, None)

    def _video_segment_ended(self, at: int) -> None:
        self._begin_audio()
        assert self.audio is not None
        self.audio.boundary(to_audio(at))

    def _begin_audio(self) -> None:
        """The broadcast begins: with the picture, or with the first sound where there is no picture to come."""
        if self.audio is not None or self._origin_ns is None:
            return
        start = to_audio(self.video.start) if self.video else (self._early[0].capture_ns - self._origin_ns) * AUDIO_RATE // SECOND_NS
        self.audio = AudioSide(self._audio_writer, self._timing.part_target, start)
        self._next_cut = start + int(self._timing.segment_target * AUDIO_RATE)
        if TrackKind.AUDIO in self._tracks:
            self.audio.open(self._origin_ns)

    def _drive(self, now_ns: int) -> None:
        """Bring the sound to where the picture is."""
        if self.audio is None:
            if self.video is None and not self._early:
                return
            if self.video is not None and self.video.lane is Lane.NONE:
                return
            self._begin_audio()
            assert self.audio is not None
            while self._early:
                self.audio.unit(self._early.popleft(), now_ns)
        if self.video:
            known = self.video.known * AUDIO_RATE // VIDEO_RATE
            self._fill(known, now_ns)
            self.audio.pump(known)
        else:
            self._fill(None, now_ns)
            while self.audio.written >= self._next_cut:
                self.audio.boundary(self._next_cut)
                self._next_cut += int(self._timing.segment_target * AUDIO_RATE)
            self.audio.pump(self._next_cut)

    def _fill(self, known: int | None, now_ns: int) -> None:
        assert self.audio is not None
        expected = TrackKind.AUDIO in self._tracks
        if (expected and self.audio.pace.settled) or known is None:
            due = self.audio.pace.due(now_ns) - _AUDIO_PATIENCE_NS
            if self.audio.pace.known and (known is None or now_ns - self._heard_ns > _AUDIO_SILENCE_NS):
                self.audio.silence(due * AUDIO_RATE // SECOND_NS)
        elif not expected or now_ns - (self._opened_ns or 0) > _AUDIO_WAIT_NS:
            self.audio.silence(known)

    def _mark(self) -> Checkpoint:
        assert self.audio is not None
        oldest = min(self._audio_writer.msn, self._video_writer.msn) if self.video else self._audio_writer.msn
        self._breaks.difference_update([msn for msn in self._breaks if msn < oldest])
        return Checkpoint(
            started_ms=self.started_ms,
            session=self._session,
            origin_ns=self._origin_ns or 0,
            lane=self.lane,
            video=self.video.mark() if self.video else None,
            audio=self.audio.mark(),
            announced=self.video.announced if self.video else 0,
            breaks=tuple(sorted(self._breaks)),
            cuts=self.audio.cuts,
            size=self.video.size if self.video else (0, 0),
        )
