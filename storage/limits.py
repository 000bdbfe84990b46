"""How often one actor may do a thing (generic cell rate algorithm): pure, the time is given."""

from collections import OrderedDict
from dataclasses import dataclass

MOST_SUBJECTS = 20_000
"""Subjects remembered; beyond that the one seen longest ago is forgotten."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``count`` at once, and ``count`` in any ``seconds`` after that. ``name`` tells limits apart, also to clients.

    One that is not ``shared`` is counted by each process for itself: good enough for what is cheap. One that ``guards`` a password
    stays where an operator takes limits away.
    """

    name: str
    count: int
    seconds: int
    shared: bool = True
    guards: bool = False


READS = Limit("reads", 3000, 60, shared=False)
WRITES = Limit("writes", 300, 60)
PROOFS = Limit("password proofs", 10, 300, guards=True)
"""Tries at one's own password: who found an open browser must not guess it there."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome of one try: ``remaining`` more may follow at once; after ``reset`` seconds all of them may again.

    ``retry_after`` is in seconds, 0 when it was allowed.
    """

    limit: Limit
    remaining: int
    reset: float
    retry_after: float

    @property
    def allowed(self) -> bool:
        """Whether it may go on."""
        return self.retry_after == 0


class LocalLimits:
    """What this process alone remembers."""

    def __init__(self) -> None:
        self._full_at: OrderedDict[tuple[str, str], float] = OrderedDict()

    def take(self, limit: Limit, subject: str, now: float) -> Taken:
        """Count one try at ``now`` (seconds of a clock that does not step)."""
        key = (limit.name, subject)
        full_at, taken = decide(limit, self._full_at.pop(key, now), now)
        self._full_at[key] = full_at
        if len(self._full_at) > MOST_SUBJECTS:
            self._full_at.popitem(last=False)
        return taken


def spend(limit: Limit, full_at: float, now: float) -> float | None:
    """One try, when all would be allowed again at ``full_at``; returns the new ``full_at``, None where it is one too many."""
    pause = limit.seconds / limit.count
    used = max(0.0, full_at - now) + pause
    return now + used if used <= limit.seconds + pause / 1000 else None


def decide(limit: Limit, full_at: float, now: float) -> tuple[float, Taken]:
    """The same, with what to tell of it; one that is too many leaves ``full_at``."""
    spent = spend(limit, full_at, now)
    after = full_at if spent is None else spent
    return after, outcome(limit, max(0.0, after - now), allowed=spent is not None)


def outcome(limit: Limit, used: float, *, allowed: bool) -> Taken:
    """What to tell when ``used`` seconds of the limit are used up."""
    pause = limit.seconds / limit.count
    if not allowed:
        return Taken(limit, 0, used, max(0.001, used + pause - limit.seconds))
    return Taken(limit, int((limit.seconds - used) / pause + 0.001), used, 0)
