"""The log of a room: events in one order for everybody, written together with what they tell of.

Whoever writes locks the room's row, does its statements, appends and commits: so the order of numbers is the order of commits, on any
number of nodes, and a number is never left out. What the log's readers were told is committed.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.chat.events import Audience, Event, NumberedEvent, RoomHint, audience, encoded
from storage.chat.settings import ChatSettings, settings_of
from storage.clock import utc_now
from storage.database.repository import Repository
from storage.database.tables import channel as channel_table
from storage.database.tables import chat_event as events
from storage.database.tables import chat_member as members
from storage.database.tables import chat_room as rooms
from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import AccountId, ChannelId, RecordId, new_broadcast_id

KEPT = timedelta(days=1)
"""How long events are kept for those who resume; messages are kept by themselves."""
MOST_AT_ONCE = 1000
LATELY = timedelta(days=1)
MOST_RENEWED = 100


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room as the database has it. ``epoch`` and ``seq`` tell where its log is; ``version`` what is decided by."""

    channel: ChannelId
    epoch: str
    seq: int
    version: int
    settings: ChatSettings
    settings_version: int
    cleared: int
    """Messages up to this number were cleared away."""
    pinned: RecordId | None
    poll: RecordId | None


async def locked(connection: AsyncConnection, channels: Iterable[ChannelId], now: datetime) -> dict[ChannelId, RoomRow]:
    """Rooms, made where there was none, that nobody else writes to until the transaction ends; none for a channel that is gone.

    Several are locked in one order, so that two callers never wait for each other in a circle.
    """
    wanted = sorted(set(channels))
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # The first statement writes, which takes the whole database: a lock taken later could find it changed meanwhile.
        await connection.execute(update(rooms).where(rooms.c.channel.in_(wanted)).values(last_seq=rooms.c.last_seq))
    query = select(rooms).where(rooms.c.channel.in_(wanted)).order_by(rooms.c.channel).with_for_update()
    found = (await connection.execute(query)).all()
    if len(found) < len(wanted):
        there = select(channel_table.c.id).where(channel_table.c.id.in_(wanted)).order_by(channel_table.c.id)
        empty: dict[str, object] = {"last_seq": 0, "version": 1, "settings": "{}", "settings_version": 1, "cleared": 0, "created_at": now}
        new = [{"channel": row.id, "epoch": new_broadcast_id(), **empty} for row in await connection.execute(there)]
        make = sqlite.insert(rooms) if is_sqlite else postgresql.insert(rooms)
        if new:
            await connection.execute(make.on_conflict_do_nothing(), new)
        found = (await connection.execute(query)).all()
    return {row.channel: _room(row) for row in found}


async def locked_room(connection: AsyncConnection, channel: ChannelId, now: datetime) -> RoomRow:
    """One room, as :func:`locked`. Raises ``NotFound(CHANNEL_NOT_FOUND)``; the channel is gone."""
    found = await locked(connection, [channel], now)
    if channel not in found:
        raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.")
    return found[channel]


async def append(
    connection: AsyncConnection,
    room: RoomRow,
    happened: Sequence[Event],
    now: datetime,
    *,
    renew: bool = False,
    settings: str | None = None,
) -> RoomHint:
    """Write events to a locked room. ``renew`` where they change what somebody may do there; call it once for a lock."""
    hint = _hint(room, happened, renew=renew)
    changes: dict[str, object] = {"last_seq": room.seq + len(happened), "version": hint.version}
    if settings is not None:
        changes |= {"settings": settings, "settings_version": room.settings_version + 1}
    await connection.execute(update(rooms).where(rooms.c.channel == room.channel).values(**changes))
    if happened:
        await connection.execute(insert(events), _rows(hint, now))
    return hint


async def append_all(
    connection: AsyncConnection, appended: Sequence[tuple[RoomRow, Sequence[Event]]], now: datetime
) -> dict[ChannelId, RoomHint]:
    """Write events to many locked rooms at once; to each something."""
    hints = [_hint(room, happened) for room, happened in appended]
    seqs = [{"room": hint.channel, "reached": hint.events[-1].seq} for hint in hints]
    move = update(rooms).where(rooms.c.channel == bindparam("room")).values(last_seq=bindparam("reached"))
    await connection.execute(move, seqs)
    await connection.execute(insert(events), [row for hint in hints for row in _rows(hint, now)])
    return {ChannelId(hint.channel): hint for hint in hints}


