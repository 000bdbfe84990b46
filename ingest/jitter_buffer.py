"""Puts a stream's packets into order and decides how long to wait for a missing one. Pure.

In order, a packet passes straight through. Behind a hole packets are held until the hole is filled or given up: after
``wait_ns``, or at once where it is wider than anyone could repair, or where the bound on held packets is reached.
"""

from collections import deque
from collections.abc import Callable

from ingest.nack import NackList
from ingest.rtp import Arrived, unwrap_sequence

WIDEST_HOLE = 512
"""Packets; a wider hole is given up at once: asking for so many costs more than a keyframe."""

RESET_JUMP = 1000
"""Packets; a sender further away than this, twice in a row, started over (after RFC 3550 appendix A.1)."""

HELD_PACKETS = 4096
HELD_BYTES = 6 * 1024 * 1024


class JitterBuffer:
    """One stream's order.

    ``release`` gets every packet once, in order; ``lost`` is told how many packets are missing before the next release. ``seek`` says of
    a packet behind a hole whether decoding may start with it, which makes everything before it worthless: it answers false
    while nobody waits for such a packet. ``lead`` packets may be missing before the first one, where decoding can't start with that.
    """

    __slots__ = (
        "_entries",
        "_held_bytes",
        "_holes",
        "_jump",
        "_lead",
        "_lost",
        "_nacks",
        "_release",
        "_seek",
        "_top",
        "_wait_ns",
        "duplicates",
        "expected",
        "first",
        "lost",
        "recovered",
        "resets",
    )

    def __init__(
        self,
        *,
        release: Callable[[Arrived], None],
        lost: Callable[[int], None],
        seek: Callable[[bytes, int, int], bool],
        wait_ns: int,
        nacks: NackList | None,
        lead: int = 0,
    ) -> None:
        self._release = release
        self._lost = lost
        self._seek = seek
        self._wait_ns = wait_ns
        self._lead = lead
        self._nacks = nacks
        self._entries: dict[int, Arrived] = {}
        self._held_bytes = 0
        self._holes: deque[tuple[int, int, int]] = deque()
        self._top = -1
        self._jump: tuple[int, Arrived] | None = None
        self.expected = -1
        self.first = -1
        self.lost = 0
        self.recovered = 0
        self.duplicates = 0
        self.resets = 0

    @property
    def highest(self) -> int:
        """The highest extended sequence number seen, -1 before the first packet."""
        return max(self._top, self.expected - 1)

    @property
    def held(self) -> int:
        """Packets waiting behind a hole."""
        return len(self._entries)

    @property
    def leading(self) -> bool:
        """True while what may lie before the first packet is waited for."""
        return self.expected <= self.first

    def insert(self, sequence: int, entry: Arrived, repair: bool = False) -> bool:
        """Take a packet with its 16-bit ``sequence``; ``repair`` says that it is a retransmission. True where a new hole opened."""
        expected = self.expected
        if sequence == expected & 0xFFFF and not self._entries and expected >= 0:
            self.expected = expected + 1
            self._release(entry)
            return False
        if expected < 0:
            if not repair:
                # One lap ahead of zero, so that packets overtaken by the first one have a number as well.
                self._start(sequence + 0x10000, entry)
            return False
        number = unwrap_sequence(sequence, self.highest)
        if not -RESET_JUMP <= number - self.highest <= RESET_JUMP:
            if not repair:
                self._jumped(sequence, entry)
            return False
        if not repair:
            self._jump = None
        if number < expected or number in self._entries:
            self.duplicates += 1
            return False
        return self._insert_apart(number, entry, repair)

    def _insert_apart(self, number: int, entry: Arrived, repair: bool) -> bool:
        """Behind a hole, or into one."""
        distance = number - self.highest
        arrival_ns = entry[5]
        opened = False
        if distance > WIDEST_HOLE:
            self._abandon(number)
        elif distance > 1:
            opened = True
            self._open(number - distance + 1, number, arrival_ns)
        elif distance <= 0:
            # Audio has no stream of its own for retransmissions: they come as late packets.
            asked = self._nacks is not None and self._nacks.received(number, arrival_ns)
            self.recovered += repair or asked
        self._hold(number, entry)
        return opened

    def _open(self, start: int, stop: int, arrival_ns: int) -> None:
        self._holes.append((start, stop, arrival_ns))
        if self._nacks is not None:
            self._nacks.missing(start, stop, arrival_ns)

    def _hold(self, number: int, entry: Arrived) -> None:
        self._top = max(self._top, number)
        self._entries[number] = entry
        self._held_bytes += len(entry[0])
        if number == self.expected:
            self._drain()
        elif self._seek(entry[0], entry[1], entry[2]):
            self._skip_to(number)
        while len(self._entries) > HELD_PACKETS or self._held_bytes > HELD_BYTES:
            self._give_up()

    def expire(self, now_ns: int) -> None:
        """Give up the holes that are older than the wait. A clock that was set back starts the wait anew."""
        holes = self._holes
        while holes:
            start, stop, noted_ns = holes[0]
            if stop <= self.expected:
                holes.popleft()
                continue
            age = now_ns - noted_ns
            if age < -self._wait_ns:
                holes[0] = (start, stop, now_ns)
            if age < self._wait_ns:
                return
            self._give_up()

    def missing(self, now_ns: int) -> list[int]:
        """Extended sequence numbers to ask for again now."""
        return self._nacks.due(now_ns, self.expected, self._entries) if self._nacks is not None else []

    def abandon(self) -> None:
        """Wait for nothing any more: go on behind the newest packet."""
        if self._entries:
            self._abandon(self.highest + 1)

    def reset(self) -> None:
        """The stream starts over with its next packet, e.g. under another SSRC."""
        if self.expected >= 0:
            self._clear()
            self._lost(1)
            self.expected = -1
            self._top = -1

    def _start(self, number: int, entry: Arrived) -> None:
        self.first = self._top = number
        if self._lead and not self._seek(entry[0], entry[1], entry[2]):
            self.expected = number - self._lead
            self._entries[number] = entry
            self._held_bytes = len(entry[0])
            self._open(self.expected, number, entry[5])
            return
        self.expected = number + 1
        self._release(entry)

    def _jumped(self, sequence: int, entry: Arrived) -> None:
        """Far away: one such packet may be a stray, two neighbours are a new start."""
        if self._jump is None or sequence != (self._jump[0] + 1) & 0xFFFF:
            self._jump = (sequence, entry)
            return
        first, first_entry = self._jump
        self.resets += 1
        lap = (self.highest >> 16) + 1
        self._clear()
        self._lost(1)
        self._start((lap << 16) + first, first_entry)
        self.insert(sequence, entry)

    def _clear(self) -> None:
        self._entries.clear()
        self._held_bytes = 0
        self._holes.clear()
        self._jump = None
        if self._nacks is not None:
            self._nacks.clear()

    def _drain(self) -> None:
        entries = self._entries
        release = self._release
        while (entry := entries.pop(self.expected, None)) is not None:
            self.expected += 1
            self._held_bytes -= len(entry[0])
            release(entry)
        holes = self._holes
        while holes and holes[0][1] <= self.expected:
            holes.popleft()

    def _give_up(self) -> None:
        """Go on behind the missing packets at the head."""
        start = self.expected
        number = start + 1
        entries = self._entries
        while number not in entries:
            number += 1
        self._go_on(number, number - start)

    def _skip_to(self, number: int) -> None:
        entries = self._entries
        passed = [older for older in entries if older < number]
        for older in passed:
            self._held_bytes -= len(entries.pop(older)[0])
        self._go_on(number, number - self.expected - len(passed))

    def _go_on(self, number: int, lost: int) -> None:
        if number > self.first:
            self.lost += lost
        self.expected = number
        if self._nacks is not None:
            self._nacks.forget_before(number)
        self._lost(lost)
        self._drain()

    def _abandon(self, number: int) -> None:
        self.lost += number - self.expected - len(self._entries)
        self._clear()
        self.expected = number
        self._lost(1)
