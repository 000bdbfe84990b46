"""Roles in channels: moderators, VIPs, and those who may watch where only named accounts may."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.database.repository import Repository, hold
from storage.database.tables import account as accounts
from storage.database.tables import channel as channels
from storage.database.tables import channel_role as roles
from storage.model.channel import ChannelRole, RoleGiven
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId

MOST_ROLES = 1000
"""Accounts with a role in one channel."""


class RoleRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def give(self, channel: ChannelId, account: AccountId, role: ChannelRole, *, by: AccountId | None) -> None:
        """Give an account a role instead of the one it has.

        Raises:
            NotFound: ``ACCOUNT_NOT_FOUND``; the account or the channel is gone.
            Conflict: ``LIMIT_REACHED``.
        """
        at = (roles.c.channel == channel) & (roles.c.account == account)
        try:
            async with self._database.transaction() as connection:
                await hold(connection, channels, channel)
                if (await connection.execute(update(roles).where(at).values(role=role, given_by=by))).rowcount:
                    return
                count = await connection.scalar(select(func.count()).select_from(roles).where(roles.c.channel == channel))
                if int(count or 0) >= MOST_ROLES:
                    raise Conflict(ErrorCode.LIMIT_REACHED, f"A channel gives roles to at most {MOST_ROLES} accounts.", limit=MOST_ROLES)
                values = {"channel": channel, "account": account, "role": role, "given_by": by, "created_at": self._now()}
                await connection.execute(insert(roles).values(**values))
        except IntegrityError:
            raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.") from None

    async def take(self, channel: ChannelId, account: AccountId) -> None:
        """Take an account's role away. Raises ``NotFound(NOT_FOUND)``; it has none."""
        async with self._database.transaction() as connection:
            taken = await connection.execute(delete(roles).where(roles.c.channel == channel, roles.c.account == account))
        if taken.rowcount == 0:
            raise NotFound(ErrorCode.NOT_FOUND, "This account has no role here.")

    async def list(self, channel: ChannelId, *, after: str = "", limit: int = 100) -> Sequence[RoleGiven]:
        """Who has a role, by name, those after the account name ``after``."""
        query = (
            select(roles.c.account, roles.c.role, roles.c.created_at, accounts.c.name, accounts.c.display_name)
            .join(accounts, accounts.c.id == roles.c.account)
            .where(roles.c.channel == channel, accounts.c.name > after)
            .order_by(accounts.c.name)
            .limit(limit)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return [
            RoleGiven(AccountId(row.account), AccountName(row.name), row.display_name, ChannelRole(row.role), row.created_at)
            for row in rows
        ]
