"""What somebody is to a channel, in one question to the database."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select

from storage.database.channel_rows import CHANNEL_COLUMNS, AnyRow, with_tags
from storage.database.repository import Repository
from storage.database.tables import account as accounts
from storage.database.tables import channel as channels
from storage.database.tables import channel_ban, channel_role, follow
from storage.model.account import AccountRole
from storage.model.channel import Channel, ChannelRole, Standing
from storage.model.ids import AccountId, ChannelName


class StandingRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline.

    ``operator`` of a standing says what the account is, whatever the token that asks may do.
    """

    async def of(self, account: AccountId | None, name: ChannelName) -> tuple[Channel, Standing] | None:
        """A channel and what an account, or a stranger, is to it; None if there is no such channel."""
        found = await self._of(account, channels.c.name == name)
        return found[0] if found else None

    async def of_several(self, account: AccountId | None, names: Sequence[ChannelName]) -> dict[ChannelName, tuple[Channel, Standing]]:
        """The same for at most 500 channels; unknown ones are left out."""
        found = await self._of(account, channels.c.name.in_(list(names))) if names else []
        return {channel.name: (channel, standing) for channel, standing in found}

    async def _of(self, account: AccountId | None, which: ColumnElement[bool]) -> list[tuple[Channel, Standing]]:
        # Nobody's id is empty.
        who = account or ""
        now = self._now()
        banned = and_(channel_ban.c.account == who, or_(channel_ban.c.expires_at.is_(None), channel_ban.c.expires_at > now))
        query = (
            select(
                *CHANNEL_COLUMNS,
                channel_role.c.role,
                follow.c.account.label("follower"),
                channel_ban.c.account.label("banned"),
                accounts.c.role.label("account_role"),
            )
            .outerjoin(channel_role, and_(channel_role.c.channel == channels.c.id, channel_role.c.account == who))
            .outerjoin(follow, and_(follow.c.channel == channels.c.id, follow.c.account == who))
            .outerjoin(channel_ban, and_(channel_ban.c.channel == channels.c.id, banned))
            .outerjoin(accounts, accounts.c.id == who)
            .where(which)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
            found = await with_tags(connection, rows)
        return [(channel, _standing(row, account)) for channel, row in zip(found, rows, strict=True)]


def _standing(row: AnyRow, account: AccountId | None) -> Standing:
    if account is None:
        return Standing()
    return Standing(
        signed_in=True,
        operator=row.account_role == AccountRole.OPERATOR,
        owner=row.owner == account,
        role=ChannelRole(row.role) if row.role else None,
        follows=row.follower is not None,
        banned=row.banned is not None,
    )
