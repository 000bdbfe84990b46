"""Takes messages away, and brings them back: those a team deleted are kept for its log until their channel or author is gone."""

from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from storage.chat.events import Cleared, Deleted, Message, Purged, Restored
from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.chat_pins import without_gone
from storage.database.chat_rows import MESSAGE_COLUMNS, shown, told
from storage.database.tables import account as accounts
from storage.database.tables import chat_message as messages
from storage.database.tables import chat_room as rooms
from storage.model.chat import MessageState, ModerationAction
from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId, RecordId

MOST_PURGED = 5_000
"""Messages taken away in one transaction; what is older follows in others."""
MOST_TOLD = 50
"""Messages that are told when they come back; the rest is in the history."""

_TAKEN = (MessageState.VISIBLE, MessageState.HELD, MessageState.DELAYED)


class DeletionRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def author(self, channel: ChannelId, message: RecordId) -> tuple[AccountId, AccountName]:
        """Who wrote a message that can be deleted. Raises ``NotFound(MESSAGE_NOT_FOUND)``."""
        query = (
            select(messages.c.author, accounts.c.name)
            .join(accounts, accounts.c.id == messages.c.author)
            .where(messages.c.channel == channel, messages.c.id == message, messages.c.state.in_(_TAKEN))
        )
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise _absent()
        return AccountId(row.author), AccountName(row.name)

    async def delete(self, channel: ChannelId, message: RecordId, *, by: AccountId | None, reason: str = "") -> Acted:
        """Delete a message. Raises ``NotFound(MESSAGE_NOT_FOUND)``; it is not there, or is gone already."""
        async with self._act(channel) as act:
            await delete(act, message, by=by, reason=reason)
        return done(act)

    async def purge(self, channel: ChannelId, account: AccountId, *, by: AccountId | None, reason: str = "") -> Acted:
        """Delete everything an account wrote. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
        async with self._act(channel) as act:
            more = await purge(act, account, by=by, reason=reason)
        while more:
            async with self._act(channel) as rest:
                more = await _take_newest(rest, account, by, act.now) == MOST_PURGED
        return done(act)

    async def clear(self, channel: ChannelId, *, by: AccountId | None, reason: str = "") -> Acted:
        """Take everything away that was said so far."""
        async with self._act(channel) as act:
            await clear(act, by=by, reason=reason)
        return done(act)


async def delete(act: Act, message: RecordId, *, by: AccountId | None, reason: str = "") -> None:
    """See :meth:`DeletionRepository.delete`."""
    at = (messages.c.channel == act.channel) & (messages.c.id == message)
    query = select(messages.c.author, messages.c.text, messages.c.state).where(at)
    row = (await act.connection.execute(query)).one_or_none()
    if row is None or row.state not in _TAKEN:
        raise _absent()
    await act.connection.execute(update(messages).where(at).values(state=MessageState.DELETED, deleted_at=act.now, deleted_by=by))
    if row.state == MessageState.VISIBLE:
        act.tell(Deleted(ids=(message,), by_team=True), *await without_gone(act.connection, act.room))
    before = {"state": row.state}
    data = {"text": row.text}
    await act.log(ModerationAction.DELETE, by=by, subject=AccountId(row.author), message=message, reason=reason, data=data, before=before)


async def purge(act: Act, account: AccountId, *, by: AccountId | None, reason: str = "") -> bool:
    """See :meth:`DeletionRepository.purge`; returns whether there may be more to take away."""
    act.tell(Purged(name=await act.name(account)))
    count = await _take_newest(act, account, by, act.now)
    act.tell(*await without_gone(act.connection, act.room))
    data = {"messages": count, "more": count == MOST_PURGED}
    await act.log(ModerationAction.PURGE, by=by, subject=account, reason=reason, data=data, before={"deleted_at": _stamp(act.now)})
    return count == MOST_PURGED


async def clear(act: Act, *, by: AccountId | None, reason: str = "") -> None:
    """See :meth:`DeletionRepository.clear`."""
    act.tell(Cleared())
    await act.connection.execute(update(rooms).where(rooms.c.channel == act.channel).values(cleared=act.room.seq))
    act.tell(*await without_gone(act.connection, act.room))
    # Nodes remember what the newest messages are.
    act.renew()
    await act.log(ModerationAction.CLEAR, by=by, reason=reason, before={"cleared": act.room.cleared, "was": act.room.seq})


async def restore_one(act: Act, message: RecordId, *, by: AccountId | None) -> None:
    """Bring a deleted message back. Raises ``NotFound(MESSAGE_NOT_FOUND)``; it is not there, or not deleted."""
    at = (messages.c.channel == act.channel) & (messages.c.id == message) & (messages.c.state == MessageState.DELETED)
    author = await act.connection.scalar(select(messages.c.author).where(at))
    if author is None:
        raise _absent()
    await _restore(act, at)
    await act.log(ModerationAction.RESTORE, by=by, subject=AccountId(author), message=message)


async def restore_purged(act: Act, account: AccountId, deleted_at: str, *, by: AccountId | None) -> None:
    """Bring back what a purge took away."""
    moment = datetime.fromisoformat(deleted_at)
    at = (messages.c.author == account) & (messages.c.channel == act.channel) & (messages.c.deleted_at == moment)
    await _restore(act, at & (messages.c.state == MessageState.DELETED))
    await act.log(ModerationAction.RESTORE, by=by, subject=account)


async def restore_cleared(act: Act, cleared: int, was: int, *, by: AccountId | None) -> bool:
    """Show what was cleared away; False where it has been cleared again since."""
    if act.room.cleared != was:
        return False
    await act.connection.execute(update(rooms).where(rooms.c.channel == act.channel).values(cleared=cleared))
    act.renew()
    act.tell(Restored(messages=await _newest(act, messages.c.channel == act.channel)))
    await act.log(ModerationAction.RESTORE, by=by)
    return True


async def _restore(act: Act, which: ColumnElement[bool]) -> None:
    """What was visible is so again; what was not is held for the team."""
    ids = (await act.connection.scalars(select(messages.c.id).where(which).order_by(messages.c.id.desc()).limit(MOST_TOLD))).all()
    back = {"deleted_at": None, "deleted_by": None}
    await act.connection.execute(update(messages).where(which & messages.c.seq.is_(None)).values(state=MessageState.HELD, **back))
    await act.connection.execute(update(messages).where(which & messages.c.seq.is_not(None)).values(state=MessageState.VISIBLE, **back))
    found = await _newest(act, messages.c.id.in_(ids))
    if found:
        act.tell(Restored(messages=found))


async def _newest(act: Act, which: ColumnElement[bool]) -> tuple[Message, ...]:
    query = select(*MESSAGE_COLUMNS).where(which, shown()).order_by(messages.c.seq.desc()).limit(MOST_TOLD)
    found = await told(act.connection, (await act.connection.execute(query)).all())
    return tuple(message for _, message in reversed(found))


async def _take_newest(act: Act, account: AccountId, by: AccountId | None, at: datetime) -> int:
    newest = (
        select(messages.c.id)
        .where(messages.c.author == account, messages.c.channel == act.channel, messages.c.state.in_(_TAKEN))
        .order_by(messages.c.created_at.desc())
        .limit(MOST_PURGED)
    )
    values = {"state": MessageState.DELETED, "deleted_at": at, "deleted_by": by}
    return (await act.connection.execute(update(messages).where(messages.c.id.in_(newest)).values(**values))).rowcount


def _stamp(moment: datetime) -> str:
    return moment.isoformat()


def _absent() -> NotFound:
    return NotFound(ErrorCode.MESSAGE_NOT_FOUND, "There is no such message here, or it is gone.")
