"""The bans newcomers are compared with: read once for each state of a room, since a crowd of newcomers comes at once."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from chat.evasion import Banned, network_digest
from storage.clock import Clock
from storage.model.ids import ChannelId
from storage.opening import Storage

BANS_COMPARED = 300
"""The newest bans of a channel."""
MOST_CHANNELS = 200
BELIEVED_SECONDS = 60.0
"""Bans run out, and accounts move, without a new version of the room."""


@dataclass(frozen=True, slots=True)
class _Read:
    version: int
    at: float
    bans: Sequence[Banned]


class KnownBans:
    """Of all rooms of a node. ``secret`` makes digests of networks."""

    def __init__(self, storage: Storage, clock: Clock, secret: bytes) -> None:
        self._storage = storage
        self._clock = clock
        self._secret = secret
        self._read: OrderedDict[ChannelId, _Read] = OrderedDict()

    async def of(self, channel: ChannelId, version: int) -> Sequence[Banned]:
        """A channel's bans, no older than the room's ``version``. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        now = self._clock.monotonic()
        known = self._read.get(channel)
        if known is None or known.version < version or now - known.at > BELIEVED_SECONDS:
            found = await self._storage.bans.newest(channel, limit=BANS_COMPARED)
            bans = [Banned(one.account_name, one.created_at, network_digest(self._secret, channel, one.address)) for one in found]
            known = self._read[channel] = _Read(version, now, bans)
        self._read.move_to_end(channel)
        if len(self._read) > MOST_CHANNELS:
            self._read.popitem(last=False)
        return known.bans
