"""Whom accounts want to hear nothing of."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from storage.database.repository import Repository, hold
from storage.database.tables import account as accounts
from storage.database.tables import block as blocks
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName

MOST_BLOCKS = 1000
"""Accounts one account blocks."""


class BlockRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def block(self, account: AccountId, blocked: AccountId) -> None:
        """Block an account; nothing happens if it is blocked.

        Raises:
            NotFound: ``ACCOUNT_NOT_FOUND``; it is gone.
            Conflict: ``LIMIT_REACHED``.
        """
        at = (blocks.c.account == account) & (blocks.c.blocked == blocked)
        try:
            async with self._database.transaction() as connection:
                await hold(connection, accounts, account)
                if await connection.scalar(select(blocks.c.blocked).where(at)):
                    return
                count = await connection.scalar(select(func.count()).select_from(blocks).where(blocks.c.account == account))
                if int(count or 0) >= MOST_BLOCKS:
                    raise Conflict(ErrorCode.LIMIT_REACHED, f"An account blocks at most {MOST_BLOCKS} others.", limit=MOST_BLOCKS)
                await connection.execute(insert(blocks).values(account=account, blocked=blocked, created_at=self._now()))
        except IntegrityError:
            raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.") from None

    async def unblock(self, account: AccountId, blocked: AccountId) -> None:
        """Block an account no more; nothing happens if it was not blocked."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(blocks).where(blocks.c.account == account, blocks.c.blocked == blocked))

    async def who_block(self, blocked: str, among: Sequence[AccountId]) -> set[AccountId]:
        """Those of at most 500 accounts who want to hear nothing of the account of that name."""
        query = (
            select(blocks.c.account)
            .join(accounts, accounts.c.id == blocks.c.blocked)
            .where(blocks.c.account.in_(list(among)), accounts.c.name == blocked)
        )
        async with self._database.transaction() as connection:
            return {AccountId(found) for found in await connection.scalars(query)}

    async def list(self, account: AccountId, *, after: str = "", limit: int = 100) -> Sequence[tuple[AccountName, str]]:
        """Name and display name of whom an account blocks, by name, those after the account name ``after``."""
        query = (
            select(accounts.c.name, accounts.c.display_name)
            .join(blocks, blocks.c.blocked == accounts.c.id)
            .where(blocks.c.account == account, accounts.c.name > after)
            .order_by(accounts.c.name)
            .limit(limit)
        )
        async with self._database.transaction() as connection:
            return [(AccountName(row.name), row.display_name) for row in (await connection.execute(query)).all()]
