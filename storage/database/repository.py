"""What the repositories share: the database, the clock, new ids."""

from datetime import datetime

from sqlalchemy import Table, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.clock import Clock, utc_now
from storage.database.engine import Database
from storage.model.ids import RecordId, new_record_id


class Repository:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def _new_id(self) -> RecordId:
        return new_record_id(self._clock.unix_ns() // 1_000_000)

    def _now(self) -> datetime:
        return utc_now(self._clock)


async def hold(connection: AsyncConnection, table: Table, identifier: str) -> None:
    """Keep a record from everybody else who wants to hold it until the transaction is over: so two at once don't both find room.

    It is written, unchanged: SQLite has no other lock, and PostgreSQL still lets others refer to it.
    """
    await connection.execute(update(table).where(table.c.id == identifier).values(id=table.c.id))
