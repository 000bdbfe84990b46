"""The web nodes' side of the keys: they make, rotate and announce them. No request ever waits for any of this."""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.announced_keys import announce
from storage.bus.redis import Bus
from storage.clock import Clock, utc_now
from storage.database.signing_keys import SigningKeyRepository, StoredKey
from storage.key_ring import KeyRing, SigningKey
from storage.model.token import PROPAGATION, PublicKey, is_over
from storage.node import every
from storage.sealing import Sealer

ROTATION = timedelta(days=30)
"""How long a key signs before the next one is made by itself."""

REFRESH = 5.0
"""Seconds between two looks at the database, each followed by an announcement."""

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""When a key that must not be believed any more is said to have been retired."""

_log = structlog.get_logger(__name__)


class SigningKeys:
    """Fills a :class:`KeyRing` from the database and sees to it that there is a key to sign with.

    A new key is announced for 30 s before it signs. The one before it goes on vouching for what it signed until that is over.
    """

    def __init__(self, repository: SigningKeyRepository, sealer: Sealer, ring: KeyRing, clock: Clock) -> None:
        self._repository = repository
        self._sealer = sealer
        self._ring = ring
        self._clock = clock
        self._lock = asyncio.Lock()

    async def run(self, bus: Bus) -> None:
        """Refresh and announce, for ever."""

        async def once() -> None:
            try:
                await self.refresh()
            finally:
                # Also while the database is away: a bus that lost its data must learn them again.
                if self._ring.keys:
                    await announce(bus, self._ring.keys)

        await every(self._clock, REFRESH, once, name="signing keys")

    async def refresh(self) -> None:
        """Read the keys; make the first one, or the next one where the newest is too old or can't be opened.

        Raises:
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        async with self._lock:
            stored = await self._usable()
            newest = stored[-1] if stored else None
            due = newest is None or newest.key.created_at + ROTATION < utc_now(self._clock)
            if newest is not None and self._private(newest) is None:
                _log.warning("signing_key_not_opened", kid=newest.key.kid, hint="FANLIGHT_SECRET was changed")
                due = True
            if due:
                await self._make(instead_of=newest)
                stored = await self._usable()
            self._fill(stored)

    async def rotate(self, *, at_once: bool = False) -> str:
        """Make a new key and return its name. ``at_once`` because the old ones leaked: nothing they signed is good any more.

        Raises:
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        async with self._lock:
            stored = await self._usable()
            await self._make(instead_of=stored[-1] if stored else None)
            if at_once:
                await self._repository.retire([old.key.kid for old in stored], LONG_AGO)
            stored = await self._usable()
            self._fill(stored)
        return stored[-1].key.kid

    async def current(self) -> Sequence[PublicKey]:
        """Every key that still vouches for something, oldest first. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        return [stored.key for stored in await self._usable()]

    async def _usable(self) -> list[StoredKey]:
        stored = await self._repository.read()
        now = utc_now(self._clock)
        if over := [old.key.kid for old in stored if is_over(old.key, now)]:
            await self._repository.forget(over)
        return [kept for kept in stored if kept.key.kid not in over]

    async def _make(self, *, instead_of: StoredKey | None) -> None:
        # The first key has a name of its own, so that of two nodes that begin together only one makes it.
        kid = "first" if instead_of is None else secrets.token_hex(8)
        private = Ed25519PrivateKey.generate()
        key = PublicKey(kid, private.public_key().public_bytes_raw(), utc_now(self._clock), None)
        sealed = self._sealer.seal(private.private_bytes_raw(), kid)
        if await self._repository.add(StoredKey(key, sealed), instead_of=instead_of.key.kid if instead_of else None):
            _log.info("signing_key_made", kid=kid)

    def _fill(self, stored: Sequence[StoredKey]) -> None:
        chosen = _signing(stored, utc_now(self._clock))
        private = self._private(chosen) if chosen else None
        signing = SigningKey(chosen.key.kid, private) if chosen and private else None
        self._ring.replace((kept.key for kept in stored), signing)

    def _private(self, stored: StoredKey) -> Ed25519PrivateKey | None:
        raw = self._sealer.open(stored.sealed, stored.key.kid)
        try:
            return Ed25519PrivateKey.from_private_bytes(raw) if raw else None
        except (ValueError, UnsupportedAlgorithm):
            return None


def _signing(stored: Sequence[StoredKey], now: datetime) -> StoredKey | None:
    """The newest key everybody knows by now; before there is one, the one known longest."""
    current = [kept for kept in stored if kept.key.retired_at is None or now < kept.key.retired_at + PROPAGATION]
    known = [kept for kept in current if kept.key.created_at + PROPAGATION <= now]
    return next(reversed(known), None) or next(iter(current), None)