def _hint(room: RoomRow, happened: Sequence[Event], *, renew: bool = False) -> RoomHint:
    numbered = tuple(NumberedEvent(seq, audience(event), encoded(event)) for seq, event in enumerate(happened, room.seq + 1))
    return RoomHint(channel=room.channel, epoch=room.epoch, version=room.version + renew, after=room.seq, events=numbered)


def _rows(hint: RoomHint, now: datetime) -> list[dict[str, object]]:
    return [
        {"channel": hint.channel, "seq": one.seq, "audience": one.audience, "body": one.body.decode(), "created_at": now}
        for one in hint.events
    ]


async def append_alone(
    connection: AsyncConnection, channel: ChannelId, happened: Sequence[Event], now: datetime, *, renew: bool = False
) -> RoomHint:
    """Lock a room and write events to it. Call it before other statements that write."""
    room = await locked_room(connection, channel, now)
    return await append(connection, room, happened, now, renew=renew)


class ChatLog(Repository):
    """Reads the logs. Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def rooms(self, channels: Sequence[ChannelId]) -> dict[ChannelId, RoomRow]:
        """Rooms as they are now; those nothing ever happened in are left out."""
        async with self._database.transaction() as connection:
            return {row.channel: _room(row) for row in await connection.execute(select(rooms).where(rooms.c.channel.in_(channels)))}

    async def open(self, channel: ChannelId) -> RoomRow:
        """A room, made where there was none. Raises ``NotFound(CHANNEL_NOT_FOUND)``."""
        found = await self.rooms([channel])
        if channel in found:
            return found[channel]
        async with self._database.transaction() as connection:
            return await locked_room(connection, channel, utc_now(self._clock))

    async def hint(self, channel: ChannelId) -> RoomHint | None:
        """A hint without events that tells the version a room has now, for nodes to look at it anew; None where nothing ever happened."""
        room = (await self.rooms([channel])).get(channel)
        return None if room is None else RoomHint(channel=channel, epoch=room.epoch, version=room.version, after=room.seq, events=())

    async def renew_of(self, account: AccountId) -> Sequence[RoomHint]:
        """An account may do something else than before, everywhere: renews the rooms it wrote in lately, at most a hundred."""
        now = utc_now(self._clock)
        mine = (
            select(members.c.channel)
            .where(members.c.account == account, members.c.last_at > now - LATELY)
            .order_by(members.c.last_at.desc())
            .limit(MOST_RENEWED)
        )
        async with self._database.transaction() as connection:
            channels = [ChannelId(one) for one in await connection.scalars(mine)]
        hints = []
        for channel in channels:
            with suppress(NotFound):
                async with self._database.transaction() as connection:
                    hints.append(await append_alone(connection, channel, [], now, renew=True))
        return hints

    async def since(self, channel: ChannelId, after: int, *, limit: int = MOST_AT_ONCE) -> tuple[NumberedEvent, ...]:
        """At most ``limit`` events after the number ``after``, in order; the first is a later one where older ones are forgotten."""
        query = select(events).where(events.c.channel == channel, events.c.seq > after).order_by(events.c.seq).limit(limit)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(NumberedEvent(row.seq, Audience(row.audience), row.body.encode()) for row in rows)

    async def prune(self) -> int:
        """Forget events that are older than a day, at most a thousand at once; returns how many."""
        old = (
            select(events.c.channel, events.c.seq)
            .where(events.c.created_at < utc_now(self._clock) - KEPT)
            .order_by(events.c.created_at)
            .limit(MOST_AT_ONCE)
        )
        async with self._database.transaction() as connection:
            gone = await connection.execute(delete(events).where(tuple_(events.c.channel, events.c.seq).in_(old)))
        return int(gone.rowcount)


def _room(row: Row[Any]) -> RoomRow:
    return RoomRow(
        channel=ChannelId(row.channel),
        epoch=row.epoch,
        seq=row.last_seq,
        version=row.version,
        settings=settings_of(row.settings),
        settings_version=row.settings_version,
        cleared=row.cleared,
        pinned=row.pinned,
        poll=row.poll,
    )
