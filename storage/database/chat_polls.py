"""Polls in channels' chats: one runs at a time, everybody has one vote and may change it."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.chat.events import Poll, PollChanged, RoomHint
from storage.database.chat_act import Acted, RoomRepository, done
from storage.database.chat_log import append, locked_room
from storage.database.tables import chat_poll as polls
from storage.database.tables import chat_room as rooms
from storage.database.tables import chat_vote as votes
from storage.model.chat import ModerationAction
from storage.model.errors import Conflict, ErrorCode
from storage.model.ids import AccountId, ChannelId, RecordId


class PollRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def open(
        self, channel: ChannelId, question: str, options: Sequence[str], seconds: int, *, by: AccountId | None
    ) -> tuple[Poll, Acted]:
        """Ask, instead of what was asked before. The texts are checked already."""
        async with self._act(channel) as act:
            await _close(act.connection, act.room.poll, act.now)
            identifier = await act.new_id(polls)
            values = {"id": identifier, "channel": channel, "question": question, "options": json.dumps(list(options)), "created_by": by}
            ends = act.now + timedelta(seconds=seconds)
            await act.connection.execute(insert(polls).values(**values, created_at=act.now, ends_at=ends))
            await act.connection.execute(update(rooms).where(rooms.c.channel == channel).values(poll=identifier))
            poll = await _poll(act.connection, identifier)
            assert poll is not None
            act.tell(PollChanged(poll=poll))
            await act.log(ModerationAction.OPEN_POLL, by=by, data={"question": question, "seconds": seconds})
        return poll, done(act)

    async def current(self, channel: ChannelId) -> Poll | None:
        """The poll that is shown in a room: it runs, or was the last one."""
        async with self._database.transaction() as connection:
            return await _poll(connection, await connection.scalar(select(rooms.c.poll).where(rooms.c.channel == channel)))

    async def vote(self, channel: ChannelId, account: AccountId, poll: str, option: int) -> None:
        """Choose, or choose another. Nobody is told before :meth:`tell`. Raises ``Conflict(POLL_CLOSED)``; it does not run (any more)."""
        now = self._now()
        running = select(polls.c.options).where(
            polls.c.id == poll, polls.c.channel == channel, polls.c.closed_at.is_(None), polls.c.ends_at > now
        )
        at = (votes.c.poll == poll) & (votes.c.account == account)
        async with self._database.transaction() as connection:
            options = await connection.scalar(running)
            if options is None or option >= len(json.loads(options)):
                raise Conflict(ErrorCode.POLL_CLOSED, "This poll is over.")
            if not (await connection.execute(update(votes).where(at).values(option=option))).rowcount:
                await connection.execute(insert(votes).values(poll=poll, account=account, option=option))

    async def votes_of(self, accounts: Collection[AccountId], poll: str) -> Mapping[AccountId, int]:
        """What accounts chose in a poll; those that did not are left out."""
        query = select(votes.c.account, votes.c.option).where(votes.c.poll == poll, votes.c.account.in_(accounts))
        async with self._database.transaction() as connection:
            return {AccountId(account): option for account, option in await connection.execute(query)}

    async def tell(self, channel: ChannelId) -> RoomHint | None:
        """Tell the room how its poll stands, and that it is over when it is; None where there is none."""
        now = self._now()
        async with self._database.transaction() as connection:
            room = await locked_room(connection, channel, now)
            if room.poll is not None:
                over = (polls.c.id == room.poll) & polls.c.closed_at.is_(None) & (polls.c.ends_at <= now)
                await connection.execute(update(polls).where(over).values(closed_at=now))
            poll = await _poll(connection, room.poll)
            return None if poll is None else await append(connection, room, [PollChanged(poll=poll)], now)

    async def close(self, channel: ChannelId, poll: str, *, by: AccountId | None = None) -> Acted:
        """End a poll before its time. Raises ``Conflict(POLL_CLOSED)``; it does not run."""
        async with self._act(channel) as act:
            if act.room.poll != poll or not await _close(act.connection, act.room.poll, act.now):
                raise Conflict(ErrorCode.POLL_CLOSED, "This poll is over.")
            now = await _poll(act.connection, act.room.poll)
            act.tell(PollChanged(poll=now))
            await act.log(ModerationAction.CLOSE_POLL, by=by, data={"question": now.question if now else ""})
        return done(act)

    async def dismiss(self, channel: ChannelId, *, by: AccountId | None = None) -> Acted:
        """Show no poll any more."""
        async with self._act(channel) as act:
            shown = await _poll(act.connection, act.room.poll)
            closed = await _close(act.connection, act.room.poll, act.now)
            await act.connection.execute(update(rooms).where(rooms.c.channel == channel).values(poll=None))
            act.tell(PollChanged(poll=None))
            if closed and shown is not None:
                await act.log(ModerationAction.CLOSE_POLL, by=by, data={"question": shown.question})
        return done(act)

    async def due(self, *, limit: int = 100) -> Sequence[ChannelId]:
        """Rooms whose poll ran out and that were not told: :meth:`tell` them."""
        query = (
            select(rooms.c.channel)
            .join(polls, polls.c.id == rooms.c.poll)
            .where(polls.c.closed_at.is_(None), polls.c.ends_at <= self._now())
            .limit(limit)
        )
        async with self._database.transaction() as connection:
            return [ChannelId(row.channel) for row in await connection.execute(query)]


async def _close(connection: AsyncConnection, poll: RecordId | None, now: datetime) -> bool:
    if poll is None:
        return False
    closed = await connection.execute(update(polls).where(polls.c.id == poll, polls.c.closed_at.is_(None)).values(closed_at=now))
    return bool(closed.rowcount)


async def _poll(connection: AsyncConnection, poll: str | None) -> Poll | None:
    if poll is None:
        return None
    row = (await connection.execute(select(polls).where(polls.c.id == poll))).one_or_none()
    if row is None:
        return None
    counted = select(votes.c.option, func.count()).where(votes.c.poll == poll).group_by(votes.c.option)
    return _poll_of(row, {one[0]: one[1] for one in await connection.execute(counted)})


def _poll_of(row: Row[Any], by_option: dict[int, int]) -> Poll:
    options = tuple(json.loads(row.options))
    return Poll(
        id=row.id,
        question=row.question,
        options=options,
        votes=tuple(by_option.get(number, 0) for number in range(len(options))),
        ends_at=round((row.closed_at or row.ends_at).timestamp() * 1000),
        closed=row.closed_at is not None,
    )
