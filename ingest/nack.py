"""Which packets of a stream to ask for again, and when: every round trip, a bounded number of times. Pure (RFC 4585 section 6.2.1)."""

from collections import deque
from collections.abc import Container

RETRIES = 10
"""A packet is asked for at most this often."""

PENDING_LIMIT = 512
"""Packets asked for at a time; whoever misses more is better served by a keyframe."""

FIRST_WAIT_NS = 8_000_000
SHORTEST_WAIT_NS = 20_000_000
_LONGEST_WAIT_NS = 250_000_000
_SLACK_NS = 5_000_000
_HOLES_LIMIT = 256
_INITIAL_RTT_NS = 100_000_000


class RoundTrip:
    """Smoothed round trip in nanoseconds, from any source that measures it; 100 ms until one did."""

    __slots__ = ("measured", "ns")

    def __init__(self) -> None:
        self.ns = _INITIAL_RTT_NS
        self.measured = False

    def sample(self, ns: int) -> None:
        """Take a measurement."""
        ns = max(1_000_000, min(ns, 2_000_000_000))
        self.ns = self.ns + (ns - self.ns) // 8 if self.measured else ns
        self.measured = True


class NackList:
    """Missing sequence numbers (extended) of one stream.

    A hole costs the same whatever its width: it is kept as a range until the next ``due``, which opens it packet by packet
    up to ``PENDING_LIMIT``.
    """

    __slots__ = ("_holes", "_pending", "_round_trip", "sent")

    def __init__(self, round_trip: RoundTrip) -> None:
        self._round_trip = round_trip
        self._holes: deque[tuple[int, int, int]] = deque(maxlen=_HOLES_LIMIT)
        self._pending: dict[int, list[int]] = {}
        self.sent = 0

    def __len__(self) -> int:
        return len(self._holes) + len(self._pending)

    @property
    def pending(self) -> int:
        """How many packets have been asked for and not come."""
        return len(self._pending)

    def missing(self, start: int, stop: int, now_ns: int) -> None:
        """Numbers from ``start`` to before ``stop`` did not come."""
        self._holes.append((start, stop, now_ns))

    def received(self, number: int, now_ns: int) -> bool:
        """A missing packet came after all: true where it had been asked for. The answer to a single request measures the round trip."""
        entry = self._pending.pop(number, None)
        if entry is None:
            return False
        if entry[1] == 1:
            self._round_trip.sample(now_ns - entry[0])
        return True

    def forget_before(self, number: int) -> None:
        """Nobody waits any more for what lies before ``number``."""
        holes = self._holes
        while holes and holes[0][1] <= number:
            holes.popleft()
        if self._pending:
            for old in [pending for pending in self._pending if pending < number]:
                del self._pending[old]

    def clear(self) -> None:
        """Forget everything."""
        self._holes.clear()
        self._pending.clear()

    def due(self, now_ns: int, expected: int, held: Container[int]) -> list[int]:
        """The numbers to ask for now, ascending: missing from ``expected`` on and not in ``held``."""
        pending = self._pending
        holes = self._holes
        while holes and len(pending) < PENDING_LIMIT and not 0 <= now_ns - holes[0][2] < FIRST_WAIT_NS:
            start, stop, noted_ns = holes.popleft()
            last = min(stop, max(start, expected) + PENDING_LIMIT - len(pending))
            for number in range(max(start, expected), last):
                if number not in held:
                    pending[number] = [0, 0]
            if last < stop and last > expected:
                holes.appendleft((last, stop, noted_ns))
        if not pending:
            return []
        wait = max(SHORTEST_WAIT_NS, min(self._round_trip.ns + self._round_trip.ns // 10 + _SLACK_NS, _LONGEST_WAIT_NS))
        numbers = []
        for number, entry in pending.items():
            if entry[1] < RETRIES and (not entry[1] or not 0 <= now_ns - entry[0] < wait):
                entry[0] = now_ns
                entry[1] += 1
                numbers.append(number)
        numbers.sort()
        self.sent += len(numbers)
        return numbers
