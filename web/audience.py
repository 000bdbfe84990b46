"""What this web process's viewers say about their latency, kept in memory and told to the other processes every two seconds."""

from collections import OrderedDict
from statistics import quantiles

from storage.bus.messages import LatencyInfo
from storage.bus.redis import Bus
from storage.bus.topics import latency_key
from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.model.ids import ChannelName, NodeId
from web.metrics import FORGOTTEN, REPORTS

FRESH_SECONDS = 15.0
PLAYERS_PER_CHANNEL = 512
CHANNELS = 256
REPORT_SECONDS = 2.0
REGISTER_TTL = 20.0


class Audience:
    """Bounded: the oldest report goes when a channel has ``PLAYERS_PER_CHANNEL``, the oldest channel when there are ``CHANNELS``."""

    def __init__(self, bus: Bus, clock: Clock, node: NodeId) -> None:
        self._bus = bus
        self._clock = clock
        self._node = node
        self._channels: OrderedDict[ChannelName, OrderedDict[str, tuple[float, int]]] = OrderedDict()

    def heard(self, channel: ChannelName, player: str, latency_ms: int) -> None:
        """Take one player's word."""
        REPORTS.inc()
        players = self._channels.setdefault(channel, OrderedDict())
        players[player] = (self._clock.monotonic(), latency_ms)
        players.move_to_end(player)
        self._channels.move_to_end(channel)
        if len(players) > PLAYERS_PER_CHANNEL:
            players.popitem(last=False)
            FORGOTTEN.inc()
        if len(self._channels) > CHANNELS:
            self._channels.popitem(last=False)
            FORGOTTEN.inc()

    def summary(self, channel: ChannelName) -> LatencyInfo | None:
        """Median and 95th percentile of the fresh reports, or None where there are none."""
        oldest = self._clock.monotonic() - FRESH_SECONDS
        values = sorted(latency for at, latency in self._channels.get(channel, {}).values() if at >= oldest)
        if not values:
            return None
        cuts = quantiles(values, n=20, method="inclusive") if len(values) > 1 else [float(values[0])] * 19
        return LatencyInfo(channel=channel, players=len(values), p50_ms=round(cuts[9]), p95_ms=round(cuts[18]))

    async def run(self) -> None:
        """Tell the other web processes, for ever."""
        while True:
            await self._clock.sleep(REPORT_SECONDS)
            for channel in list(self._channels):
                summary = self.summary(channel)
                if summary is None:
                    del self._channels[channel]
                    continue
                try:
                    await self._bus.register(latency_key(channel, self._node), summary, ttl=REGISTER_TTL)
                except Unavailable:
                    break
