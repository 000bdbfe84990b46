"""The rooms of a node at work: they hear of what happens, tell their sockets, and notice by themselves what they were not told."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog

from chat.background import Background
from chat.classifier import Classifier
from chat.command import Commands
from chat.entrance import Entrance
from chat.mentions import Mentions, mentions_in
from chat.metrics import FAILURES, HINTS_LOST
from chat.on_air import OnAir
from chat.polls import Polls
from chat.posting import Poster
from chat.presence import TICK, RoomPresence
from chat.protocol import ClientFrame
from chat.registry import Registry
from chat.requests import Requests
from chat.room import Room
from chat.sockets import Socket
from chat.watch import Watch
from storage.bus.rooms import RoomHints
from storage.chat.events import Event, MentionHint, ModesChanged, Restored, RoomHint, StandingChanged
from storage.clock import Clock
from storage.database.chat_log import MOST_AT_ONCE
from storage.model.errors import ErrorCode, Unavailable
from storage.model.ids import ChannelId, NodeId
from storage.node import Tasks, every
from storage.opening import Storage
from storage.rate_limits import RateLimits

LOOK_SECONDS = 1.0
"""How often the database is asked where the rooms are: what a hint did not tell is known within this."""
EAGER_SECONDS = 0.25
"""The same while no hints are heard."""
REFUSED_SECONDS = 2.0
"""How often it is looked whether those who can't write may by now."""
HOLE_SECONDS = 0.03
"""How long a hole may last before the log is read: the hint that closes it is usually on its way."""
FLUSHED_TOGETHER = 0.01
"""Seconds a room that may be told again waits for others: hundreds of them are not gone through for each one."""
RELEASE_SECONDS = 0.5
PRUNE_SECONDS = 60.0
PRUNE_PAUSE = 0.5
ALONE_SECONDS = 1.0
"""How long a room that no other node heard of is told to none."""
MOST_TOLD = 500
"""Hints told at once."""
MOST_HINTS = 5000
"""Hints that may wait to be told; further ones are dropped, and read from the log by who misses them."""

_log = structlog.get_logger("chat")


