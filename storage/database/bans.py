"""Accounts banned from channels, for a time or for good."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from storage.database.repository import Repository, hold
from storage.database.tables import account as accounts
from storage.database.tables import channel as channels
from storage.database.tables import channel_ban as bans
from storage.model.channel import ChannelBan
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId

REASON_LENGTH = 300
"""Characters."""
MOST_BANS = 10_000
"""Accounts banned from one channel."""


class BanRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def ban(
        self, channel: ChannelId, account: AccountId, *, by: AccountId | None, reason: str = "", expires_at: datetime | None = None
    ) -> None:
        """Ban an account, or change its ban.

        Raises:
            BadInput: ``BAD_REQUEST``; the reason is too long.
            NotFound: ``ACCOUNT_NOT_FOUND``; the account or the channel is gone.
            Conflict: ``LIMIT_REACHED``.
        """
        if len(reason) > REASON_LENGTH or not reason.isprintable():
            raise BadInput(ErrorCode.BAD_REQUEST, f"A reason is at most {REASON_LENGTH} printable characters.", field="reason")
        now = self._now()
        values = {"banned_by": by, "reason": reason, "created_at": now, "expires_at": expires_at}
        at = (bans.c.channel == channel) & (bans.c.account == account)
        try:
            async with self._database.transaction() as connection:
                await hold(connection, channels, channel)
                if (await connection.execute(update(bans).where(at).values(**values))).rowcount:
                    return
                await connection.execute(delete(bans).where(bans.c.channel == channel, bans.c.expires_at < now))
                count = await connection.scalar(select(func.count()).select_from(bans).where(bans.c.channel == channel))
                if int(count or 0) >= MOST_BANS:
                    raise Conflict(ErrorCode.LIMIT_REACHED, f"A channel bans at most {MOST_BANS} accounts.", limit=MOST_BANS)
                await connection.execute(insert(bans).values(channel=channel, account=account, **values))
        except IntegrityError:
            raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.") from None

    async def lift(self, channel: ChannelId, account: AccountId) -> None:
        """Lift a ban. Raises ``NotFound(NOT_FOUND)``; there is none."""
        async with self._database.transaction() as connection:
            lifted = await connection.execute(delete(bans).where(bans.c.channel == channel, bans.c.account == account))
        if lifted.rowcount == 0:
            raise NotFound(ErrorCode.NOT_FOUND, "This account is not banned here.")

    async def list(self, channel: ChannelId, *, after: str = "", limit: int = 100) -> Sequence[ChannelBan]:
        """Who is banned now, by name, those after the account name ``after``."""
        query = (
            select(bans.c.account, bans.c.reason, bans.c.created_at, bans.c.expires_at, accounts.c.name, accounts.c.display_name)
            .join(accounts, accounts.c.id == bans.c.account)
            .where(bans.c.channel == channel, accounts.c.name > after, or_(bans.c.expires_at.is_(None), bans.c.expires_at > self._now()))
            .order_by(accounts.c.name)
            .limit(limit)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return [
            ChannelBan(AccountId(row.account), AccountName(row.name), row.display_name, row.reason, row.created_at, row.expires_at)
            for row in rows
        ]
