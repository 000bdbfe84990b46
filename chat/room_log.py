"""Where one node is in a room's log, and what its sockets were told of it. Pure.

Events are applied in their order, without holes and each once, however hints come: late, twice, or not at all. What is applied is
told in frames, one for each audience, that say from where to where they reach.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage.chat.events import Audience, NumberedEvent

MOST_KEPT = 1000
"""Events kept for those who resume; for older ones the database is asked."""
MOST_PENDING = 2000
"""Events kept that can't be applied yet; further ones are dropped, and read from the log when it is their turn."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What happened after the number ``after`` up to ``seq``, as one audience sees it."""

    after: int
    seq: int
    bodies: tuple[bytes, ...]


class RoomLog:
    """Starts at the number ``seq``, up to which everything is known by other means."""

    def __init__(self, epoch: str, seq: int) -> None:
        self.epoch = epoch
        self.seq = seq
        self._kept: deque[NumberedEvent] = deque(maxlen=MOST_KEPT)
        self._pending: dict[int, NumberedEvent] = {}
        self._told = dict.fromkeys(Audience, seq)
        self._untold: dict[Audience, list[bytes]] = {audience: [] for audience in Audience}

    def hear(self, events: Iterable[NumberedEvent]) -> Sequence[NumberedEvent]:
        """Take events, in any order; returns those that are applied now."""
        for one in events:
            if one.seq > self.seq and len(self._pending) < MOST_PENDING:
                self._pending[one.seq] = one
        applied: list[NumberedEvent] = []
        while (event := self._pending.get(self.seq + 1)) is not None:
            del self._pending[event.seq]
            self.seq += 1
            applied.append(event)
            self._kept.append(event)
            self._untold[Audience.TEAM].append(event.body)
            if event.audience is Audience.EVERYBODY:
                self._untold[Audience.EVERYBODY].append(event.body)
        if applied and len(self._pending) >= MOST_PENDING // 2:
            self._pending = {seq: event for seq, event in self._pending.items() if seq > self.seq}
        return applied

    @property
    def has_hole(self) -> bool:
        """Whether later events are there than the next one."""
        return bool(self._pending)

    def told(self, audience: Audience) -> int:
        """The number up to which an audience was told."""
        return self._told[audience]

    def has_news(self) -> bool:
        """Whether there is something to tell anybody."""
        return any(self._untold.values())

    def batch(self, audience: Audience, *, even_nothing: bool = False) -> Batch | None:
        """What an audience is to be told now; it counts as told then. None where it would hear of nothing, unless ``even_nothing``."""
        bodies = self._untold[audience]
        after = self._told[audience]
        if not bodies and not (even_nothing and after < self.seq):
            return None
        self._untold[audience] = []
        self._told[audience] = self.seq
        return Batch(after, self.seq, tuple(bodies))

    def recall(self, events: Iterable[NumberedEvent]) -> None:
        """Keep older events, too: all there are up to those that are kept, from some number on."""
        first = self._kept[0].seq if self._kept else self.seq + 1
        older = [event for event in events if event.seq < first]
        self._kept = deque((*older, *self._kept), maxlen=self._kept.maxlen)

    def kept_after(self, seq: int) -> Sequence[NumberedEvent]:
        """The events after a number that are still kept."""
        return [event for event in self._kept if event.seq > seq]

    def since(self, after: int, audience: Audience) -> Batch | None:
        """What somebody missed who was told up to ``after``, up to what their audience was told; None where that is not known here."""
        upto = self._told[audience]
        first = self._kept[0].seq if self._kept else self.seq + 1
        if after > upto or after + 1 < first:
            return None
        missed = [event for event in self._kept if after < event.seq <= upto]
        return seen_by(audience, after, upto, missed)


def seen_by(audience: Audience, after: int, upto: int, events: Iterable[NumberedEvent]) -> Batch:
    """Events after ``after`` up to ``upto`` as an audience sees them."""
    bodies = tuple(one.body for one in events if audience is Audience.TEAM or one.audience is Audience.EVERYBODY)
    return Batch(after, upto, bodies)
