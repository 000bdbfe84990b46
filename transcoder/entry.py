"""What others are told of a broadcast: its entry in the register, renewed every second and whenever it changes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import msgspec
import structlog

from storage.bus.messages import BroadcastInfo, ChannelInfo
from storage.bus.redis import Bus
from storage.bus.topics import broadcast_key, channel_key
from storage.clock import Clock
from storage.model.broadcast import BroadcastState, advance
from storage.model.errors import Unavailable
from transcoder.archive import Archive
from transcoder.packager import Packager

REGISTER_EVERY = 1.0
REGISTER_TTL = 30.0
ENDED_TTL = 60.0
"""Seconds viewers are told that a broadcast is over."""
_TRY_AGAIN = 0.2
_log = structlog.get_logger(__name__)


class Entry:
    """One broadcast's entry. The archive's playlists say what it says. ``turned`` is called when its channel is closed or opened."""

    def __init__(
        self, bus: Bus, clock: Clock, info: BroadcastInfo, *, packager: Packager, archive: Archive, turned: Callable[[], None]
    ) -> None:
        self.info = info
        self._bus = bus
        self._clock = clock
        self._packager = packager
        self._archive = archive
        self._turned = turned
        self._changed = asyncio.Event()
        self._registered = False

    @property
    def state(self) -> BroadcastState:
        """How the broadcast stands."""
        return self.info.state

    def set_state(self, state: BroadcastState) -> None:
        """How the broadcast stands now; told at once."""
        if state is not self.info.state:
            self.info = msgspec.structs.replace(self.info, state=advance(self.info.state, state))
            self._changed.set()
            _log.info("broadcast_state", state=state)

    def show(self, poster: str) -> None:
        """The key of the newest still; told with what comes next."""
        self.info = msgspec.structs.replace(self.info, poster=poster)

    async def run(self) -> None:
        """Keep the entry true until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(REGISTER_EVERY):
                    await self._changed.wait()
            changed = self._changed.is_set()
            self._changed.clear()
            try:
                await self._register()
                if changed:
                    await self._bus.announce_change(self.info.channel)
            except Unavailable:
                await self._clock.sleep(_TRY_AGAIN)

    async def end(self, reason: str) -> None:
        """The last word: the broadcast is over. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        if not self._registered:
            return
        self.info = msgspec.structs.replace(self.info, renditions=self._packager.renditions, end_reason=reason)
        self._archive.describe(self.info)
        self.set_state(BroadcastState.ENDED)
        await self._bus.register(broadcast_key(self.info.channel), self.info, ttl=ENDED_TTL)
        await self._bus.announce_change(self.info.channel)

    async def withdraw(self) -> None:
        """There was never anything to show. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        if not self._registered:
            return
        await self._bus.forget(broadcast_key(self.info.channel))
        await self._bus.announce_change(self.info.channel)

    async def _register(self) -> None:
        self.info = msgspec.structs.replace(self.info, renditions=self._packager.renditions, lane=str(self._packager.lane))
        about = await self._bus.read(channel_key(self.info.channel), ChannelInfo)
        if about is not None:
            self._see(about)
        self._archive.describe(self.info)
        await self._bus.register(broadcast_key(self.info.channel), self.info, ttl=REGISTER_TTL)
        self._registered = True

    def _see(self, about: ChannelInfo) -> None:
        is_open = about.visibility.is_open
        if self.info.is_open is None:
            self.info = msgspec.structs.replace(self.info, is_open=is_open)
        elif self.info.is_open is not is_open:
            self._turned()
