"""The one message a room keeps above all others."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.chat.events import Event, Pinned
from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.chat_log import RoomRow
from storage.database.chat_rows import MESSAGE_COLUMNS, shown, told
from storage.database.tables import chat_message as messages
from storage.database.tables import chat_room as rooms
from storage.model.chat import ModerationAction
from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import AccountId, ChannelId, RecordId


class PinRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def pin(self, channel: ChannelId, message: RecordId, *, by: AccountId | None) -> Acted:
        """Keep a message above all others, instead of the one before. Raises ``NotFound(MESSAGE_NOT_FOUND)``."""
        async with self._act(channel) as act:
            await pin(act, message, by=by)
        return done(act)

    async def unpin(self, channel: ChannelId, *, by: AccountId | None) -> Acted:
        """Keep none; nothing happens where there is none."""
        async with self._act(channel) as act:
            await unpin(act, by=by)
        return done(act)


async def pin(act: Act, message: RecordId, *, by: AccountId | None) -> None:
    """See :meth:`PinRepository.pin`."""
    query = select(*MESSAGE_COLUMNS).where(messages.c.channel == act.channel, messages.c.id == message, shown())
    rows = (await act.connection.execute(query)).all()
    if not rows:
        raise NotFound(ErrorCode.MESSAGE_NOT_FOUND, "There is no such message here, or it is gone.")
    ((_, found),) = await told(act.connection, rows)
    act.tell(Pinned(message=found))
    await _set(act.connection, act.room, message)
    await act.log(ModerationAction.PIN, by=by, message=message, data={"text": found.text}, before={"pinned": act.room.pinned})


async def unpin(act: Act, *, by: AccountId | None) -> None:
    """See :meth:`PinRepository.unpin`."""
    if act.room.pinned is None:
        return
    act.tell(Pinned(message=None))
    await _set(act.connection, act.room, None)
    await act.log(ModerationAction.UNPIN, by=by, message=act.room.pinned)


async def without_gone(connection: AsyncConnection, room: RoomRow) -> tuple[Event, ...]:
    """Take the pin away if its message is gone by now; what to tell of that."""
    if room.pinned is None:
        return ()
    still = select(messages.c.id).where(messages.c.channel == room.channel, messages.c.id == room.pinned, shown())
    if await connection.scalar(still) is not None:
        return ()
    await _set(connection, room, None)
    return (Pinned(message=None),)


async def _set(connection: AsyncConnection, room: RoomRow, message: RecordId | None) -> None:
    await connection.execute(update(rooms).where(rooms.c.channel == room.channel).values(pinned=message))
