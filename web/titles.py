"""Channels' titles, remembered for a few seconds: pages ask far more often than titles change."""

from collections import OrderedDict

from storage.clock import Clock
from storage.database.channels import ChannelRepository
from storage.model.errors import NotFound
from storage.model.ids import ChannelName

KEPT_SECONDS = 10.0
KEPT = 4096


class Titles:
    """A bounded memory in front of the database, the oldest entry goes first. Channels that do not exist are remembered too."""

    def __init__(self, channels: ChannelRepository, clock: Clock) -> None:
        self._channels = channels
        self._clock = clock
        self._known: OrderedDict[ChannelName, tuple[float, str | NotFound]] = OrderedDict()

    async def of(self, channel: ChannelName) -> str:
        """The channel's title.

        Raises:
            NotFound: ``CHANNEL_NOT_FOUND``.
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        known = self._known.get(channel)
        if known is None or self._clock.monotonic() - known[0] > KEPT_SECONDS:
            try:
                found: str | NotFound = (await self._channels.get(channel)).title
            except NotFound as missing:
                found = missing
            known = (self._clock.monotonic(), found)
            self._known[channel] = known
            self._known.move_to_end(channel)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        if isinstance(known[1], NotFound):
            raise NotFound(known[1].code, known[1].detail)
        return known[1]
