"""Waiting as a thing of its own: requests held until what they name is there, their deadline is over or their client has gone."""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable
from enum import Enum
from typing import Generic, Protocol, TypeVar

from storage.model.errors import ErrorCode, Unavailable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
V_contra = TypeVar("V_contra", contravariant=True)


class Left(Enum):
    """Why a wait ended with nothing."""

    LATE = "late"
    """The deadline is over."""
    CLIENT_GONE = "client gone"
    """Nobody is left to answer."""
    RETRY = "retry"
    """What was waited for is no longer the thing to wait for: look again."""


class Departure(Protocol):
    """A future that is done when the client has gone. It is looked at: a callback would cost a dictionary each."""

    def done(self) -> bool:
        """Whether the client has gone."""

    def cancel(self) -> object:
        """Stop watching."""


class Hall:
    """The room all gates of a process share: a bound on how many wait. ``waiting``, ``refused``, ``late`` and ``departed`` are counted."""

    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        self.waiting = 0
        self.refused = 0
        self.late = 0
        self.departed = 0


class Held(Generic[V_contra]):
    """One held request: thousands wait, and each object more is felt."""

    __slots__ = ("_bucket", "_client", "_hall")
    _bucket: "set[Held[V_contra]] | None"
    _client: Departure
    _hall: Hall

    @abstractmethod
    def answer(self, outcome: V_contra | Left) -> None:
        """The wait is over; called once each time a gate was entered. May raise nothing."""

    def enter(self, hall: Hall, bucket: "set[Held[V_contra]]", client: Departure) -> None:
        """For the gate: begin to wait."""
        hall.waiting += 1
        self._hall, self._bucket, self._client = hall, bucket, client
        bucket.add(self)

    def leave(self, outcome: V_contra | Left) -> None:
        """For the gate: end the wait, if it is not over yet."""
        if self._bucket is None:
            return
        self._bucket.discard(self)
        self._bucket = None
        self._hall.waiting -= 1
        self._client.cancel()
        del self._client
        self.answer(outcome)

    def look(self) -> None:
        """For the gate: end the wait if the client has gone."""
        if self._bucket is not None and self._client.done():
            self._hall.departed += 1
            self.leave(Left.CLIENT_GONE)


class Gate(Generic[K, V]):
    """Held requests by what they wait for. Each change settles keys whole, so a wake-up is never lost and everybody gets the same answer.

    Deadlines are kept by whole seconds and swept by :meth:`expire`, as are departures: a timer or callback per request would be felt.
    """

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._held: dict[K, dict[int, set[Held[V]]]] = {}

    def enter(self, key: K, held: Held[V], watch: Callable[[], Departure], deadline: float) -> None:
        """Hold a request until ``key`` is settled, ``deadline`` (on the clock :meth:`expire` is told) is over or the client has gone.

        The client is watched, by what ``watch`` returns, only if it may wait.

        Raises:
            Unavailable: ``EDGE_FULL``; too many wait already.
        """
        if self._hall.waiting >= self._hall.limit:
            self._hall.refused += 1
            raise Unavailable(ErrorCode.EDGE_FULL, "Too many requests wait at this edge.")
        held.enter(self._hall, self._held.setdefault(key, {}).setdefault(int(deadline), set()), watch())

    def wanted(self) -> Iterable[K]:
        """What is waited for now."""
        return tuple(self._held)

    def settle(self, key: K, outcome: V | Left) -> None:
        """Answer everybody waiting for ``key``."""
        for bucket in self._held.pop(key, {}).values():
            _release(bucket, outcome)

    def settle_all(self, outcome: V | Left) -> None:
        """Answer everybody."""
        for key in self.wanted():
            self.settle(key, outcome)

    def expire(self, now: float) -> None:
        """End the waits whose deadline is over or whose client has gone."""
        for key, buckets in tuple(self._held.items()):
            for second in [second for second in buckets if second < int(now)]:
                late = buckets.pop(second)
                self._hall.late += len(late)
                _release(late, Left.LATE)
            for bucket in buckets.values():
                for held in tuple(bucket):
                    held.look()
            if not buckets:
                del self._held[key]


def _release(bucket: set[Held[V]], outcome: V | Left) -> None:
    while bucket:
        bucket.pop().leave(outcome)
