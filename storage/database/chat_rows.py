"""From rows to messages, where several repositories read the same table."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.chat.events import Message
from storage.database.channel_rows import AnyRow
from storage.database.tables import chat_message as messages
from storage.database.tables import chat_reaction as reactions
from storage.database.tables import chat_room as rooms
from storage.model.chat import MessageState

MESSAGE_COLUMNS = (messages.c.id, messages.c.seq, messages.c.body)
"""What to select for :func:`told`."""

_decode = msgspec.json.Decoder(Message).decode


def shown() -> ColumnElement[bool]:
    """That a message is there for everybody: visible, and not cleared away."""
    cleared = select(rooms.c.cleared).where(rooms.c.channel == messages.c.channel).scalar_subquery()
    return (messages.c.state == MessageState.VISIBLE) & (messages.c.seq > func.coalesce(cleared, 0))


async def told(connection: AsyncConnection, rows: Sequence[AnyRow]) -> list[tuple[int, Message]]:
    """Messages as they are told now, with their numbers, in the order of the rows; a message that never was visible has the number 0."""
    counted = (
        select(reactions.c.message, reactions.c.reaction, func.count())
        .where(reactions.c.message.in_([row.id for row in rows]))
        .group_by(reactions.c.message, reactions.c.reaction)
        .order_by(func.min(reactions.c.created_at))
    )
    found: dict[str, dict[str, int]] = {}
    if rows:
        for message, reaction, count in await connection.execute(counted):
            found.setdefault(message, {})[reaction] = count
    return [(row.seq or 0, _with(_decode(row.body), found.get(row.id))) for row in rows]


def _with(message: Message, counts: dict[str, int] | None) -> Message:
    return msgspec.structs.replace(message, reactions=counts) if counts else message
