"""The sound of a broadcast: Opus units placed in time, silence where there are none, AAC parts in step with the picture."""

from collections import deque

from storage.model.media import AccessUnit
from transcoder.checkpoint import RenditionMark, TrackAnchor
from transcoder.cmaf.track import AUDIO_RATE, AudioTrack
from transcoder.codec import AUDIO_BIT_RATE, AacEncoder, CodecError, OpusDecoder
from transcoder.cut import AAC_FRAME, AudioCutter
from transcoder.pace import Pace
from transcoder.rendition import Look, RenditionWriter
from transcoder.sound import SAMPLE_BYTES, SoundLine
from transcoder.timeline import AUDIO_PULL, SECOND_NS, TrackState, TrackTimeline

_PREROLL = 2 * AAC_FRAME
_PACKET = 960
"""Samples a packet not decoded yet is taken to last: 20 ms, as all browsers send."""
_AT_ONCE = 64
"""Frames given to the encoder together."""
_SEQUENCES = 1000


class AudioSide:
    """One broadcast's sound from tick ``start`` (48 kHz) on, or from where ``mark`` says another worker ended.

    ``undecodable`` counts units the decoder refused.
    """

    def __init__(self, writer: RenditionWriter, part_target: float, start: int, mark: RenditionMark | None = None) -> None:
        if mark:
            start = mark.end
        self._writer = writer
        self._encoder = AacEncoder(start)
        self._line = SoundLine(start - _PREROLL)
        self._cutter = AudioCutter(part_target, start)
        if mark:
            self._cutter.reopen(mark.segment_start if mark.part else mark.end, mark.end)
        self._decoder = OpusDecoder()
        self._timeline: TrackTimeline | None = None
        self._waiting: list[tuple[int, AccessUnit]] = []
        self._heard = self._line.end
        self._sequences: deque[tuple[int, int]] = deque()
        self._after = -1
        self._cuts: list[int] = []
        self.pace = Pace()
        self.undecodable = 0
        look = Look("mp4a.40.2", channels=2)
        writer.use_init(AudioTrack(self._encoder.config, AUDIO_BIT_RATE).init_segment(), look)

    def open(self, origin_ns: int, anchor: TrackAnchor | None = None, after: int = -1) -> None:
        """A session begins, or goes on behind its unit ``after``."""
        self._listen()
        state = TrackState(anchor.ticks, anchor.pts, anchor.capture_ns, anchor.shift, anchor.error) if anchor else None
        self._timeline = TrackTimeline(AUDIO_RATE, origin_ns, AUDIO_PULL, state)
        self._decoder = OpusDecoder()
        self._sequences.clear()
        self._after = after
        self.pace.renew()

    def close(self) -> None:
        """The session is over."""
        self._timeline = None

    @property
    def shift_ns(self) -> int:
        """By how much the timeline was moved off the capture clock when that was stepped, in nanoseconds."""
        state = self._timeline.state if self._timeline else None
        return state.shift * SECOND_NS // AUDIO_RATE if state else 0

    def lead(self, capture_ns: int) -> float:
        """Seconds by which the sound captured at ``capture_ns`` is behind the capture clock and the picture should be, too."""
        return self._timeline.behind(capture_ns) / AUDIO_RATE if self._timeline else 0.0

    @property
    def written(self) -> int:
        """Up to which tick there is sound."""
        return self._heard

    def unit(self, unit: AccessUnit, now_ns: int) -> None:
        """An Opus packet."""
        if self._timeline is None:
            return
        place = self._timeline.place(unit.ticks, unit.capture_ns, aligned=unit.aligned)
        self.pace.observe(now_ns, place.pts * SECOND_NS // AUDIO_RATE)
        self._waiting.append((place.pts, unit))
        self._heard = max(self._heard, place.pts + _PACKET)

    def silence(self, until: int) -> None:
        """There will be no sound before tick ``until`` any more."""
        if until > self._heard:
            self._listen()
            self._line.silence(until)
            self._heard = self._line.end

    def boundary(self, at: int) -> None:
        """The picture's segment ended at tick ``at``."""
        self._cuts.append(self._cutter.boundary(at))

    def pump(self, known: int) -> None:
        """Announce what is whole, no picture boundary being to come before tick ``known``.

        Packets are decoded and frames encoded a part at a time: code and tables then stay in the processor's caches.
        """
        # The encoder gives a frame when it has the one behind it.
        if self._heard < self._cutter.wanted + AAC_FRAME:
            return
        self._listen()
        while (frames := self._line.read(_AT_ONCE)) is not None:
            for payload in self._encoder.encode(*frames):
                self._cutter.push(payload)
        for part in self._cutter.drain(known):
            self._writer.write(part, all_sync=True)
            if part.closes:
                self._cuts.pop(0)

    def finish(self) -> None:
        """Announce everything up to the last boundary."""
        if self._cuts:
            self.silence(self._cuts[-1] + 2 * AAC_FRAME)
        self.pump(0)

    def _listen(self) -> None:
        for pts, unit in self._waiting:
            try:
                left, right = self._decoder.decode(unit.data)
            except CodecError:
                self.undecodable += 1
                continue
            self._line.write(pts, left, right)
            self._sequences.append((pts + len(left) // SAMPLE_BYTES, unit.sequence))
        self._waiting.clear()
        self._heard = self._line.end
        while len(self._sequences) > _SEQUENCES:
            self._sequences.popleft()

    @property
    def cuts(self) -> tuple[int, ...]:
        """Boundaries not reached."""
        return tuple(self._cuts)

    def recut(self, cuts: tuple[int, ...]) -> None:
        """Boundaries another worker did not reach."""
        for at in cuts:
            self.boundary(at)

    def mark(self) -> RenditionMark:
        """How far it is announced, and the last unit whose sound is all announced."""
        while self._sequences and self._sequences[0][0] <= self._writer.end - _PREROLL:
            self._after = self._sequences.popleft()[1]
        state = self._timeline.state if self._timeline else None
        anchor = TrackAnchor(state.ticks, state.pts, state.capture_ns, state.shift, state.error) if state else None
        return self._writer.mark(self._after, anchor)
