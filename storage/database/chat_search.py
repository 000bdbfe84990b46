"""Finds messages: by their words, their author, and where in a broadcast they belong."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storage.chat.events import Message
from storage.database.chat_rows import MESSAGE_COLUMNS, shown, told
from storage.database.repository import Repository
from storage.database.tables import account as accounts
from storage.database.tables import chat_message as messages
from storage.model.ids import AccountName, BroadcastId, ChannelId

LOOKED_THROUGH = 20_000
"""Messages one request looks through; the next goes on where it stopped."""
SHORTEST_WORD = 2
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Found:
    """Messages with their numbers, newest first. ``before`` is where a further search goes on, None when all was looked through."""

    messages: Sequence[tuple[int, Message]]
    before: int | None


class ChatSearch(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def find(
        self, channel: ChannelId, text: str, *, author: AccountName | None = None, before: int | None = None, limit: int = 25
    ) -> Found:
        """Visible messages that hold ``text`` in any case, before the number ``before``.

        Looks through a bounded number of messages: there may be fewer than ``limit`` and yet more before.
        """
        window = select(messages.c.seq).where(messages.c.channel == channel, messages.c.seq.is_not(None))
        if before is not None:
            window = window.where(messages.c.seq < before)
        oldest = window.order_by(messages.c.seq.desc()).offset(LOOKED_THROUGH - 1).limit(1).scalar_subquery()
        query = select(*MESSAGE_COLUMNS).where(messages.c.channel == channel, shown()).order_by(messages.c.seq.desc()).limit(limit)
        if text:
            query = query.where(messages.c.text.icontains(text, autoescape=True))
        if before is not None:
            query = query.where(messages.c.seq < before)
        if author is not None:
            query = query.join(accounts, accounts.c.id == messages.c.author).where(accounts.c.name == author)
        async with self._database.transaction() as connection:
            start = await connection.scalar(select(oldest))
            if start is not None:
                query = query.where(messages.c.seq >= start)
            found = await told(connection, (await connection.execute(query)).all())
        return Found(found, found[-1][0] if len(found) == limit else start)

    async def of_broadcast(
        self, broadcast: BroadcastId, *, after_ms: int, after: str = "", limit: int = 200
    ) -> Sequence[tuple[int, Message]]:
        """What was said during a broadcast, in the order of its pictures, after the message ``after`` of the capture time ``after_ms``."""
        later = messages.c.media_ms > after_ms
        query = (
            select(*MESSAGE_COLUMNS)
            .where(
                messages.c.broadcast == broadcast,
                shown(),
                later | ((messages.c.media_ms == after_ms) & (messages.c.id > after)),
            )
            .order_by(messages.c.media_ms, messages.c.id)
            .limit(limit)
        )
        async with self._database.transaction() as connection:
            return await told(connection, (await connection.execute(query)).all())
