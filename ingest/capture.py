"""When a frame was captured, on this node's clock. Pure (RFC 3550 section 6.4.1).

A sender report names the sender's clock (NTP) and a track's RTP timestamp at the same instant. With one for each track, all
tracks lie on the sender's clock. The offset from there to our clock is the smallest (arrival - sender's time) seen lately, over
all of a session's tracks: the packet that travelled fastest. Until a track's first report its own RTP clock takes the sender's
place, so that it is right within what the fastest of its packets was delayed.
"""

from collections import deque

_WINDOW_NS = 15_000_000_000
_DISAGREEMENT_NS = 1_000_000_000
_STEP_NS = 100_000_000
_BACKLOG_NS = 5_000_000_000
_LATENESS_LIMIT_NS = 5_000_000_000
_STEPS_KEPT = 256
_AHEAD_NS = 1_000_000_000
_REPORTS_NS = 10_000_000_000
_REPORTS_KEPT = 8
_BILLION = 1_000_000_000


class _Minimum:
    """The smallest value of the last 15 to 30 seconds."""

    __slots__ = ("_current", "_previous", "_start_ns")

    def __init__(self) -> None:
        self._current: int | None = None
        self._previous: int | None = None
        self._start_ns = 0

    def add(self, value: int, now_ns: int) -> None:
        if self._current is None or not -_WINDOW_NS < now_ns - self._start_ns < _WINDOW_NS:
            self._previous = self._current
            self._current = value
            self._start_ns = now_ns
        elif value < self._current:
            self._current = value

    @property
    def value(self) -> int | None:
        if self._previous is None or self._current is None:
            return self._current
        return min(self._current, self._previous)

    def shift(self, by: int) -> None:
        if self._current is not None:
            self._current += by
        if self._previous is not None:
            self._previous += by

    def clear(self) -> None:
        self._current = self._previous = None


class _SharedOffset:
    """The offset as a function of the sender's time, so that what was captured together stays together.

    A better offset holds for what was captured after all that has been told so far, not for a frame of the other track that
    was held up by a lost packet.
    """

    __slots__ = ("_newest_ns", "_steps")

    def __init__(self) -> None:
        self._steps: deque[tuple[int, int]] = deque(maxlen=_STEPS_KEPT)
        self._newest_ns = 0

    def at(self, sender_ns: int, offset: int) -> int:
        """The offset for ``sender_ns``, where the best one known now is ``offset``."""
        steps = self._steps
        if not steps or abs(sender_ns - self._newest_ns) > _BACKLOG_NS:
            steps.clear()
            steps.append((sender_ns - 1, offset))
            self._newest_ns = sender_ns
            return offset
        if sender_ns > self._newest_ns:
            if offset != steps[-1][1]:
                steps.append((self._newest_ns, offset))
            self._newest_ns = sender_ns
            return offset
        return next((held for since_ns, held in reversed(steps) if since_ns < sender_ns), steps[0][1])


