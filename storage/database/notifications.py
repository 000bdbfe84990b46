"""What accounts are told in the application; forgotten after a month."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import and_, delete, insert, select, update

from storage.database.chat_act import Act
from storage.database.repository import Repository
from storage.database.tables import channel as channels
from storage.database.tables import channel_ban, channel_role, follow
from storage.database.tables import notification as notifications
from storage.model.channel import Visibility
from storage.model.ids import AccountId, ChannelId, ChannelName, RecordId, new_record_id
from storage.model.notification import Notification, NotificationKind

TOLD_AT_ONCE = 500
"""Followers told in one transaction."""
KEPT = timedelta(days=30)


class NotificationRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def tell_followers(self, channel: ChannelId, title: str, *, after: str = "") -> str:
        """Tell some of a channel's followers that it is live, those after the account id ``after``.

        Returns:
            Where the next call goes on, empty when all are told. Whoever is banned, or may not see a channel any more that opens
            to named accounts, is left out.
        """
        now = self._now()
        closed = select(channels.c.id).where(channels.c.id == channel, channels.c.visibility == Visibility.NAMED).exists()
        named = select(channel_role.c.account).where(channel_role.c.channel == channel, channel_role.c.account == follow.c.account).exists()
        banned = select(channel_ban.c.account).where(channel_ban.c.channel == channel, channel_ban.c.account == follow.c.account).exists()
        query = (
            select(follow.c.account, follow.c.notify, and_(~banned, ~closed | named).label("may"))
            .where(follow.c.channel == channel, follow.c.account > after)
            .order_by(follow.c.account)
            .limit(TOLD_AT_ONCE)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
            told = [
                {
                    "id": self._new_id(),
                    "account": row.account,
                    "kind": NotificationKind.LIVE,
                    "channel": channel,
                    "data": title,
                    "created_at": now,
                }
                for row in rows
                if row.notify and row.may
            ]
            if told:
                await connection.execute(insert(notifications), told)
        return rows[-1].account if len(rows) == TOLD_AT_ONCE else ""

    async def list(self, account: AccountId, *, before: str = "", limit: int = 100) -> Sequence[Notification]:
        """What an account was told, newest first, those before the notification ``before``."""
        query = (
            select(notifications, channels.c.name)
            .outerjoin(channels, channels.c.id == notifications.c.channel)
            .where(notifications.c.account == account)
            .order_by(notifications.c.id.desc())
            .limit(limit)
        )
        if before:
            query = query.where(notifications.c.id < before)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Notification(
                id=RecordId(row.id),
                kind=NotificationKind(row.kind),
                channel=None if row.name is None else ChannelName(row.name),
                text=row.data,
                created_at=row.created_at,
                read_at=row.read_at,
            )
            for row in rows
        ]

    async def read(self, account: AccountId) -> None:
        """Everything told so far was read."""
        at = (notifications.c.account == account) & notifications.c.read_at.is_(None)
        async with self._database.transaction() as connection:
            await connection.execute(update(notifications).where(at).values(read_at=self._now()))

    async def forget_old(self) -> None:
        """Forget what was told more than a month ago."""
        # Ids begin with their time.
        oldest = new_record_id(int((self._now() - KEPT).timestamp() * 1000))
        async with self._database.transaction() as connection:
            await connection.execute(delete(notifications).where(notifications.c.id < oldest))


async def tell_unbanned(act: Act, account: AccountId) -> None:
    """Tell an account that it may come into the act's room again."""
    identifier = new_record_id(round(act.now.timestamp() * 1000))
    values = {"id": identifier, "account": account, "kind": NotificationKind.UNBANNED, "channel": act.channel, "data": ""}
    await act.connection.execute(insert(notifications).values(**values, created_at=act.now))
