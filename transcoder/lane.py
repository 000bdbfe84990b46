"""Which lane a video takes: passed through as the publisher encoded it, or decoded and encoded anew. Pure."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from transcoder.cmaf.track import VIDEO_RATE
from transcoder.cut import Obstacle
from transcoder.h264 import Sps

MAXIMUM_PIXELS = 1920 * 1088
_FIRST_HOLD = 2 * VIDEO_RATE
_LONGEST_HOLD = 60 * VIDEO_RATE
_CALM = 60 * VIDEO_RATE
_FLIPS = 3
_FLIP_TIME = 10 * VIDEO_RATE


class Lane(StrEnum):
    """How a video reaches the viewers."""

    NONE = ""
    PASSTHROUGH = "passthrough"
    ENCODE = "encode"


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations declared to viewers, in seconds, and the frame rate of the encode lane."""

    part_target: float
    segment_target: float
    target_duration: int
    frame_rate: int = 30


def too_big(width: int, height: int) -> bool:
    """Whether pictures of this size are refused outright: beyond 1080p (either way up) the work could starve a node."""
    return width * height > MAXIMUM_PIXELS or max(width, height) > 4096 or min(width, height) < 16


def unfit(sps: Sps) -> str:
    """Why a stream with this parameter set can't be passed through, or an empty string."""
    if sps.reorder > 0:
        return "it may hold B-frames"
    if sps.chroma_format != 1 or sps.bit_depth != 8:
        return "it is not 8-bit 4:2:0"
    if not sps.progressive:
        return "it is interlaced"
    # Level 5.2 (RFC 8216bis names no bound; Apple's authoring rule 1.x does).
    if sps.level > 52:
        return "its level is above 5.2"
    if sps.width % 2 or sps.height % 2:
        return "its size is odd"
    return ""


class LaneJudge:
    """Says when a video may (again) be passed through, by its units' presentation times in ticks of 90 kHz."""

    def __init__(self, timing: Timing) -> None:
        self._gap = int(timing.part_target * VIDEO_RATE * 0.65)
        self._longest = timing.target_duration * VIDEO_RATE
        self._hold = _FIRST_HOLD
        self._blocked_at = -_CALM
        self.renew()

    def renew(self) -> None:
        """Another session: nothing is held against it."""
        self._barred = False
        self._wait = 0
        self._smooth_since = 0
        self._last: int | None = None
        self._last_key: int | None = None
        self._late_keys = False
        self._intervals: deque[int] = deque(maxlen=3)
        self._changes: deque[int] = deque(maxlen=_FLIPS)

    def observe(self, pts: int, *, keyframe: bool) -> None:
        """A unit came."""
        if self._last is None or pts - self._last > self._gap:
            self._smooth_since = pts
        self._last = pts
        if keyframe:
            if self._last_key is not None:
                self._intervals.append(pts - self._last_key)
            self._last_key = pts

    def configured(self, pts: int) -> bool:
        """The stream's parameter sets changed; whether that still may be passed on (at most three times in ten seconds)."""
        restless = len(self._changes) == _FLIPS and pts - self._changes[0] < _FLIP_TIME
        self._changes.append(pts)
        if restless:
            self._block(pts, _LONGEST_HOLD // 2)
        return not restless

    def obstacle(self, obstacle: Obstacle, pts: int) -> None:
        """The cutter could not go on, or nothing came in time."""
        if obstacle is Obstacle.ORDER:
            self._barred = True
        self._late_keys = self._late_keys or obstacle is Obstacle.KEYFRAME
        if pts - self._blocked_at > _CALM:
            self._hold = _FIRST_HOLD
        self._block(pts, self._hold)
        self._hold = min(2 * self._hold, _LONGEST_HOLD)

    def _block(self, pts: int, wait: int) -> None:
        self._blocked_at = pts
        self._wait = wait
        self._smooth_since = pts
        self._intervals.clear()

    def may_pass(self, pts: int) -> bool:
        """Whether the source has been smooth for long enough to be passed through from a keyframe at ``pts`` on."""
        if self._barred or pts - self._smooth_since < self._wait:
            return False
        return not self._late_keys or (len(self._intervals) == 3 and max(self._intervals) <= self._longest)
