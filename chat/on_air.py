"""Which broadcast runs on a channel, as the bus says."""

from collections.abc import Callable, Collection, Sequence

from storage.bus.messages import BroadcastInfo
from storage.bus.redis import Bus
from storage.bus.topics import broadcast_key
from storage.clock import Clock
from storage.model.broadcast import BroadcastState
from storage.model.errors import Unavailable
from storage.model.ids import BroadcastId, ChannelName
from storage.node import every

ASK_SECONDS = 2.0


class OnAir:
    """Asks every two seconds for all open rooms at once; while the bus is away, what was known is believed."""

    def __init__(self, bus: Bus, clock: Clock, channels: Callable[[], Collection[ChannelName]]) -> None:
        self._bus = bus
        self._clock = clock
        self._channels = channels
        self._known: dict[ChannelName, BroadcastId | None] = {}

    def broadcast(self, channel: ChannelName) -> BroadcastId | None:
        """The one that runs now on an open room's channel."""
        return self._known.get(channel)

    async def learn(self, channel: ChannelName) -> None:
        """Ask now, for a room that has just been opened."""
        if channel not in self._known:
            try:
                self._known |= await self._ask([channel])
            except Unavailable:
                return

    async def run(self) -> None:
        """Ask, for ever."""
        await every(self._clock, ASK_SECONDS, self.ask, name="broadcasts of rooms")

    async def ask(self) -> None:
        """Ask for all. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        self._known = await self._ask(list(self._channels()))

    async def _ask(self, channels: list[ChannelName]) -> dict[ChannelName, BroadcastId | None]:
        return await running(self._bus, channels)


async def running(bus: Bus, channels: Sequence[ChannelName]) -> dict[ChannelName, BroadcastId | None]:
    """The broadcasts that run now on channels. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
    found = await bus.read_several([broadcast_key(channel) for channel in channels], BroadcastInfo)
    return {channel: _running(info) for channel, info in zip(channels, found, strict=True)}


def _running(info: BroadcastInfo | None) -> BroadcastId | None:
    return info.broadcast if info is not None and info.state is not BroadcastState.ENDED else None
