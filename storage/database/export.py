"""Everything that is kept about an account, for the account (GDPR articles 15 and 20)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, LargeBinary, Table, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.engine import Database
from storage.database.tables import account as accounts
from storage.database.tables import audit, idempotent_request, metadata
from storage.database.tables import channel as channels
from storage.model.ids import AccountId

MOST_ROWS = 5_000
"""Rows of one table that are told; only logs grow beyond that."""

SECRETS = frozenset({"password_hash"})
"""Columns left out, beside all that hold bytes: digests, sealed secrets, public keys."""

OF_ACTORS = (audit, idempotent_request)
"""Tables that name an account as ``actor``, without a foreign key: they outlive it."""

OF_PEOPLE = frozenset({"chat_action", "chat_appeal", "chat_event", "chat_member", "chat_message", "chat_note", "chat_room"})
"""Tables whose rows in a channel are about those who wrote there, not about its owner."""

OF_TEAMS = frozenset({("chat_note", "account"), ("chat_action", "subject")})
"""What a channel's team wrote for itself about an account is the team's (GDPR article 15 paragraph 4)."""

Value = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Export:
    """Rows by table. ``cut`` names the tables that have more."""

    records: Mapping[str, Sequence[Mapping[str, Value]]]
    cut: Sequence[str]


class ExportRepository:
    """Finds the tables by their foreign keys, so that a new one can't be forgotten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, account: AccountId) -> Export:
        """Read it all. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        records: dict[str, Sequence[Mapping[str, Value]]] = {}
        async with self._database.transaction() as connection:
            for table in metadata.sorted_tables:
                rows = await _rows(connection, table, account)
                if rows:
                    records[table.name] = rows
        cut = [name for name, rows in records.items() if len(rows) > MOST_ROWS]
        return Export({name: rows[:MOST_ROWS] for name, rows in records.items()}, cut)


async def _rows(connection: AsyncConnection, table: Table, account: AccountId) -> Sequence[Mapping[str, Value]]:
    conditions = _about(table, account)
    columns = [column for column in table.columns if column.name not in SECRETS and not isinstance(column.type, LargeBinary)]
    if not conditions or not columns:
        return []
    found = await connection.execute(select(*columns).where(or_(*conditions)).limit(MOST_ROWS + 1))
    return [{name: _plain(value) for name, value in row.items()} for row in found.mappings()]


def _about(table: Table, account: AccountId) -> list[ColumnElement[bool]]:
    """What makes a row one of the account's: it names the account, or a channel of theirs."""
    if table is accounts:
        return [accounts.c.id == account]
    if table in OF_ACTORS:
        return [table.c.actor == account]
    own = select(channels.c.id).where(channels.c.owner == account)
    conditions: list[ColumnElement[bool]] = []
    for column in table.columns:
        for key in column.foreign_keys:
            if key.column.table is accounts and (table.name, column.name) not in OF_TEAMS:
                conditions.append(column == account)
            elif key.column.table is channels and table.name not in OF_PEOPLE:
                conditions.append(column.in_(own))
    return conditions


def _plain(value: object) -> Value:
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | bool):
        return value
    return str(value)
