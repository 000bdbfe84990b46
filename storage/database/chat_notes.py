"""What a team writes down about accounts, for itself."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select

from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.tables import account as accounts
from storage.database.tables import chat_note as notes
from storage.model.chat import ModerationAction
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId, RecordId
from storage.model.moderation import LONGEST_NOTE, NoteRecord, checked_text

MOST_NOTES = 100
"""Of one account in one channel."""


class NoteRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def list(self, channel: ChannelId, account: AccountId, *, before: str = "", limit: int = 25) -> Sequence[NoteRecord]:
        """Notes about an account, newest first, those before the note ``before``."""
        query = (
            select(notes.c.id, notes.c.text, notes.c.created_at, accounts.c.name)
            .outerjoin(accounts, accounts.c.id == notes.c.author)
            .where(notes.c.channel == channel, notes.c.account == account)
            .order_by(notes.c.id.desc())
            .limit(limit)
        )
        if before:
            query = query.where(notes.c.id < before)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return [NoteRecord(RecordId(row.id), AccountName(row.name) if row.name else None, row.text, row.created_at) for row in rows]

    async def add(self, channel: ChannelId, account: AccountId, text: str, *, by: AccountId | None) -> tuple[RecordId, Acted]:
        """Write something down. Raises ``BadInput(BAD_REQUEST)``, ``NotFound(ACCOUNT_NOT_FOUND)``, ``Conflict(LIMIT_REACHED)``."""
        text = checked_text(text, LONGEST_NOTE, "text")
        async with self._act(channel) as act:
            await act.name(account)
            count = select(func.count()).select_from(notes).where(notes.c.channel == channel, notes.c.account == account)
            if int(await act.connection.scalar(count) or 0) >= MOST_NOTES:
                raise Conflict(ErrorCode.LIMIT_REACHED, f"There are at most {MOST_NOTES} notes about an account.", limit=MOST_NOTES)
            identifier = await act.new_id(notes)
            values = {"id": identifier, "channel": channel, "account": account, "author": by, "text": text, "created_at": act.now}
            await act.connection.execute(insert(notes).values(**values))
            await act.log(ModerationAction.NOTE, by=by, subject=account, data={"note": identifier})
        return identifier, done(act)

    async def remove(self, channel: ChannelId, account: AccountId, note: RecordId, *, by: AccountId | None) -> Acted:
        """Take a note out, for good. Raises ``NotFound(NOT_FOUND)``."""
        async with self._act(channel) as act:
            await remove(act, account, note, by=by)
        return done(act)


async def remove(act: Act, account: AccountId, note: RecordId, *, by: AccountId | None) -> None:
    """See :meth:`NoteRepository.remove`."""
    at = (notes.c.channel == act.channel) & (notes.c.account == account) & (notes.c.id == note)
    if (await act.connection.execute(delete(notes).where(at))).rowcount == 0:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such note about this account.")
    await act.log(ModerationAction.UNNOTE, by=by, subject=account, data={"note": note})
