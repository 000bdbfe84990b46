"""Which broadcast runs on a channel, as the bus says."""

from collections import OrderedDict

from storage.bus.messages import BroadcastInfo
from storage.bus.redis import Bus
from storage.bus.topics import broadcast_key
from storage.clock import Clock
from storage.model.broadcast import BroadcastState
from storage.model.errors import Unavailable
from storage.model.ids import BroadcastId, ChannelName

BELIEVED_SECONDS = 2.0
ALONE_SECONDS = 5.0
"""How long the bus is not asked after it did not answer: nobody's message waits for it again and again."""
MOST_REMEMBERED = 5000


class OnAir:
    """Remembers what it was told for two seconds, and for longer while the bus is away."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._known: OrderedDict[ChannelName, tuple[float, BroadcastId | None]] = OrderedDict()
        self._alone_until = 0.0

    async def broadcast(self, channel: ChannelName) -> BroadcastId | None:
        """The one that runs now."""
        now = self._clock.monotonic()
        until, known = self._known.get(channel, (0.0, None))
        if until > now or now < self._alone_until:
            return known
        # Whoever comes meanwhile takes what was known before.
        self._keep(channel, now, known)
        try:
            info = await self._bus.read(broadcast_key(channel), BroadcastInfo)
            known = info.broadcast if info is not None and info.state is not BroadcastState.ENDED else None
        except Unavailable:
            self._alone_until = self._clock.monotonic() + ALONE_SECONDS
        else:
            self._keep(channel, now, known)
        return known

    def _keep(self, channel: ChannelName, now: float, known: BroadcastId | None) -> None:
        self._known[channel] = (now + BELIEVED_SECONDS, known)
        self._known.move_to_end(channel)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
