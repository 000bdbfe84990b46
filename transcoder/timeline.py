"""The presentation timeline: where a unit's RTP ticks and capture time put it. Pure, in integer ticks.

A track's own ticks give exact intervals but wander from the capture clock; the capture clock is shared by both tracks but
noisy until the first RTCP sender report (RFC 3550 section 6.4.1). So a track runs on its ticks and is pulled to the capture
clock gently: audio at most half a percent (inaudible), video as fast as ten percent, towards wherever audio is now.
"""

from collections import deque
from dataclasses import dataclass

SECOND_NS = 1_000_000_000
_PLACES = 128
"""Units remembered for the other track: two seconds and a half of sound."""


@dataclass(frozen=True, slots=True)
class Pull:
    """How fast a track follows the capture clock. ``slack`` in ticks stays uncorrected; ``slow`` and ``fast`` are parts of elapsed
    time, fast from an error of ``far`` ticks on; ``settle`` is the smoothing time in ticks.
    """

    slack: int
    slow: float
    fast: float
    far: int
    settle: int


AUDIO_PULL = Pull(slack=96, slow=0.002, fast=0.005, far=480, settle=48_000)
VIDEO_PULL = Pull(slack=180, slow=0.02, fast=0.10, far=2700, settle=45_000)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit stands. ``pts`` in ticks since the broadcast's origin; ``jumped`` where time did not go on evenly."""

    pts: int
    jumped: bool


@dataclass(frozen=True, slots=True)
class TrackState:
    """What :class:`TrackTimeline` needs to go on in another process; all in ticks but ``capture_ns`` (Unix nanoseconds)."""

    ticks: int
    pts: int
    capture_ns: int
    shift: int
    error: float


class TrackTimeline:
    """Places one track's units of one session.

    Args:
        rate: ticks a second, of the units and of the timeline alike.
        origin_ns: the capture time of tick 0, in Unix nanoseconds.
        pull: how it follows the capture clock.
        state: of the same track where another process left it.
    """

    def __init__(self, rate: int, origin_ns: int, pull: Pull, state: TrackState | None = None) -> None:
        self._rate = rate
        self._origin_ns = origin_ns
        self._pull = pull
        self._state = state
        self._error = state.error if state else 0.0
        self._shift = state.shift if state else 0
        self._aligned = False
        self._places: deque[tuple[int, int]] = deque(maxlen=_PLACES)
        if state:
            self._note(state)

    def behind(self, capture_ns: int) -> float:
        """Ticks by which what was captured at ``capture_ns`` stands before (positive) the place the capture clock wants for it, by
        the units placed around it.
        """
        places = self._places
        later: tuple[int, int] | None = None
        for place in reversed(places):
            if place[0] <= capture_ns:
                if later is None:
                    return place[1]
                share = (capture_ns - place[0]) / (later[0] - place[0])
                return place[1] + (later[1] - place[1]) * share
            later = place
        return later[1] if later else 0.0

    @property
    def state(self) -> TrackState | None:
        """Of the newest unit placed, None before the first."""
        return self._state

    def capture_ns(self, pts: int) -> int:
        """When what is shown at ``pts`` was captured, in Unix nanoseconds, by the newest unit placed."""
        if self._state is None:
            return self._origin_ns + pts * SECOND_NS // self._rate
        return self._state.capture_ns + (pts - self._state.pts) * SECOND_NS // self._rate

    def place(self, ticks: int, capture_ns: int, *, aligned: bool, lead: float = 0.0) -> Place:
        """Place a unit.

        Args:
            ticks: its RTP timestamp, unwrapped.
            capture_ns: its capture time.
            aligned: whether a sender report backs the capture time.
            lead: ticks by which to stay away from the capture clock, where another track still is.
        """
        wanted = (capture_ns - self._origin_ns) * self._rate // SECOND_NS + self._shift
        last = self._state
        if last is None:
            self._aligned = aligned
            return self._keep(ticks, round(wanted - lead), capture_ns, jumped=False)
        elapsed = ticks - last.ticks
        captured = (capture_ns - last.capture_ns) * self._rate // SECOND_NS
        # A unit may be older than the one before it: B-frames, or units read again behind a checkpoint.
        if abs(elapsed - captured) > self._rate or abs(elapsed) > 30 * self._rate:
            return self._jump(ticks, capture_ns, elapsed, captured, wanted)
        natural = last.pts + elapsed
        error = wanted - lead - natural
        if aligned and not self._aligned:
            # The first sender report: what was believed before rested on arrival times.
            self._aligned = True
            self._error = error
        else:
            self._error += (error - self._error) * min(1.0, abs(elapsed) / self._pull.settle)
        step = self._step(elapsed)
        self._error -= step
        return self._keep(ticks, natural + step, capture_ns, jumped=False)

    def _step(self, elapsed: int) -> int:
        size = abs(self._error)
        if size <= self._pull.slack or elapsed <= 0:
            return 0
        share = self._pull.fast if size > self._pull.far else self._pull.slow
        return int(min(size, max(1.0, share * elapsed))) * (1 if self._error > 0 else -1)

    def _jump(self, ticks: int, capture_ns: int, elapsed: int, captured: int, wanted: int) -> Place:
        last = self._state
        assert last is not None
        if 0 < captured < 30 * self._rate and not 0 < elapsed < self._rate:
            # The ticks were reset; the capture clock went on.
            pts = last.pts + captured
        else:
            # The capture clock was stepped, or both: the broadcast's clock goes on all the same.
            pts = last.pts + (elapsed if 0 < elapsed < 30 * self._rate else self._rate // 50)
            self._shift += pts - wanted
        self._error = 0.0
        return self._keep(ticks, pts, capture_ns, jumped=True)

    def _keep(self, ticks: int, pts: int, capture_ns: int, *, jumped: bool) -> Place:
        self._state = TrackState(ticks, pts, capture_ns, self._shift, self._error)
        if jumped:
            self._places.clear()
        self._note(self._state)
        return Place(pts, jumped)

    def _note(self, state: TrackState) -> None:
        wanted = (state.capture_ns - self._origin_ns) * self._rate // SECOND_NS + state.shift
        self._places.append((state.capture_ns, wanted - state.pts))
