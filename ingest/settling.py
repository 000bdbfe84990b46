"""The beginning of a session: units wait until it is known how fast they come. Pure.

A publisher may send at once what waited for its handshake: FFmpeg half a second, GStreamer three. Every packet of such a burst
travels faster than the one before it, so that the time it was captured is only known once the burst is over. Until a part is full
nobody can see anything anyway, so a wait of a fraction of a part costs nothing.
"""

from collections.abc import Callable

_CALM_NS = 80_000_000
_LONGEST_NS = 700_000_000
_FALL_NS = 5_000_000


class Settling:
    """Keeps what was handed to it, to be called in the same order. ``over`` is true from the moment nothing is kept any more."""

    __slots__ = ("_calm_ns", "_first_ns", "_kept", "over")

    def __init__(self) -> None:
        self._kept: list[Callable[[], None]] = []
        self._first_ns = 0
        self._calm_ns = 0
        self.over = False

    def keep(self, release: Callable[[], None], gain_ns: int, now_ns: int) -> None:
        """A unit came at ``now_ns``, faster by ``gain_ns`` than any of its track before it."""
        if not self._kept:
            self._first_ns = now_ns
        if not self._kept or gain_ns > _FALL_NS:
            self._calm_ns = now_ns
        self._kept.append(release)
        self.look(now_ns)

    def look(self, now_ns: int) -> None:
        """Let everything go if the burst is over."""
        if self.over or not self._kept:
            return
        if 0 <= now_ns - self._calm_ns < _CALM_NS and now_ns - self._first_ns < _LONGEST_NS:
            return
        self.over = True
        kept, self._kept = self._kept, []
        for release in kept:
            release()
