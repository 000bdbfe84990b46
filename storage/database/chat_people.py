"""Who writes in a channel, and what its team knows of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from storage.chat.events import Message
from storage.database.channel_rows import AnyRow
from storage.database.chat_members import MEMBER_COLUMNS, member_of
from storage.database.chat_rows import MESSAGE_COLUMNS, told
from storage.database.repository import Repository
from storage.database.tables import account as accounts
from storage.database.tables import channel as channels
from storage.database.tables import channel_ban, channel_role, follow
from storage.database.tables import chat_action as actions
from storage.database.tables import chat_member as members
from storage.database.tables import chat_message as messages
from storage.database.tables import chat_note as notes
from storage.model.account import AccountRole
from storage.model.channel import ChannelRole
from storage.model.chat import MessageState, ModerationAction, Suspicion
from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId
from storage.model.moderation import CardRecord, Chatter

_GONE = (MessageState.DELETED, MessageState.REJECTED)


class PeopleRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def active(self, channel: ChannelId, *, before: str = "", limit: int = 25) -> Sequence[tuple[str, Chatter]]:
        """Who wrote last, newest first, with their places in the list; those behind the place ``before``."""
        last = members.c.last_at
        query = _chatters(channel).where(last.is_not(None)).order_by(last.desc(), members.c.account).limit(limit)
        if before:
            text, _, account = before.partition(" ")
            moment = datetime.fromisoformat(text)
            query = query.where((last < moment) | ((last == moment) & (members.c.account > account)))
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return [(f"{row.last_at.isoformat()} {row.id}", _chatter(row)) for row in rows]

    async def suspicious(self, channel: ChannelId, *, after: str = "", limit: int = 25) -> Sequence[Chatter]:
        """Whom the team watches, by name, those after the name ``after``."""
        return await self._named(channel, members.c.suspicion.in_([Suspicion.MONITORED, Suspicion.RESTRICTED]), after, limit)

    async def muted(self, channel: ChannelId, *, after: str = "", limit: int = 25) -> Sequence[Chatter]:
        """Who may not write now, by name, those after the name ``after``."""
        return await self._named(channel, members.c.muted_until > self._now(), after, limit)

    async def card(self, channel: ChannelId, account: AccountId) -> CardRecord:
        """Everything at once. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
        who = accounts.c.id == account
        banned = and_(channel_ban.c.channel == channel, channel_ban.c.account == account)
        query = (
            select(
                *_COLUMNS,
                accounts.c.avatar,
                accounts.c.created_at,
                accounts.c.email_verified_at,
                accounts.c.role.label("account_role"),
                channels.c.owner,
                follow.c.created_at.label("followed_at"),
                channel_ban.c.reason.label("ban_reason"),
                channel_ban.c.expires_at.label("banned_until"),
            )
            .select_from(accounts)
            .outerjoin(members, and_(members.c.channel == channel, members.c.account == account))
            .outerjoin(channel_role, and_(channel_role.c.channel == channel, channel_role.c.account == account))
            .outerjoin(follow, and_(follow.c.channel == channel, follow.c.account == account))
            .outerjoin(channels, channels.c.id == channel)
            .outerjoin(channel_ban, and_(banned, or_(channel_ban.c.expires_at.is_(None), channel_ban.c.expires_at > self._now())))
            .where(who)
        )
        here = and_(messages.c.channel == channel, messages.c.author == account)
        gone = select(func.count()).select_from(messages).where(here, messages.c.state.in_(_GONE))
        noted = select(func.count()).select_from(notes).where(notes.c.channel == channel, notes.c.account == account)
        acted = (
            select(actions.c.action, func.count())
            .where(actions.c.channel == channel, actions.c.subject == account)
            .group_by(actions.c.action)
        )
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.")
            return CardRecord(
                chatter=_chatter(row),
                avatar=row.avatar,
                created_at=row.created_at,
                verified=row.email_verified_at is not None,
                owner=row.owner == account,
                operator=row.account_role == AccountRole.OPERATOR,
                followed_at=row.followed_at,
                ban_reason=row.ban_reason,
                banned_until=row.banned_until,
                deleted=int(await connection.scalar(gone) or 0),
                notes=int(await connection.scalar(noted) or 0),
                actions={ModerationAction(action): count for action, count in await connection.execute(acted)},
            )

    async def messages(
        self, channel: ChannelId, account: AccountId, *, before: str = "", limit: int = 25
    ) -> Sequence[tuple[Message, MessageState]]:
        """What an account wrote here, whatever became of it, newest first, those before the message ``before``."""
        query = (
            select(*MESSAGE_COLUMNS, messages.c.state)
            .where(messages.c.channel == channel, messages.c.author == account)
            .order_by(messages.c.id.desc())
            .limit(limit)
        )
        if before:
            query = query.where(messages.c.id < before)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
            found = await told(connection, rows)
        return [(message, MessageState(row.state)) for (_, message), row in zip(found, rows, strict=True)]

    async def _named(self, channel: ChannelId, which: ColumnElement[bool], after: str, limit: int) -> Sequence[Chatter]:
        query = _chatters(channel).where(which, accounts.c.name > after).order_by(accounts.c.name).limit(limit)
        async with self._database.transaction() as connection:
            return [_chatter(row) for row in (await connection.execute(query)).all()]


_COLUMNS = (
    accounts.c.id,
    accounts.c.name,
    accounts.c.display_name,
    accounts.c.colour,
    channel_role.c.role,
    *MEMBER_COLUMNS,
)


def _chatters(channel: ChannelId) -> Select[Any]:
    return (
        select(*_COLUMNS)
        .select_from(members)
        .join(accounts, accounts.c.id == members.c.account)
        .outerjoin(channel_role, and_(channel_role.c.channel == channel, channel_role.c.account == members.c.account))
        .where(members.c.channel == channel)
    )


def _chatter(row: AnyRow) -> Chatter:
    return Chatter(
        account=AccountName(row.name),
        display_name=row.display_name,
        colour=row.colour,
        role=ChannelRole(row.role) if row.role else None,
        member=member_of(row),
    )
