"""Sessions in memory: what the database said of them, for as long as that may be believed."""

from collections import OrderedDict
from contextlib import suppress

from storage.bus.redis import Bus
from storage.clock import Clock
from storage.database.sessions import SessionRepository
from storage.model.errors import Unavailable
from storage.model.ids import AccountId, RecordId
from storage.model.session import SignedIn
from storage.together import Together

LIFE = 3.0
"""Seconds a session is believed in without asking the database: how long one that ended may still be used where the bus is away."""

MOST = 20_000
"""Sessions remembered; beyond that the one read longest ago is forgotten."""


class SignedInSessions:
    """Reads through to the database; :meth:`run` drops what a hint on the bus says has changed."""

    def __init__(self, sessions: SessionRepository, bus: Bus, clock: Clock) -> None:
        self._sessions = Together(sessions.several)
        self._bus = bus
        self._clock = clock
        self._known: OrderedDict[RecordId, tuple[float, SignedIn]] = OrderedDict()
        self._of: dict[AccountId, set[RecordId]] = {}
        self._dropped = 0

    async def get(self, session: RecordId) -> SignedIn | None:
        """A session that is not over. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        now = self._clock.monotonic()
        known = self._known.get(session)
        if known is not None and now - known[0] < LIFE:
            return known[1]
        dropped = self._dropped
        found = await self._sessions.get(session)
        self._forget(session)
        # What was read while a hint came may be from before the change.
        if found is not None and dropped == self._dropped:
            self._known[session] = (now, found)
            self._of.setdefault(found.account.id, set()).add(session)
            if len(self._known) > MOST:
                self._forget(next(iter(self._known)))
        return found

    async def changed(self, account: AccountId) -> None:
        """An account, its role, its password or its sessions changed: believe nothing old of it, here and on every other node."""
        self._drop(account)
        # A bus that is away costs the others up to LIFE seconds.
        with suppress(Unavailable):
            await self._bus.revoke(account)

    async def run(self) -> None:
        """Listen for hints, for ever."""
        async with self._bus.revocations() as revocations:
            async for account in revocations:
                if account is not None:
                    self._drop(account)

    def _drop(self, account: AccountId) -> None:
        self._dropped += 1
        for session in tuple(self._of.get(account, ())):
            self._forget(session)

    def _forget(self, session: RecordId) -> None:
        known = self._known.pop(session, None)
        if known is None:
            return
        account = known[1].account.id
        self._of[account].discard(session)
        if not self._of[account]:
            del self._of[account]
