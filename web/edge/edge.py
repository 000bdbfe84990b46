"""One edge process: whom it follows and what it keeps."""

import structlog

from storage.bus.messages import BroadcastInfo
from storage.bus.redis import Bus
from storage.bus.topics import broadcast_key
from storage.clock import Clock
from storage.model.errors import ErrorCode, NotFound, Unavailable
from storage.model.ids import ChannelName, NodeId
from storage.node import Tasks, every
from storage.objects.store import ObjectStore
from storage.tokens import Tokens
from web.edge.broadcast import Hot
from web.edge.cache import ObjectCache
from web.edge.doors import Doors
from web.edge.follower import Follower, Premises
from web.edge.gate import Hall, Left

MOST_WAITING = 20_000
"""Requests held at the same time per process, 4 to 6 KiB each beside their connections."""
MOST_CHANNELS = 1_000
"""Channels followed at the same time per process."""
MOST_REMEMBERED = 10_000
OFFLINE = 1.0
"""Seconds for which a channel found to be off the air is not looked up again."""
POSTER = 2.0
"""Seconds for which what a channel's register said is good enough for its poster."""
SWEEP = 0.5
HINTS = 5.0
"""Seconds without a hint after which the connection that brings them is looked at."""

log = structlog.get_logger()


class Edge:
    """Followers by channel, started by the first viewer who asks, and the caches all of them share. ``tasks`` own what runs."""

    def __init__(
        self,
        *,
        bus: Bus,
        objects: ObjectStore,
        tokens: Tokens,
        clock: Clock,
        node: NodeId,
        tasks: Tasks,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self.hot: Hot = {}
        self.hall = Hall(limit=most_waiting)
        self.doors = Doors(bus, tokens, clock)
        self.premises = Premises(bus=bus, clock=clock, node=node, hall=self.hall, hot=self.hot, doors=self.doors)
        self.followers: dict[ChannelName, Follower] = {}
        self.objects = ObjectCache(objects, lambda read: tasks.start("object", read))
        self.follower_failures = 0
        self._tasks = tasks
        self._clock = clock
        self._offline: dict[ChannelName, float] = {}
        self._described: dict[ChannelName, tuple[float, BroadcastInfo | None]] = {}
        tasks.start("hints", self._hear())
        tasks.start("deadlines", every(clock, SWEEP, self._sweep, name="deadlines"))

    @property
    def bus(self) -> Bus:
        """The bus this edge listens to."""
        return self.premises.bus

    @property
    def clock(self) -> Clock:
        """The clock deadlines are measured on."""
        return self._clock

    def following(self, channel: ChannelName) -> Follower | None:
        """The follower of a channel that has a broadcast, if there is one already."""
        follower = self.followers.get(channel)
        return follower if follower is not None and follower.current is not None and follower.opened.is_set() else None

    async def follow(self, channel: ChannelName) -> Follower:
        """The follower of a channel that has a broadcast; ``current`` is set.

        Raises:
            NotFound: ``CHANNEL_NOT_FOUND``; it is off the air.
            Unavailable: ``BUS_UNAVAILABLE``, or ``EDGE_FULL`` while too many channels are followed.
        """
        follower = self.followers.get(channel) or self._start(channel)
        follower.audience.touched = True
        if not follower.opened.is_set():
            await follower.opened.wait()
        if follower.current is None:
            raise follower.failure or _off_the_air()
        return follower

    async def describe(self, channel: ChannelName) -> BroadcastInfo | None:
        """What a channel's register says, without following the channel; at most two seconds old. Raises ``Unavailable``."""
        follower = self.followers.get(channel)
        if follower is not None and follower.current is not None:
            return follower.current.info
        now = self._clock.monotonic()
        until, info = self._described.get(channel, (0.0, None))
        if until <= now:
            info = await self.bus.read(broadcast_key(channel), BroadcastInfo)
            if len(self._described) >= MOST_REMEMBERED:
                self._described.clear()
            self._described[channel] = (now + POSTER, info)
        return info

    async def announced_anew(self) -> None:
        """The bus lost its data: every window is to be read again."""
        self.premises.epoch += 1

    def close(self) -> None:
        """Send whoever waits away."""
        for follower in tuple(self.followers.values()):
            for broadcast in (follower.current, follower.previous):
                if broadcast is not None:
                    broadcast.dismiss(Left.LATE)

    def _start(self, channel: ChannelName) -> Follower:
        if self._offline.get(channel, 0.0) > self._clock.monotonic():
            raise _off_the_air()
        if len(self.followers) >= MOST_CHANNELS:
            raise Unavailable(ErrorCode.EDGE_FULL, "This edge follows as many channels as it can.")
        follower = self.followers[channel] = Follower(channel, self.premises)
        self._tasks.start(f"channel {channel}", self._run(follower))
        return follower

    async def _run(self, follower: Follower) -> None:
        try:
            await follower.run()
        except Exception:
            # One channel's trouble is not another's; the next viewer starts anew.
            self.follower_failures += 1
            log.exception("edge.follower_failed", channel=follower.channel)
        finally:
            del self.followers[follower.channel]
            if follower.current is None and follower.failure is None:
                if len(self._offline) >= MOST_REMEMBERED:
                    self._offline.clear()
                self._offline[follower.channel] = self._clock.monotonic() + OFFLINE
            follower.close()

    async def _hear(self) -> None:
        """A channel's register may have changed: what is known of it from before is worth nothing."""
        async with self.bus.changes(poll=HINTS) as changes:
            async for channel in changes:
                if channel is None:
                    # Followers look by themselves; there may have been hints that nobody heard.
                    continue
                self.doors.doubt(channel)
                self._offline.pop(channel, None)
                self._described.pop(channel, None)
                if follower := self.followers.get(channel):
                    follower.hint()

    async def _sweep(self) -> None:
        now = self._clock.monotonic()
        for follower in self.followers.values():
            follower.expire(now)


def _off_the_air() -> NotFound:
    return NotFound(ErrorCode.CHANNEL_NOT_FOUND, "This channel is not live.")
