"""Following a channel: from its register to its broadcast's window, for as long as somebody watches."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from storage.bus.messages import BroadcastInfo, WindowBatch
from storage.bus.redis import Bus
from storage.bus.topics import broadcast_key
from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.model.ids import BroadcastId, ChannelName, NodeId
from web.edge.answers import Answer
from web.edge.audience import TURN, Audience
from web.edge.broadcast import Hot, LiveBroadcast
from web.edge.doors import Doors
from web.edge.gate import Hall
from web.edge.hot import ChannelHot
from web.edge.rendition import RenditionDelivery

LINGER = 30.0
"""Seconds a channel is still followed after its last viewer."""
LOOK = 1.0
"""Seconds between two looks at a channel's register."""
LOST = 3
"""A register missing for this many target durations means that the channel is off the air (section 6.2.2 then asks for 404)."""
FRESH = 0.1
"""Seconds for which a look is good enough where a viewer may know more than we do."""
RETRY = 0.25
BLOBS_AT_ONCE = 32
REPORT = 3.0
"""Seconds between two reports of a channel's viewers."""
FIRST_ENTRY = "0"

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Premises:
    """What all followers of an edge share. ``epoch`` rises when the bus lost its data, so that everything is announced anew."""

    bus: Bus
    clock: Clock
    node: NodeId
    hall: Hall
    hot: Hot
    doors: Doors
    epoch: int = 0
    bus_failures: int = 0
    fetched: int = 0


