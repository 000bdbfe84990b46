"""Messages that are there: read back, changed and taken back by their authors, reacted to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.chat.events import Deleted, Edited, Message, Reacted, RoomHint
from storage.database.chat_log import append, locked_room
from storage.database.chat_pins import without_gone
from storage.database.chat_rows import MESSAGE_COLUMNS, shown, told
from storage.database.repository import Repository
from storage.database.tables import chat_message as messages
from storage.database.tables import chat_reaction as reactions
from storage.model.chat import MessageState
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, ChannelId

MOST_REACTIONS = 20
"""Different reactions to one message."""
MOST_OF_ONE = 5
"""Reactions of one account to one message."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as it is kept. ``seq`` is 0 while it is not visible."""

    message: Message
    seq: int
    author: AccountId
    state: MessageState
    created_at: datetime


class MessageRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def history(self, channel: ChannelId, *, before: int | None = None, limit: int = 50) -> Sequence[tuple[int, Message]]:
        """The newest visible messages before the number ``before``, oldest first, with their numbers."""
        query = select(*MESSAGE_COLUMNS).where(messages.c.channel == channel, shown()).order_by(messages.c.seq.desc()).limit(limit)
        if before is not None:
            query = query.where(messages.c.seq < before)
        async with self._database.transaction() as connection:
            return await told(connection, (await connection.execute(query)).all()[::-1])

    async def get(self, channel: ChannelId, message: str) -> Kept:
        """A message, whatever its state. Raises ``NotFound(MESSAGE_NOT_FOUND)``."""
        async with self._database.transaction() as connection:
            return await _get(connection, channel, message)

    async def edit(
        self, channel: ChannelId, author: AccountId, message: str, text: str, mentions: tuple[str, ...], *, version: int
    ) -> RoomHint | None:
        """Change an own message. None, and nothing is done, where the room has another ``version`` than the one it was judged by.

        Raises:
            NotFound: ``MESSAGE_NOT_FOUND``; it is gone, or another's.
        """
        now = self._now()
        async with self._database.transaction() as connection:
            room = await locked_room(connection, channel, now)
            if room.version != version:
                return None
            kept = await _own(connection, channel, author, message)
            # Reactions stand in rows of their own.
            new = msgspec.structs.replace(kept.message, text=text, mentions=mentions, edited=True, reactions={})
            values = {"text": text, "body": msgspec.json.encode(new).decode(), "edited_at": now}
            await connection.execute(update(messages).where(messages.c.id == message).values(**values))
            return await append(connection, room, [Edited(id=message, text=text, mentions=mentions)], now)

    async def take_back(self, channel: ChannelId, author: AccountId, message: str) -> RoomHint:
        """Delete an own message. Raises ``NotFound(MESSAGE_NOT_FOUND)``; it is gone, or another's."""
        now = self._now()
        async with self._database.transaction() as connection:
            room = await locked_room(connection, channel, now)
            await _own(connection, channel, author, message)
            values = {"state": MessageState.DELETED, "deleted_at": now, "deleted_by": author}
            await connection.execute(update(messages).where(messages.c.id == message).values(**values))
            return await append(connection, room, [Deleted(ids=(message,)), *await without_gone(connection, room)], now)

    async def react(self, channel: ChannelId, account: AccountId, message: str, reaction: str, *, on: bool) -> RoomHint | None:
        """Add a reaction or take it back; None where it was so already.

        Raises:
            NotFound: ``MESSAGE_NOT_FOUND``.
            Conflict: ``LIMIT_REACHED``.
        """
        now = self._now()
        at = (reactions.c.message == message) & (reactions.c.account == account)
        same = at & (reactions.c.reaction == reaction)
        async with self._database.transaction() as connection:
            room = await locked_room(connection, channel, now)
            kept = await _get(connection, channel, message)
            if kept.state is not MessageState.VISIBLE:
                raise _gone()
            there = await connection.scalar(select(func.count()).select_from(reactions).where(same))
            if bool(there) == on:
                return None
            if on:
                await _check_room_for(connection, account, kept.message, reaction)
                await connection.execute(insert(reactions).values(message=message, account=account, reaction=reaction, created_at=now))
            else:
                await connection.execute(delete(reactions).where(same))
            now_there = (await _get(connection, channel, message)).message.reactions
            return await append(connection, room, [Reacted(id=message, reactions=now_there)], now)

    async def reactions_of(
        self, accounts: Collection[AccountId], among: Collection[str]
    ) -> Mapping[AccountId, Mapping[str, tuple[str, ...]]]:
        """How accounts reacted to some messages, by account and message, first come first."""
        at = reactions.c.account.in_(accounts) & reactions.c.message.in_(among)
        query = select(reactions.c.account, reactions.c.message, reactions.c.reaction).where(at).order_by(reactions.c.created_at)
        found: dict[AccountId, dict[str, tuple[str, ...]]] = {}
        async with self._database.transaction() as connection:
            for account, message, reaction in await connection.execute(query):
                mine = found.setdefault(AccountId(account), {})
                mine[message] = (*mine.get(message, ()), reaction)
        return found


async def _check_room_for(connection: AsyncConnection, account: AccountId, message: Message, reaction: str) -> None:
    if reaction not in message.reactions and len(message.reactions) >= MOST_REACTIONS:
        raise Conflict(ErrorCode.LIMIT_REACHED, f"A message takes at most {MOST_REACTIONS} different reactions.", limit=MOST_REACTIONS)
    own = select(func.count()).select_from(reactions).where(reactions.c.message == message.id, reactions.c.account == account)
    if int(await connection.scalar(own) or 0) >= MOST_OF_ONE:
        raise Conflict(ErrorCode.LIMIT_REACHED, f"At most {MOST_OF_ONE} reactions to one message.", limit=MOST_OF_ONE)


async def _get(connection: AsyncConnection, channel: ChannelId, message: str) -> Kept:
    columns = (*MESSAGE_COLUMNS, messages.c.author, messages.c.state, messages.c.created_at)
    row = (await connection.execute(select(*columns).where(messages.c.id == message, messages.c.channel == channel))).one_or_none()
    if row is None:
        raise _gone()
    ((seq, found),) = await told(connection, [row])
    return Kept(found, seq, AccountId(row.author), MessageState(row.state), row.created_at)


async def _own(connection: AsyncConnection, channel: ChannelId, author: AccountId, message: str) -> Kept:
    kept = await _get(connection, channel, message)
    if kept.author != author or kept.state is not MessageState.VISIBLE:
        raise _gone()
    return kept


def _gone() -> NotFound:
    return NotFound(ErrorCode.MESSAGE_NOT_FOUND, "There is no such message.")
