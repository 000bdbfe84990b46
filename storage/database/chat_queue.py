"""Messages that are held until the team decides: each is decided once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import func, select, update

from storage.chat.events import Decided, Message
from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.tables import account as accounts
from storage.database.tables import chat_member as members
from storage.database.tables import chat_message as messages
from storage.model.chat import MessageState, ModerationAction
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId, RecordId

_decode = msgspec.json.Decoder(Message).decode
_encode = msgspec.json.Encoder().encode
_BETWEEN = "\n"


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message that waits. ``why`` names categories, terms and limits."""

    message: Message
    why: tuple[str, ...]
    created_at: datetime


def held_for(why: Sequence[str]) -> str:
    """Reasons as they are kept beside a message."""
    return _BETWEEN.join(why)[:200]


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
        return [HeldMessage(_decode(row.body), _reasons(row.held_for), row.created_at) for row in rows]

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
    query = select(messages.c.author, messages.c.body, messages.c.media_ms, messages.c.state, messages.c.text).where(at)
    row = (await act.connection.execute(query)).one_or_none()
    if row is None:
        raise _absent()
    if row.state != state:
        raise Conflict(ErrorCode.ALREADY_DECIDED, "This message was decided already.")
    if let_through:
        unix_ms = round(act.now.timestamp() * 1000)
        shown = msgspec.structs.replace(_decode(row.body), at=unix_ms)
        values = {"state": MessageState.VISIBLE, "seq": act.post(shown), "body": _encode(shown).decode()}
        if not shown.media:
            values["media_ms"] = unix_ms
        await _count(act, AccountId(row.author))
    else:
        values = {"state": MessageState.REJECTED}
    await act.connection.execute(update(messages).where(at).values(**values))
    act.tell(Decided(id=message, let_through=let_through, by="" if by is None else await act.name(by)))
    action = ModerationAction.LET_THROUGH if let_through else ModerationAction.REJECT
    await act.log(action, by=by, subject=AccountId(row.author), message=message, reason=reason, data={"text": row.text})


async def _count(act: Act, author: AccountId) -> None:
    at = (members.c.channel == act.channel) & (members.c.account == author)
    values = {
        "first_at": func.coalesce(members.c.first_at, act.now),
        "last_at": act.now,
        "messages": members.c.messages + 1,
    }
    await act.connection.execute(update(members).where(at).values(**values))


def _reasons(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(_BETWEEN)) if text else ()


def _absent() -> NotFound:
    return NotFound(ErrorCode.MESSAGE_NOT_FOUND, "There is no such message here, or it is gone.")