class Follower:
    """One channel's follower. ``opened`` is set once the first look at the channel is over, whatever it brought.

    ``failure`` is why that look brought nothing, if the bus was to blame.
    """

    def __init__(self, channel: ChannelName, premises: Premises) -> None:
        self.channel = channel
        self.opened = asyncio.Event()
        self.failure: Unavailable | None = None
        self.current: LiveBroadcast | None = None
        self.previous: LiveBroadcast | None = None
        self.audience = Audience()
        self.hot: ChannelHot[RenditionDelivery | Answer] = ChannelHot(premises.hot)
        self._premises = premises
        self._bus = premises.bus
        self._clock = premises.clock
        self._following: asyncio.Task[None] | None = None
        self._hinted = asyncio.Event()
        self._looked: asyncio.Future[None] | None = None
        self._looked_at = premises.clock.monotonic()
        self._ended_at = float("-inf")
        self._seen = self._touched = self._turned = premises.clock.monotonic()
        self._reported = 0.0

    @property
    def broadcast(self) -> LiveBroadcast:
        """The current broadcast of a follower that was found to have one."""
        assert self.current is not None
        return self.current

    def find(self, broadcast: BroadcastId) -> LiveBroadcast | None:
        """The broadcast with this id, if it is the channel's current or the one before it."""
        for candidate in (self.current, self.previous):
            if candidate is not None and candidate.info.broadcast == broadcast:
                return candidate
        return None

    def expire(self, now: float) -> None:
        """End the waits whose deadline is over."""
        for broadcast in (self.current, self.previous):
            if broadcast is not None:
                broadcast.expire(now)

    async def run(self) -> None:
        """Follow until nobody watches or the channel is off the air. Whoever started this then calls :meth:`close`."""
        async with asyncio.TaskGroup() as tasks:
            ticking = tasks.create_task(self._tick(), name=f"looks at {self.channel}")
            # A hint that came during the last look is worth another one.
            while await self._looks(tasks) or self._hinted.is_set():
                await self._hinted.wait()
            ticking.cancel()
            if self._following is not None:
                self._following.cancel()

    def hint(self) -> None:
        """The channel's register may have changed: look now."""
        self._hinted.set()

    async def look_again(self) -> None:
        """Wait for a look at the register that is at most :data:`FRESH` old and younger than the broadcast's end. All who ask share one."""
        if self._looked_at <= self._ended_at or self._clock.monotonic() - self._looked_at > FRESH:
            if self._looked is None:
                self._looked = asyncio.get_running_loop().create_future()
            self.hint()
            await asyncio.shield(self._looked)

    def close(self) -> None:
        """Let go of everything and send whoever waits to look again."""
        self.opened.set()
        _settle(self._looked)
        for broadcast in (self.current, self.previous):
            if broadcast is not None:
                broadcast.close()
        self.current = self.previous = None

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(LOOK)
            self._hinted.set()

    async def _looks(self, tasks: asyncio.TaskGroup) -> bool:
        self._hinted.clear()
        waiting, self._looked = self._looked, None
        began = self._clock.monotonic()
        try:
            return await self._look(tasks)
        finally:
            self._looked_at = began
            _settle(waiting)

    async def _look(self, tasks: asyncio.TaskGroup) -> bool:
        now = self._clock.monotonic()
        try:
            about = await self._premises.doors.learn(self.channel)
            self.hot.open(about is not None and about.visibility.is_open)
            info = await self._bus.read(broadcast_key(self.channel), BroadcastInfo)
        except Unavailable as error:
            if self.current is None:
                self.failure = error
                return False
            # Not knowing is no reason to take anything away.
            self._seen = now
            return self._wanted(now)
        if info is not None:
            self._seen = now
            self._take(info, tasks)
        elif self.current is None or now - self._seen > LOST * self.current.info.target_duration:
            return False
        await self._report(now)
        return self._wanted(now)

    def _take(self, info: BroadcastInfo, tasks: asyncio.TaskGroup) -> None:
        if self.current is not None and self.current.info.broadcast == info.broadcast:
            self.current.update(info)
            return
        if self._following is not None:
            self._following.cancel()
        if self.previous is not None:
            self.previous.close()
        if self.current is not None:
            self.current.retire()
        self.previous = self.current
        self.current = LiveBroadcast(info, self._premises.hall, self.hot, self.audience)
        log.info("edge.follows", channel=self.channel, broadcast=info.broadcast)
        self._following = tasks.create_task(self._follow(self.current), name=f"window {info.broadcast}")

    def _wanted(self, now: float) -> bool:
        if self.audience.touched:
            self.audience.touched, self._touched = False, now
        if now - self._turned >= TURN:
            self.audience.turn()
            self._turned = now
        return now - self._touched <= LINGER

    async def _report(self, now: float) -> None:
        if now - self._reported < REPORT:
            return
        self._reported = now
        try:
            await self._bus.count_viewers(self.channel, self._premises.node, self.audience.count, ttl=3 * REPORT)
        except Unavailable:
            self._premises.bus_failures += 1

    async def _follow(self, broadcast: LiveBroadcast) -> None:
        """Feed a broadcast until it has ended. The whole window is read at first and whenever the bus may have lost something."""
        while not broadcast.window.ended:
            try:
                await self._feed(broadcast)
            except Unavailable:
                self._premises.bus_failures += 1
                self.opened.set()
                await self._clock.sleep(RETRY)

    async def _feed(self, broadcast: LiveBroadcast) -> None:
        epoch = self._premises.epoch
        name = broadcast.info.broadcast
        entries = await self._bus.window(name)
        await self._deliver(broadcast, [batch for _, batch in entries])
        self.opened.set()
        after = entries[-1][0] if entries else FIRST_ENTRY
        async with contextlib.aclosing(self._bus.follow(name, after=after)) as news:
            async for entries in news:
                if entries:
                    await self._deliver(broadcast, [batch for _, batch in entries])
                if broadcast.window.ended or epoch != self._premises.epoch:
                    return

    async def _deliver(self, broadcast: LiveBroadcast, batches: Sequence[WindowBatch]) -> None:
        keys = broadcast.wanted(batches)
        blobs: dict[str, bytes | None] = {}
        for start in range(0, len(keys), BLOBS_AT_ONCE):
            some = keys[start : start + BLOBS_AT_ONCE]
            blobs.update(zip(some, await self._bus.blobs(some), strict=True))
        self._premises.fetched += sum(len(data) for data in blobs.values() if data)
        broadcast.take(batches, blobs)
        if broadcast.window.ended:
            self._ended_at = self._clock.monotonic()


def _settle(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