class TrackClock:
    """One track's way from ticks to capture time. Made by :class:`CaptureClock`."""

    __slots__ = (
        "_anchor_ns",
        "_anchor_ticks",
        "_last_arrival_ns",
        "_last_ns",
        "_last_ticks",
        "_others",
        "_rate",
        "_reports",
        "_shared",
        "_suspect",
        "anchored",
        "minimum",
        "rejected",
    )

    def __init__(self, rate: int, others: "list[TrackClock]", shared: _SharedOffset) -> None:
        self._rate = rate
        self._others = others
        self._shared = shared
        self._anchor_ns = 0
        self._anchor_ticks = 0
        self._suspect: int | None = None
        self._last_ns: int | None = None
        self._last_ticks = 0
        self._last_arrival_ns = 0
        self._reports: deque[tuple[int, int, int, int]] = deque(maxlen=_REPORTS_KEPT)
        self.anchored = False
        self.minimum = _Minimum()
        self.rejected = 0

    def report(self, ntp_unix_ns: int, ticks: int, arrival_ns: int) -> None:
        """Take a sender report: the sender's clock showed ``ntp_unix_ns`` at ``ticks``. One that contradicts the
        reports before it is only believed when the next one agrees with it.
        """
        came = self._last_ticks + (arrival_ns - self._last_arrival_ns) * self._rate // _BILLION
        if self._last_arrival_ns and ticks - came > _AHEAD_NS * self._rate // _BILLION:
            # GStreamer 1.22 adds the time since its pipeline started, so that its media seems to run at twice the speed.
            self.rejected += 1
            return
        shift = ntp_unix_ns - self._sender_ns(ticks)
        if self.anchored and abs(shift) > _STEP_NS:
            if self._suspect is None or abs(shift - self._suspect) > _STEP_NS:
                self._suspect = shift
                self.rejected += 1
                return
            self.minimum.shift(-shift)
            self._reports.clear()
        elif not self.anchored:
            self.minimum.shift(-shift)
            self._reports.clear()
        self._suspect = None
        self.anchored = True
        self._reports.append((ntp_unix_ns - ticks * _BILLION // self._rate, arrival_ns, ntp_unix_ns, ticks))
        # aiortc reports when a frame left, however long its encoder took: the quickest one is nearest to the truth.
        recent = [report for report in self._reports if 0 <= arrival_ns - report[1] < _REPORTS_NS]
        _, _, self._anchor_ns, self._anchor_ticks = min(recent)
        sample = arrival_ns - ntp_unix_ns
        seen = self.minimum.value
        if seen is None or abs(sample - seen) < _BACKLOG_NS:
            # The report itself is younger than media that waited to be sent, as a whole second of it does when FFmpeg starts.
            self.minimum.add(sample, arrival_ns)

    def forget(self) -> None:
        """The track's timestamps started over: its reports say nothing any more."""
        sender_ns = self._sender_ns(self._last_ticks)
        self.minimum.shift(sender_ns - self._last_ticks * _BILLION // self._rate)
        self.anchored = False
        self._anchor_ns = self._anchor_ticks = 0
        self._suspect = None
        self._reports.clear()

    def sample(self, ticks: int, arrival_ns: int) -> int:
        """Only note how fast a unit came; return by how many nanoseconds it was faster than all before it."""
        before = self.minimum.value
        sample = arrival_ns - self._sender_ns(ticks)
        self.minimum.add(sample, arrival_ns)
        self._last_ticks, self._last_arrival_ns = ticks, arrival_ns
        return max(0, before - sample) if before is not None else 0

    def capture(self, ticks: int, arrival_ns: int) -> tuple[int, bool]:
        """Capture time in Unix nanoseconds of this node's clock, and whether it rests on sender reports. Never
        after the arrival; later ticks always have a later capture time, save for a step of our own clock.
        """
        sender_ns = self._sender_ns(ticks)
        minimum = self.minimum
        sample = arrival_ns - sender_ns
        seen = minimum.value
        if seen is not None and sample - seen > _LATENESS_LIMIT_NS:
            minimum.clear()
        minimum.add(sample, arrival_ns)
        offset, aligned = self._offset()
        if aligned:
            offset = self._shared.at(sender_ns, offset)
        capture_ns = sender_ns + offset
        last_ns = self._last_ns
        if last_ns is not None and ticks > self._last_ticks and last_ns - _DISAGREEMENT_NS < capture_ns <= last_ns:
            capture_ns = last_ns + 1
        if last_ns is None or ticks > self._last_ticks or capture_ns < last_ns - _DISAGREEMENT_NS:
            self._last_ns = capture_ns
            self._last_ticks = ticks
            self._last_arrival_ns = arrival_ns
        return capture_ns, aligned

    def _sender_ns(self, ticks: int) -> int:
        return self._anchor_ns + (ticks - self._anchor_ticks) * _BILLION // self._rate

    def _offset(self) -> tuple[int, bool]:
        own = self.minimum.value
        assert own is not None, "capture() and report() put a value in"
        if not self.anchored:
            return own, False
        smallest = own
        for other in self._others:
            if other.anchored and other is not self:
                value = other.minimum.value
                if value is None:
                    continue
                if abs(value - own) > _DISAGREEMENT_NS:
                    # Their reports can't be of one clock; each track's own arrivals are the better guess.
                    return own, False
                smallest = min(smallest, value)
        return smallest, True


class CaptureClock:
    """The tracks of one session on one clock."""

    __slots__ = ("_shared", "_tracks")

    def __init__(self) -> None:
        self._shared = _SharedOffset()
        self._tracks: list[TrackClock] = []

    def track(self, rate: int) -> TrackClock:
        """A clock for one more track of ``rate`` ticks a second."""
        clock = TrackClock(rate, self._tracks, self._shared)
        self._tracks.append(clock)
        return clock
