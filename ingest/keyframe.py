"""When to ask a publisher for a keyframe: soon, again while none comes, and never more than twice a second. Pure."""

SHORTEST_NS = 500_000_000
"""Between two requests."""

_LONGEST_NS = 2_000_000_000
_TRIES = 3


class KeyframeRequests:
    """One video track's requests. A stream that can't be decoded without one asks until it gets one, at growing intervals."""

    __slots__ = ("_interval_ns", "_sent_ns", "_tries", "_wanted", "sent")

    def __init__(self) -> None:
        self._wanted = False
        self._tries = 0
        self._interval_ns = SHORTEST_NS
        self._sent_ns: int | None = None
        self.sent = 0

    def want(self) -> None:
        """Somebody wants one, e.g. because a segment is due."""
        self._wanted = True
        self._tries = 0

    def came(self) -> None:
        """A keyframe was delivered."""
        self._wanted = False
        self._interval_ns = SHORTEST_NS

    def due(self, now_ns: int, *, stuck: bool, coming: bool = False) -> bool:
        """Whether to send a request now.

        ``stuck`` while nothing can be delivered without a keyframe, ``coming`` while one is being received.
        """
        if coming or not (stuck or self._wanted):
            return False
        if self._sent_ns is not None and 0 <= now_ns - self._sent_ns < self._interval_ns:
            return False
        if self._sent_ns is not None and now_ns - self._sent_ns < 2 * self._interval_ns:
            # The last one was not answered: a keyframe may be on a slow way.
            self._interval_ns = min(self._interval_ns * 3 // 2, _LONGEST_NS)
        self._sent_ns = now_ns
        self.sent += 1
        self._tries += 1
        if self._tries >= _TRIES:
            self._wanted = False
        return True
