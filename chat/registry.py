"""The rooms of this node: opened when somebody comes, kept up with the log, forgotten when nobody is left."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial

from chat.message_tail import MOST_KEPT, MessageTail
from chat.metrics import HOLES
from chat.own import NOTHING_OWN, Own, OwnActs
from chat.people import BELIEVED_SECONDS
from chat.room import Room
from chat.room_log import MOST_KEPT as LOG_KEPT
from chat.rules import filters
from chat.terms import Term
from storage.bus.rooms import RoomHints
from storage.chat.events import Event, Message, RoomHint, decoded
from storage.clock import Clock
from storage.database.chat_log import MOST_AT_ONCE, RoomRow
from storage.database.chat_members import MOST_TOGETHER, Participant
from storage.model.channel import Channel
from storage.model.errors import FanlightError, NotFound
from storage.model.ids import AccountId, ChannelId
from storage.opening import Storage
from storage.together import Together

Happened = Callable[[Room, Sequence[Event]], None]
Renewed = Callable[[Room], Awaitable[None]]
Begun = Callable[[Room], None]


class Registry:
    """The rooms somebody of this node is in.

    ``happened`` is called with events that were applied, ``renewed`` when what may be done in a room changed, ``begun`` when its log
    began anew.
    """

    def __init__(self, storage: Storage, clock: Clock, *, happened: Happened, renewed: Renewed, begun: Begun) -> None:
        self._storage = storage
        self._clock = clock
        self._happened = happened
        self._renewed = renewed
        self._begun = begun
        self._rooms: dict[ChannelId, Room] = {}
        self._named: dict[str, Room] = {}
        self._people: dict[ChannelId, Together[AccountId, Participant]] = {}
        self._own: dict[ChannelId, OwnActs] = {}
        self._locks: dict[ChannelId, asyncio.Lock] = {}

    def get(self, channel: ChannelId) -> Room | None:
        """A room that is open here."""
        return self._rooms.get(channel)

    def named(self, name: str) -> Room | None:
        """The open room of a channel of that name."""
        return self._named.get(name)

    def rooms(self) -> Collection[Room]:
        """All of them."""
        return tuple(self._rooms.values())

    async def open(self, channel: Channel, hints: RoomHints | None = None) -> Room:
        """A room, for whoever comes in; its hints are heard from before it is read.

        Raises:
            NotFound: ``CHANNEL_NOT_FOUND``.
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        room = self._rooms.get(channel.id)
        if room is not None:
            return room
        async with self._locks.setdefault(channel.id, asyncio.Lock()):
            room = self._rooms.get(channel.id)
            if room is None:
                if hints is not None:
                    await hints.want(channel.id)
                try:
                    room = await self._read(channel)
                except BaseException:
                    if hints is not None:
                        await hints.unwant(channel.id)
                    raise
                self._rooms[channel.id] = self._named[room.channel.name] = room
                self._people[channel.id] = Together(partial(self._storage.members.of, channel.id))
                self._own[channel.id] = OwnActs(self._storage, room)
        return room

    async def close(self, room: Room, hints: RoomHints | None = None) -> None:
        """Forget a room nobody is in."""
        if room.listeners or room.coming or self._rooms.get(room.channel.id) is not room:
            return
        del self._rooms[room.channel.id]
        del self._people[room.channel.id]
        del self._own[room.channel.id]
        if self._named.get(room.channel.name) is room:
            del self._named[room.channel.name]
        self._locks.pop(room.channel.id, None)
        if hints is not None:
            await hints.unwant(room.channel.id)

    def hear(self, hint: RoomHint) -> Room | None:
        """Take a hint; returns its room if somebody of this node is in it. Whether it has a hole or is stale then is for the caller."""
        room = self._rooms.get(ChannelId(hint.channel))
        if room is None or room.log.epoch != hint.epoch:
            return None
        if hint.version > room.version:
            room.outdate()
        self._took(room, room.hear(hint.events))
        return room

    async def look(self) -> None:
        """Ask the database where all rooms are, and catch up with it. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        channels = list(self._rooms)
        for start in range(0, len(channels), MOST_TOGETHER):
            asked = {room: room.log.seq for one in channels[start : start + MOST_TOGETHER] if (room := self._rooms.get(one)) is not None}
            rows = await self._storage.chat_log.rooms([room.channel.id for room in asked])
            for room, seq in asked.items():
                if self._rooms.get(room.channel.id) is room:
                    await self._compare(room, seq, rows.get(room.channel.id))

    async def _compare(self, room: Room, seq: int, row: RoomRow | None) -> None:
        """Compare with a row that was read when the room was already at ``seq``."""
        if row is None or row.epoch != room.log.epoch or row.seq < seq:
            # The channel is gone, or the database is one of long ago.
            self._begun(room)
            return
        if row.seq > room.log.seq:
            await self.catch_up(room, row.seq)
            if row.seq > room.log.seq:
                # All of it is forgotten already.
                HOLES.inc()
                self._begun(room)
                return
        if row.version != room.version or room.stale:
            await self.renew(room)

    async def catch_up(self, room: Room, upto: int) -> None:
        """Read from the log what happened up to a number, unless it is known by then. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        async with room.catching_up:
            while room.log.seq < upto:
                before = room.log.seq
                events = await self._storage.chat_log.since(room.channel.id, before)
                self._took(room, room.hear(events))
                if events and room.log.seq < events[0].seq - 1:
                    # Older ones are forgotten already: nobody can be told what happened.
                    HOLES.inc()
                    self._begun(room)
                    return
                if len(events) < MOST_AT_ONCE:
                    return

    async def renew(self, room: Room) -> None:
        """Ask anew what may be done in a room. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        channel = room.channel.id
        async with self._locks.setdefault(channel, asyncio.Lock()):
            # The version first: what changes meanwhile has a newer one.
            changes = room.changes
            row = (await self._storage.chat_log.rooms([channel])).get(channel)
            if row is not None and row.version == room.version and not room.stale:
                return
            try:
                now = await self._storage.channels.by_id(channel)
            except NotFound:
                row = None
            if row is None or now.name != room.channel.name:
                # Who is in it knows it by a name it has no more.
                self._begun(room)
                return
            await self._fill(room, now, row, changes=changes)
        await self._renewed(room)

    async def freshen(self, room: Room) -> None:
        """Renew a room that is known to be stale. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        if room.stale:
            await self.renew(room)

    async def reread(self, room: Room) -> None:
        """Read the newest messages anew where some have come back. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        async with room.rereading:
            while room.tail_stale:
                known, room.tail_stale = room.log.seq, False
                try:
                    tail = await self._tail(room.channel.id)
                except BaseException:
                    room.tail_stale = True
                    raise
                for numbered in room.log.kept_after(known):
                    tail.apply(numbered.seq, decoded(numbered.body))
                room.tail = tail

    async def recall(self, room: Room) -> None:
        """Read what happened before the room was opened here, once for all who come back. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        async with self._locks.setdefault(room.channel.id, asyncio.Lock()):
            if not room.recalled:
                since = max(0, room.log.seq - LOG_KEPT)
                room.log.recall(await self._storage.chat_log.since(room.channel.id, since, limit=LOG_KEPT))
                room.recalled = True

    async def participants(
        self, room: Room, accounts: Collection[AccountId], *, believed: float = BELIEVED_SECONDS
    ) -> dict[AccountId, Participant]:
        """Who these accounts are in a room, as the database said at most ``believed`` seconds ago; those that are gone are left out.

        Raises:
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        now = self._clock.monotonic()
        known = room.people.known(accounts, now - believed)
        missing = [account for account in accounts if account not in known]
        for start in range(0, len(missing), MOST_TOGETHER):
            version = room.version
            found = await self._storage.members.of(room.channel.id, missing[start : start + MOST_TOGETHER])
            if version == room.version:
                room.people.learn(found, now)
            known |= found
        return known

    async def believed(self, room: Room, account: AccountId, *, believed: float = BELIEVED_SECONDS) -> Participant | None:
        """Who one account is in a room, as :meth:`participants`; None if it is gone."""
        known = room.people.one(account, self._clock.monotonic() - believed)
        return known or (await self.participants(room, [account], believed=believed)).get(account)

    async def participant(self, room: Room, account: AccountId) -> Participant | None:
        """Who an account is in an open room now, None if it is gone; many who ask at once are one question."""
        version, now = room.version, self._clock.monotonic()
        found = await self._people[room.channel.id].get(account)
        if found is not None and version == room.version:
            room.people.learn({account: found}, now)
        return found

    async def own(self, room: Room, account: AccountId | None) -> Own:
        """What an account did itself in an open room, nothing for a stranger. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        return NOTHING_OWN if account is None else await self._own[room.channel.id].of(account)

    async def _read(self, channel: Channel) -> Room:
        row = await self._storage.chat_log.open(channel.id)
        room = Room(channel, row, await self._tail(channel.id))
        room.pinned = await self._pinned(row)
        room.poll = await self._storage.polls.current(channel.id) if row.poll else None
        await self._fill(room, await self._storage.channels.by_id(channel.id), row, changes=0)
        return room

    async def _tail(self, channel: ChannelId) -> MessageTail:
        history = await self._storage.messages.history(channel, limit=MOST_KEPT)
        return MessageTail(history, complete=len(history) < MOST_KEPT)

    async def _fill(self, room: Room, channel: Channel, row: RoomRow, *, changes: int) -> None:
        emotes = await self._storage.emotes.list(channel.id)
        terms = [Term(one.form, one.text, one.effect) for one in await self._storage.moderation.terms.all(channel.id)]
        # Thousands of new terms take longer than others may wait.
        made = await asyncio.to_thread(filters, row.settings, terms, emotes=[one.name for one in emotes])
        room.renew(channel, row, made, changes=changes)

    async def _pinned(self, row: RoomRow) -> Message | None:
        if row.pinned is None:
            return None
        try:
            return (await self._storage.messages.get(row.channel, row.pinned)).message
        except FanlightError:
            return None

    def _took(self, room: Room, happened: Sequence[Event]) -> None:
        if happened:
            self._happened(room, happened)
