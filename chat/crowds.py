"""Newcomers of rooms, counted over all nodes, and by this node alone while the bus is away: too many within a minute are a raid."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

import structlog

from chat.raid import WINDOW, RaidDetector, raised_for
from chat.room import Room
from storage.bus.newcomers import CameIn, Crowd, Newcomers
from storage.clock import Clock
from storage.model.channel import Channel
from storage.model.errors import NotFound, Unavailable
from storage.model.ids import AccountId, ChannelId

MOST_ROOMS = 5000
"""Rooms whose newcomers are counted; beyond that the one nobody came to for longest begins anew."""
ROOMS_AT_ONCE = 50
MOST_TOLD = 1000
"""Newcomers of a room told at once."""
GATHERED_SECONDS = 0.1
"""The bus is asked at most so often; the first newcomer after a pause does not wait."""

Raise = Callable[[Channel, float], Awaitable[None]]
"""Raises the shield of a channel for so many seconds."""

_log = structlog.get_logger("chat")


class Crowds:
    """One for each node."""

    def __init__(self, newcomers: Newcomers, clock: Clock, raise_shield: Raise) -> None:
        self._newcomers = newcomers
        self._clock = clock
        self._raise = raise_shield
        self._detectors: OrderedDict[ChannelId, RaidDetector] = OrderedDict()
        self._untold: dict[ChannelId, Room] = {}
        self._wake = asyncio.Event()

    def came(self, room: Room, account: AccountId) -> None:
        """A newcomer came into a room."""
        channel = room.channel.id
        detector = self._detectors.setdefault(channel, RaidDetector())
        self._detectors.move_to_end(channel)
        if len(self._detectors) > MOST_ROOMS:
            forgotten, _ = self._detectors.popitem(last=False)
            self._untold.pop(forgotten, None)
        detector.came(account, self._clock.monotonic())
        self._tell(room)

    def calm(self, room: Room) -> None:
        """A shield came down: only those who come from now on count."""
        detector = self._detectors.get(room.channel.id)
        if detector is not None:
            detector.lowered(self._clock.monotonic())
            self._tell(room)

    def _tell(self, room: Room) -> None:
        if room.settings.raid.joins:
            self._untold[room.channel.id] = room
            self._wake.set()

    async def run(self) -> None:
        """Count, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._untold:
                rooms = [self._untold.pop(channel) for channel in list(self._untold)[:ROOMS_AT_ONCE]]
                await self._count(rooms)
                await self._clock.sleep(GATHERED_SECONDS)

    async def _count(self, rooms: Sequence[Room]) -> None:
        now = self._clock.monotonic()
        told = [self._came_in(room, now) for room in rooms]
        try:
            crowds: Sequence[Crowd | None] = await self._newcomers.count(told, window=WINDOW)
        except Unavailable:
            # What is not told now is told with the next newcomer.
            crowds = [None] * len(rooms)
        for room, said, crowd in zip(rooms, told, crowds, strict=True):
            detector = self._detectors.get(room.channel.id)
            if detector is not None:
                if crowd is not None:
                    detector.told(said.ages)
                await self._judge(room, detector, crowd)
                if crowd is not None and detector.untold(now, 1):
                    self._tell(room)

    def _came_in(self, room: Room, now: float) -> CameIn:
        detector, raid = self._detectors[room.channel.id], room.settings.raid
        calm = None if detector.lowered_at is None else now - detector.lowered_at
        return CameIn(room.channel.id, detector.untold(now, MOST_TOLD), raid.joins, raised_for(raid) / 2, calm)

    async def _judge(self, room: Room, detector: RaidDetector, crowd: Crowd | None) -> None:
        now, raid = self._clock.monotonic(), room.settings.raid
        seconds = detector.crowd(now, raid) if crowd is None else raised_for(raid) if crowd.new else None
        if seconds is None or not raid.joins:
            return
        try:
            await self._raise(room.channel, seconds)
        except (NotFound, Unavailable) as error:
            _log.warning("raid_not_stopped", reason=error.code)
            if crowd is not None:
                await self._take_back(room.channel.id)
        else:
            detector.raised(now + seconds)

    async def _take_back(self, channel: ChannelId) -> None:
        try:
            await self._newcomers.take_back(channel)
        except Unavailable:
            # Neither the database nor the bus: this node's own count goes on.
            return
