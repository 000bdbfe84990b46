"""Waiting as a thing of its own: requests held until what they name is there, their deadline is over or their client has gone."""

import asyncio
from collections.abc import Callable, Hashable, Iterable
from enum import Enum
from functools import partial
from typing import Generic, Protocol, TypeVar

from storage.model.errors import ErrorCode, Unavailable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Left(Enum):
    """Why a wait ended with nothing."""

    LATE = "late"
    """The deadline is over."""
    CLIENT_GONE = "client gone"
    """Nobody is left to answer."""
    RETRY = "retry"
    """What was waited for is no longer the thing to wait for: look again."""


class Departure(Protocol):
    """A future that is done when the client has gone."""

    def add_done_callback(self, callback: Callable[[object], object], /) -> None:
        """Call back once it is done."""

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


class Gate(Generic[K, V]):
    """Held requests by what they wait for. Each change settles keys whole, so a wake-up is never lost and everybody gets the same answer.

    Deadlines are kept by whole seconds and swept by :meth:`expire`: a timer per request would cost more than the request.
    """

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._held: dict[K, dict[int, set[asyncio.Future[V | Left]]]] = {}

    def enter(self, key: K, client: Departure, deadline: float) -> asyncio.Future[V | Left]:
        """A future that is done once ``key`` is settled, ``deadline`` (on the clock :meth:`expire` is told) is over or the client has gone.

        Whoever enters leaves, whatever the outcome.

        Raises:
            Unavailable: ``EDGE_FULL``; too many wait already.
        """
        hall = self._hall
        if hall.waiting >= hall.limit:
            hall.refused += 1
            raise Unavailable(ErrorCode.EDGE_FULL, "Too many requests wait at this edge.")
        hall.waiting += 1
        future: asyncio.Future[V | Left] = asyncio.get_running_loop().create_future()
        self._held.setdefault(key, {}).setdefault(int(deadline), set()).add(future)
        client.add_done_callback(partial(_gone, future))
        return future

    def leave(self, key: K, client: Departure, deadline: float, future: asyncio.Future[V | Left]) -> None:
        """The wait that :meth:`enter` began with the same arguments is over."""
        self._hall.waiting -= 1
        self._hall.departed += future.done() and not future.cancelled() and future.result() is Left.CLIENT_GONE
        client.cancel()
        bucket = self._held.get(key, {}).get(int(deadline))
        if bucket is not None:
            bucket.discard(future)

    def wanted(self) -> Iterable[K]:
        """What is waited for now."""
        return tuple(self._held)

    def settle(self, key: K, outcome: V | Left) -> None:
        """Answer everybody waiting for ``key``."""
        for bucket in self._held.pop(key, {}).values():
            self._release(bucket, outcome)

    def settle_all(self, outcome: V | Left) -> None:
        """Answer everybody."""
        for key in self.wanted():
            self.settle(key, outcome)

    def expire(self, now: float) -> None:
        """End the waits whose deadline is over."""
        for key, buckets in tuple(self._held.items()):
            for second in [second for second in buckets if second < int(now)]:
                late = buckets.pop(second)
                self._hall.late += len(late)
                self._release(late, Left.LATE)
            if not buckets:
                del self._held[key]

    @staticmethod
    def _release(bucket: set[asyncio.Future[V | Left]], outcome: V | Left) -> None:
        for future in bucket:
            if not future.done():
                future.set_result(outcome)


def _gone(future: asyncio.Future[V | Left], _: object) -> None:
    if not future.done():
        future.set_result(Left.CLIENT_GONE)
