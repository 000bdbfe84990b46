"""Messages that are held until the team decides: each is decided once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select, update

from storage.chat.events import Decided, Message
from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.chat_posts import show
from storage.database.tables import account as accounts
from storage.database.tables import chat_message as messages
from storage.model.chat import MessageState, ModerationAction
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId, RecordId

_decode = msgspec.json.Decoder(Message).decode
_reasons = msgspec.json.Decoder(tuple[str, ...]).decode


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message that waits. ``why`` names categories, terms and limits."""

    message: Message
    why: tuple[str, ...]
    created_at: datetime


class QueueRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def list(self, channel: ChannelId, *, after: str = "", limit: int = 25) -> Sequence[HeldMessage]:
        """What waits, oldest first, those after the message ``after``."""
        query = (
            select(messages.c.body, messages.c.held_for, messages.c.created_at)
            .where(messages.c.channel == channel, messages.c.state == MessageState.HELD, messages.c.id > after)
            .order_by(messages.c.id)
            .limit(limit)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return [HeldMessage(_decode(row.body), _reasons(row.held_for or "[]"), row.created_at) for row in rows]

    async def author(self, channel: ChannelId, message: RecordId) -> tuple[AccountId, AccountName]:
        """Who wrote a message that was held. Raises ``NotFound(MESSAGE_NOT_FOUND)``."""
        query = (
            select(messages.c.author, accounts.c.name)
            .join(accounts, accounts.c.id == messages.c.author)
            .where(messages.c.channel == channel, messages.c.id == message)
            .where(messages.c.held_for.is_not(None) | (messages.c.state == MessageState.HELD))
        )
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise _absent()
        return AccountId(row.author), AccountName(row.name)

    async def decide(self, channel: ChannelId, message: RecordId, *, let_through: bool, by: AccountId | None, reason: str = "") -> Acted:
        """Let a message become visible, or not. Raises ``NotFound(MESSAGE_NOT_FOUND)``, ``Conflict(ALREADY_DECIDED)``."""
        async with self._act(channel) as act:
            await decide(act, message, let_through=let_through, by=by, reason=reason)
        return done(act)


async def decide(
    act: Act,
    message: RecordId,
    *,
    let_through: bool,
    by: AccountId | None,
    reason: str = "",
    state: MessageState = MessageState.HELD,
) -> None:
    """See :meth:`QueueRepository.decide`; ``state`` is what the message must be in."""
    at = (messages.c.channel == act.channel) & (messages.c.id == message)
    query = select(messages.c.id, messages.c.author, messages.c.body, messages.c.state, messages.c.text).where(at)
    row = (await act.connection.execute(query)).one_or_none()
    if row is None:
        raise _absent()
    if row.state != state:
        raise Conflict(ErrorCode.ALREADY_DECIDED, "This message was decided already.")
    if let_through:
        act.tell(await show(act.connection, row, act.next_seq, act.now))
    else:
        await act.connection.execute(update(messages).where(at).values(state=MessageState.REJECTED))
    act.tell(Decided(id=message, let_through=let_through, by="" if by is None else await act.name(by)))
    action = ModerationAction.LET_THROUGH if let_through else ModerationAction.REJECT
    await act.log(action, by=by, subject=AccountId(row.author), message=message, reason=reason, data={"text": row.text})


def _absent() -> NotFound:
    return NotFound(ErrorCode.MESSAGE_NOT_FOUND, "There is no such message here, or it is gone.")
