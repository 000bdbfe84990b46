"""One-time tokens: shown once, kept as digests."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import secrets
from storage.clock import Clock, utc_now
from storage.database.engine import Database
from storage.database.tables import one_time_token as tokens
from storage.model.errors import ErrorCode, Refused
from storage.model.ids import AccountId
from storage.model.one_time import LIFE, OneTime, Purpose


class OneTimeTokens:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def issue(self, purpose: Purpose, *, account: AccountId | None = None, data: str = "", life: timedelta | None = None) -> str:
        """A new token, good as long as its purpose says or for ``life``.

        Earlier ones for the same purpose end: those of the same account, and every one that sets the instance up.
        """
        token = secrets.new_one_time_token()
        now = self._now()
        values = {"digest": secrets.digest(token), "purpose": purpose, "account": account, "data": data}
        earlier = delete(tokens).where(tokens.c.purpose == purpose, tokens.c.account == account)
        if purpose is Purpose.SETUP:
            earlier = delete(tokens).where(tokens.c.purpose == purpose)
        async with self._database.transaction() as connection:
            if account is not None or purpose is Purpose.SETUP:
                await connection.execute(earlier)
            await connection.execute(delete(tokens).where(tokens.c.expires_at < now))
            await connection.execute(insert(tokens).values(**values, created_at=now, expires_at=now + (life or LIFE[purpose])))
        return token

    async def look(self, purpose: Purpose, token: str) -> OneTime:
        """What a token would do, without using it. Raises ``Refused(LINK_REFUSED)``."""
        query = select(tokens).where(
            tokens.c.digest == secrets.digest(token),
            tokens.c.purpose == purpose,
            tokens.c.used_at.is_(None),
            tokens.c.expires_at > self._now(),
        )
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).one_or_none()
        return _one_time(row)

    def _now(self) -> datetime:
        return utc_now(self._clock)


async def use(connection: AsyncConnection, purpose: Purpose, token: str, now: datetime) -> OneTime:
    """Use a token as part of a transaction: of several at once one wins. Raises ``Refused(LINK_REFUSED)``."""
    statement = update(tokens).where(
        tokens.c.digest == secrets.digest(token), tokens.c.purpose == purpose, tokens.c.used_at.is_(None), tokens.c.expires_at > now
    )
    row = (await connection.execute(statement.values(used_at=now).returning(tokens))).one_or_none()
    return _one_time(row)


def _one_time(row: Row[Any] | None) -> OneTime:
    if row is None:
        raise Refused(ErrorCode.LINK_REFUSED, "The link was used before, is too old, or is not one of ours. Ask for a new one.")
    return OneTime(Purpose(row.purpose), None if row.account is None else AccountId(row.account), row.data, row.expires_at)
