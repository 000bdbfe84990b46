"""The keys tokens are signed with. Private halves are sealed before they come here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.database.engine import Database
from storage.database.tables import signing_key as keys
from storage.model.token import PublicKey


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as it is kept."""

    key: PublicKey
    sealed: bytes


class SigningKeyRepository:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self) -> list[StoredKey]:
        """Every key, oldest first."""
        async with self._database.transaction() as connection:
            rows = (await connection.execute(select(keys).order_by(keys.c.created_at, keys.c.kid))).all()
        return [StoredKey(PublicKey(row.kid, bytes.fromhex(row.public), row.created_at, row.retired_at), row.private) for row in rows]

    async def add(self, made: StoredKey, *, instead_of: str | None) -> bool:
        """Write a new key and retire the one it follows, at the time the new one was made; False if another process did so first."""
        values = {"kid": made.key.kid, "private": made.sealed, "public": made.key.public.hex(), "created_at": made.key.created_at}
        try:
            async with self._database.transaction() as connection:
                if instead_of is not None:
                    newest = (keys.c.kid == instead_of) & keys.c.retired_at.is_(None)
                    retired = await connection.execute(update(keys).where(newest).values(retired_at=made.key.created_at))
                    if retired.rowcount == 0:
                        return False
                await connection.execute(insert(keys).values(**values))
        except IntegrityError:
            return False
        return True

    async def retire(self, kids: list[str], at: datetime) -> None:
        """Say that keys were retired at a time, which may be long ago: then nothing they signed is good any more."""
        async with self._database.transaction() as connection:
            await connection.execute(update(keys).where(keys.c.kid.in_(kids)).values(retired_at=at))

    async def forget(self, kids: list[str]) -> None:
        """Delete keys that vouch for nothing any more."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(keys).where(keys.c.kid.in_(kids)))
