"""Roles in channels: moderators, VIPs, and those who may watch where only named accounts may."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import delete, func, insert, select, update

from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.tables import account as accounts
from storage.database.tables import channel_role as roles
from storage.model.channel import ChannelRole, RoleGiven
from storage.model.chat import ModerationAction
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId

MOST_ROLES = 1000
"""Accounts with a role in one channel."""

MADE: Mapping[ChannelRole | None, ModerationAction] = MappingProxyType(
    {ChannelRole.MODERATOR: ModerationAction.MAKE_MODERATOR, ChannelRole.VIP: ModerationAction.MAKE_VIP}
)
UNMADE: Mapping[ChannelRole | None, ModerationAction] = MappingProxyType(
    {ChannelRole.MODERATOR: ModerationAction.UNMAKE_MODERATOR, ChannelRole.VIP: ModerationAction.UNMAKE_VIP}
)
"""What the log calls it; that somebody may watch is none of the room's."""


class RoleRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def give(self, channel: ChannelId, account: AccountId, role: ChannelRole, *, by: AccountId | None) -> Acted:
        """Give an account a role instead of the one it has.

        Raises:
            NotFound: ``ACCOUNT_NOT_FOUND``; the account is gone.
            Conflict: ``LIMIT_REACHED``.
        """
        async with self._act(channel) as act:
            await set_role(act, account, role, by=by)
        return done(act)

    async def take(self, channel: ChannelId, account: AccountId, *, by: AccountId | None = None, only: ChannelRole | None = None) -> Acted:
        """Take an account's role away. Raises ``NotFound(NOT_FOUND)``; it has none, or not the ``only`` one."""
        async with self._act(channel) as act:
            before = await set_role(act, account, None, by=by)
            if before is None or only not in (None, before):
                raise NotFound(ErrorCode.NOT_FOUND, "This account has no such role here.")
        return done(act)

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


async def set_role(act: Act, account: AccountId, role: ChannelRole | None, *, by: AccountId | None) -> ChannelRole | None:
    """Give an account a role instead of the one it has, or take that away; returns the one it had."""
    at = (roles.c.channel == act.channel) & (roles.c.account == account)
    await act.tell_standing(account)
    found = await act.connection.scalar(select(roles.c.role).where(at))
    before = None if found is None else ChannelRole(found)
    if role is None:
        await act.connection.execute(delete(roles).where(at))
    elif before is not None:
        await act.connection.execute(update(roles).where(at).values(role=role, given_by=by))
    else:
        count = await act.connection.scalar(select(func.count()).select_from(roles).where(roles.c.channel == act.channel))
        if int(count or 0) >= MOST_ROLES:
            raise Conflict(ErrorCode.LIMIT_REACHED, f"A channel gives roles to at most {MOST_ROLES} accounts.", limit=MOST_ROLES)
        values = {"channel": act.channel, "account": account, "role": role, "given_by": by, "created_at": act.now}
        await act.connection.execute(insert(roles).values(**values))
    action = MADE.get(role) if role is not before else None
    action = action or (UNMADE.get(before) if role is not before else None)
    if action is not None:
        await act.log(action, by=by, subject=account, before={"role": before, "after": role})
    return before
