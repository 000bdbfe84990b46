"""The other nodes' side of the keys: they hear the public halves over the bus and never ask the database."""

from collections.abc import Iterable
from datetime import UTC, datetime

from storage.bus.messages import KeyInfo, KeysInfo
from storage.bus.redis import Bus
from storage.bus.topics import SIGNING_KEYS
from storage.clock import Clock
from storage.key_ring import KeyRing
from storage.model.token import PublicKey
from storage.node import every

REFRESH = 5.0
"""Seconds between two looks."""

_LIFE = 86_400.0


class AnnouncedKeys:
    """Fills a :class:`KeyRing` from the bus. While the bus is away, or has lost its data, what was heard before goes on counting."""

    def __init__(self, bus: Bus, ring: KeyRing, clock: Clock) -> None:
        self._bus = bus
        self._ring = ring
        self._clock = clock

    async def run(self) -> None:
        """Keep listening."""
        await every(self._clock, REFRESH, self.refresh, name="announced keys")

    async def refresh(self) -> None:
        """Look once. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        heard = await self._bus.read(SIGNING_KEYS, KeysInfo)
        if heard is not None:
            self._ring.replace(PublicKey(key.kid, key.public, _moment(key.created_ms), _retired(key)) for key in heard.keys)


async def announce(bus: Bus, keys: Iterable[PublicKey]) -> None:
    """Tell every node. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
    told = (
        KeyInfo(kid=key.kid, public=key.public, created_ms=_ms(key.created_at), retired_ms=_ms(key.retired_at) if key.retired_at else None)
        for key in keys
    )
    await bus.register(SIGNING_KEYS, KeysInfo(keys=tuple(told)), ttl=_LIFE)


def _retired(key: KeyInfo) -> datetime | None:
    return None if key.retired_ms is None else _moment(key.retired_ms)


def _moment(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
