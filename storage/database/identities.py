"""Who is who at which provider: the link between an account and an external login."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.clock import Clock, utc_now
from storage.database.accounts import insert_account
from storage.database.engine import Database
from storage.database.rows import ACCOUNT_COLUMNS, account_of
from storage.database.tables import account as accounts
from storage.database.tables import identity as identities
from storage.model.account import Account
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId


@dataclass(frozen=True, slots=True)
class Identity:
    """An account's login at a provider."""

    issuer: str
    subject: str
    email: str | None
    created_at: datetime
    used_at: datetime | None


class IdentityRepository:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def account(self, issuer: str, subject: str) -> Account | None:
        """Whose login it is; noted as used. None if it is nobody's yet."""
        mine = (identities.c.issuer == issuer) & (identities.c.subject == subject)
        query = select(*ACCOUNT_COLUMNS).select_from(accounts.join(identities, identities.c.account == accounts.c.id)).where(mine)
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).one_or_none()
            if row is not None:
                await connection.execute(update(identities).where(mine).values(used_at=utc_now(self._clock)))
        return None if row is None else account_of(row)

    async def link(self, account: AccountId, issuer: str, subject: str, email: str | None) -> None:
        """Add a login to an account. Raises ``Conflict(IDENTITY_TAKEN)``; it is another account's, or this one's already."""
        try:
            async with self._database.transaction() as connection:
                await connection.execute(insert(identities).values(**self._values(account, issuer, subject, email)))
        except IntegrityError:
            raise _taken() from None

    async def create(self, made: Account, issuer: str, subject: str, email: str | None) -> None:
        """Write a new account together with its login. Raises ``Conflict(ACCOUNT_EXISTS)`` and ``Conflict(IDENTITY_TAKEN)``."""
        try:
            async with self._database.transaction() as connection:
                await insert_account(connection, made, None)
                await connection.execute(insert(identities).values(**self._values(made.id, issuer, subject, email)))
        except IntegrityError:
            raise _taken() from None

    async def list(self, account: AccountId) -> Sequence[Identity]:
        """An account's logins, oldest first."""
        query = select(identities).where(identities.c.account == account).order_by(identities.c.created_at, identities.c.issuer)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return [Identity(row.issuer, row.subject, row.email, row.created_at, row.used_at) for row in rows]

    async def unlink(self, account: AccountId, issuer: str) -> None:
        """Take an account's logins at a provider away.

        Raises:
            NotFound: ``NOT_FOUND``.
            Conflict: ``LAST_LOGIN``; without it there would be no way to sign in any more.
        """
        mine = (identities.c.account == account) & (identities.c.issuer == issuer)
        others = select(identities.c.issuer).where(identities.c.account == account, identities.c.issuer != issuer).limit(1)
        password = select(accounts.c.password_hash).where(accounts.c.id == account).with_for_update()
        async with self._database.transaction() as connection:
            has_password = (await connection.execute(password)).scalar_one_or_none() is not None
            if (await connection.execute(delete(identities).where(mine))).rowcount == 0:
                raise NotFound(ErrorCode.NOT_FOUND, "You have no login there.")
            if not has_password and (await connection.execute(others)).first() is None:
                raise Conflict(ErrorCode.LAST_LOGIN, "This is the only way you can sign in. Set a password first.")

    def _values(self, account: AccountId, issuer: str, subject: str, email: str | None) -> dict[str, object]:
        now = utc_now(self._clock)
        return {"account": account, "issuer": issuer, "subject": subject, "email": email, "created_at": now, "used_at": now}


def _taken() -> Conflict:
    return Conflict(ErrorCode.IDENTITY_TAKEN, "This login belongs to an account already.")
