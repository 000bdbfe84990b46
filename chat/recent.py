"""What was written in a room lately, as far as the rules need it: bounded, and fed by whoever sees the room's messages.

It is a memory of one node, not a truth: it begins empty, and what it holds only makes the rules stricter.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

_Key = TypeVar("_Key")

MOST_TEXTS = 300
"""Messages of a room that are remembered."""
REMEMBERED = timedelta(minutes=10)
MOST_WRITERS = 2000
"""Writers of a room of whom it is remembered when they wrote last."""


@dataclass(frozen=True, slots=True)
class Recent:
    """What a message is compared with. ``last_at`` is when its writer last wrote here, ``said`` how often they said this lately.

    ``texts`` are of the room, in the form of :func:`chat.normalise.key`.
    """

    last_at: datetime | None = None
    texts: Container[str] = field(default=())
    said: int = 0


NOTHING = Recent()


class RecentMessages:
    """A room's. Keys are what :func:`chat.normalise.key` makes of a text."""

    def __init__(self) -> None:
        self._texts: deque[tuple[datetime, str, str]] = deque()
        self._counts: Counter[str] = Counter()
        self._said: Counter[tuple[str, str]] = Counter()
        self._last: OrderedDict[str, datetime] = OrderedDict()

    def note(self, writer: str, key: str, at: datetime) -> None:
        """A message was accepted here, or told of by another node."""
        self._texts.append((at, writer, key))
        self._counts[key] += 1
        self._said[writer, key] += 1
        self._last[writer] = max(at, self._last.pop(writer, at))
        if len(self._last) > MOST_WRITERS:
            self._last.popitem(last=False)
        self._forget(at)

    def of(self, writer: str, key: str, now: datetime, *, last_at: datetime | None = None) -> Recent:
        """What a message of that writer is compared with. ``last_at`` is what the database knows, where that was asked."""
        self._forget(now)
        known = [at for at in (self._last.get(writer), last_at) if at is not None]
        return Recent(max(known, default=None), self._counts, self._said.get((writer, key), 0))

    def _forget(self, now: datetime) -> None:
        while self._texts and (len(self._texts) > MOST_TEXTS or now - self._texts[0][0] > REMEMBERED):
            _, writer, key = self._texts.popleft()
            _less(self._counts, key)
            _less(self._said, (writer, key))


def _less(counts: Counter[_Key], key: _Key) -> None:
    counts[key] -= 1
    if counts[key] <= 0:
        del counts[key]