class Rooms:
    """Implements :class:`chat.sockets.Frames`."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        node: NodeId,
        *,
        hints: RoomHints,
        rates: RateLimits,
        commands: Commands,
        watch: Watch,
        classifier: Classifier,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._hints = hints
        self._background = Background()
        self._dirty: dict[ChannelId, Room] = {}
        self._wake = asyncio.Event()
        self._untold: deque[RoomHint] = deque()
        self._tell = asyncio.Event()
        self._look_at = 0.0
        self._registry = Registry(storage, clock, happened=self._happened, renewed=self._renewed, begun=self._begun)
        self._presence = RoomPresence(storage.bus, clock, node)
        self._on_air = on_air = OnAir(storage.bus, clock, lambda: [room.channel.name for room in self._registry.rooms()])
        self._entrance = Entrance(
            storage, self._registry, presence=self._presence, on_air=on_air, hints=hints, arrived=watch.came, clock=clock
        )
        self._watch = watch
        self._mentions = Mentions(storage, self._entrance, clock)
        self._polls = Polls(storage, clock)
        self._poster = Poster(storage, self._registry, clock, classifier=classifier, told=self.told)
        self._requests = Requests(
            storage,
            clock,
            registry=self._registry,
            entrance=self._entrance,
            poster=self._poster,
            polls=self._polls,
            on_air=on_air,
            rates=rates,
            commands=commands,
            told=self.told,
        )

    async def run(self) -> None:
        """Work, until cancelled."""
        async with Tasks("rooms") as tasks:
            self._background.tasks = tasks
            for name, work in (
                ("hear", self._hear),
                ("flush", self._flush),
                ("tell", self._tell_others),
                ("post", self._poster.run),
                ("polls", self._polls.run),
                ("presence", self._count),
                ("mentions", self._mentions.run),
                ("on air", self._on_air.run),
                ("watch", self._watch.run),
            ):
                tasks.start(name, self._kept(name, work))
            tasks.start("look", every(self._clock, EAGER_SECONDS, self._look, name="rooms"))
            tasks.start("refused", every(self._clock, REFUSED_SECONDS, self._entrance.recheck_refused, name="who may not write"))
            tasks.start("release", every(self._clock, RELEASE_SECONDS, self._release, name="delayed messages"))
            tasks.start("prune", every(self._clock, PRUNE_SECONDS, self._prune, name="old events"))
            await asyncio.Event().wait()

    # What the sockets' shell calls.

    async def received(self, socket: Socket, frame: ClientFrame) -> None:
        """See :class:`chat.sockets.Frames`."""
        self._mentions.came(socket)
        await self._requests.do(socket, frame)

    async def changed(self, socket: Socket) -> None:
        """See :class:`chat.sockets.Frames`."""
        for room in tuple(self._entrance.rooms_of(socket)):
            account = socket.actor.account
            if account is not None:
                room.people.forget(account.id)
            listener = room.listeners.get(socket.identifier)
            if listener is not None:
                await self._entrance.recheck(room, [listener])

    def closed(self, socket: Socket) -> None:
        """See :class:`chat.sockets.Frames`."""
        self._entrance.closed(socket)
        self._mentions.gone(socket)

    # What happens.

    async def told(self, hint: RoomHint) -> None:
        """Something was committed here: it happens here at once, and elsewhere soon."""
        self._take(hint)
        if len(self._untold) >= MOST_HINTS:
            self._untold.popleft()
            HINTS_LOST.inc()
        self._untold.append(hint)
        self._tell.set()

    def _take(self, hint: RoomHint) -> None:
        room = self._registry.hear(hint)
        if room is None:
            return
        if room.log.has_hole and not room.catching_up.locked():
            self._background.start("catch up", self._close_hole(room))
        if room.stale:
            self._background.start("renew", self._registry.renew(room))

    async def _close_hole(self, room: Room) -> None:
        await self._clock.sleep(HOLE_SECONDS)
        if room.log.has_hole:
            await self._registry.catch_up(room, room.log.seq + 1)

    def _happened(self, room: Room, happened: Sequence[Event]) -> None:
        # Whoever waits already for its time needs not be told again.
        if self._dirty.get(room.channel.id) is not room:
            self._dirty[room.channel.id] = room
            self._wake.set()
        if any(isinstance(event, StandingChanged | ModesChanged) for event in happened):
            room.outdate()
            self._background.start("renew", self._registry.renew(room))
        if any(isinstance(event, ModesChanged) and not event.shield for event in happened):
            self._watch.calm(room)
        if any(isinstance(event, Restored) for event in happened):
            room.tail_stale = True
            self._background.start("reread", self._registry.reread(room))

    async def _renewed(self, room: Room) -> None:
        await self._entrance.recheck(room, list(room.listeners.values()))

    def _begun(self, room: Room) -> None:
        """Its log is another now: everybody comes in anew."""
        for listener in tuple(room.listeners.values()):
            self._entrance.put_out(listener, room, ErrorCode.NOT_JOINED, "The room began anew. Join again.")
        self._background.start("close", self._registry.close(room, self._hints))

    # What goes on all the time.

    async def _look(self) -> None:
        now = self._clock.monotonic()
        if now >= self._look_at or not self._hints.is_listening:
            self._look_at = now + LOOK_SECONDS - EAGER_SECONDS / 2
            await self._registry.look()

    async def _hear(self) -> None:
        async for hint in self._hints:
            if isinstance(hint, RoomHint):
                self._take(hint)
            elif isinstance(hint, MentionHint):
                self._mentions.heard(hint)

    async def _flush(self) -> None:
        while True:
            now = self._clock.monotonic()
            for channel, room in tuple(self._dirty.items()):
                if room.flush_at <= now:
                    del self._dirty[channel]
                    room.flush(now)
            soonest = min((room.flush_at for room in self._dirty.values()), default=None)
            try:
                # A room that was told nothing lately does not wait for those that were.
                async with asyncio.timeout(None if soonest is None else max(FLUSHED_TOGETHER, soonest - self._clock.monotonic())):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    async def _tell_others(self) -> None:
        while True:
            await self._tell.wait()
            self._tell.clear()
            while self._untold:
                hints = [self._untold.popleft() for _ in range(min(MOST_TOLD, len(self._untold)))]
                try:
                    await self._tell_rooms(hints)
                    await self._storage.bus.tell_mentions([mention for hint in hints for mention in self._mentions_in(hint)])
                except Unavailable:
                    HINTS_LOST.inc(len(hints))

    async def _tell_rooms(self, hints: Sequence[RoomHint]) -> None:
        await self._look_for_others({hint.channel for hint in hints})
        heard_elsewhere = [hint for hint in hints if not self._is_alone(ChannelId(hint.channel))]
        if heard_elsewhere:
            heard = await self._storage.bus.tell_rooms(heard_elsewhere)
            for hint, count in zip(heard_elsewhere, heard, strict=True):
                self._heard(ChannelId(hint.channel), count)

    async def _look_for_others(self, channels: Collection[str]) -> None:
        """Rooms that were alone a while ago: telling them would bring back here what is known here."""
        now = self._clock.monotonic()
        rooms = [room for channel in channels if (room := self._registry.get(ChannelId(channel))) and 0 < room.alone_until <= now]
        if rooms:
            counts = await self._storage.bus.listening([room.channel.id for room in rooms])
            for room, count in zip(rooms, counts, strict=True):
                self._heard(room.channel.id, count)

    def _heard(self, channel: ChannelId, nodes: int) -> None:
        room = self._registry.get(channel)
        if room is not None:
            # The one node that listens is this one, unless it does not.
            alone = nodes <= 1 and self._hints.is_listening
            if room.alone_until and not alone:
                self._presence.came(room)
            room.alone_until = self._clock.monotonic() + ALONE_SECONDS if alone else 0.0

    def _is_alone(self, channel: ChannelId) -> bool:
        """Whether no other node listened a moment ago: one that came since looks into the log by itself."""
        room = self._registry.get(channel)
        return room is not None and self._clock.monotonic() < room.alone_until

    def _mentions_in(self, hint: RoomHint) -> Sequence[MentionHint]:
        room = self._registry.get(ChannelId(hint.channel))
        return mentions_in(room.channel.name, hint) if room is not None else ()

    async def _release(self) -> None:
        for channel in await self._storage.posts.due():
            hint = await self._storage.posts.release(channel)
            if hint is not None:
                await self.told(hint)

    async def _prune(self) -> None:
        # Each time a little: nobody's message waits for it.
        while await self._storage.chat_log.prune() == MOST_AT_ONCE:
            await self._clock.sleep(PRUNE_PAUSE)

    async def _count(self) -> None:
        while True:
            await self._clock.sleep(TICK)
            now = self._clock.monotonic()
            await self._presence.refresh([room for room in self._registry.rooms() if self._presence.is_due(room, now)])
            for room in self._registry.rooms():
                if not room.listeners:
                    await self._registry.close(room, self._hints)
                    self._presence.forget(room)

    async def _kept(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run for ever: a defect in one part must not leave a node behind that looks well and tells nothing."""
        while True:
            try:
                await work()
            except Exception:
                FAILURES.inc()
                _log.exception("rooms_failed", part=name)
                await self._clock.sleep(0.5)
