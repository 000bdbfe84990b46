"""Connections to the database, transactions under a deadline, and bringing its tables up to date."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from storage.metrics import DATABASE_FAILURES
from storage.model.errors import BadInput, ErrorCode, Unavailable

DEADLINE = 1.8
"""Seconds a transaction may take, waiting for a connection and for locks included: a request that meets a hung server ends within two."""

MIGRATION_DEADLINE = 300.0
_MIGRATION_LOCK = 0x66616E6C
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


class Database:
    """SQLite or PostgreSQL. Opens no connection before the first transaction."""

    def __init__(self, place: str | Path, *, deadline: float = DEADLINE) -> None:
        """Open the address of a database, or the SQLite file at a path."""
        self._deadline = deadline
        parsed = _parsed(place) if isinstance(place, str) else URL.create(_DRIVERS["sqlite"], database=str(place))
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._engine = create_async_engine(parsed, connect_args={"timeout": deadline}, pool_timeout=deadline)
            event.listen(self._engine.sync_engine, "connect", _prepare_sqlite)
        else:
            self._engine = create_async_engine(
                parsed,
                pool_size=5,
                max_overflow=5,
                pool_timeout=deadline / 2,
                connect_args={
                    "timeout": deadline,
                    "command_timeout": deadline,
                    "server_settings": {"application_name": "fanlight", "statement_timeout": str(int(deadline * 1000))},
                },
            )
            event.listen(self._engine.sync_engine.pool, "checkout", _look)
            event.listen(self._engine.sync_engine.pool, "invalidate", _cut_off)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Run statements together.

        Raises:
            Unavailable: ``DATABASE_UNAVAILABLE``; it did not answer within the deadline. Only if that happened during the
                commit something may have been written.
        """
        try:
            async with asyncio.timeout(self._deadline), self._engine.begin() as connection:
                yield connection
        except (OSError, PoolTimeoutError) as error:
            raise _unavailable(error) from error
        except DBAPIError as error:
            if error.connection_invalidated or _is_passing(error):
                raise _unavailable(error) from error
            raise

    async def ping(self) -> None:
        """Ask for a sign of life. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        async with self.transaction() as connection:
            await connection.execute(text("SELECT 1"))

    async def migrate(self) -> None:
        """Create the tables or bring them up to date; several nodes may do so at once.

        Raises:
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        try:
            async with asyncio.timeout(MIGRATION_DEADLINE), self._engine.begin() as connection:
                if not self.is_sqlite:
                    await connection.execute(text("SET LOCAL statement_timeout = 0"))
                    await connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
                await connection.run_sync(_upgrade)
        except (OSError, SQLAlchemyError) as error:
            raise _unavailable(error) from error

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadInput(ErrorCode.SETTINGS_INVALID, "DATABASE_URL is not a database's address.") from None
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise BadInput(ErrorCode.SETTINGS_INVALID, "DATABASE_URL must start with postgresql:// or sqlite:///.")
    query = dict(parsed.query)
    if driver.endswith("asyncpg") and (mode := query.pop("sslmode", None)):
        # What libpq calls sslmode, asyncpg calls ssl.
        query["ssl"] = mode
    return parsed.set(drivername=driver, query=query)


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _look(connection: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Take no connection the server has closed meanwhile. Asking the server (``pool_pre_ping``) would wait twice for one that hangs."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _cut_off(connection: DBAPIConnection, _entry: ConnectionPoolEntry, _error: BaseException | None) -> None:
    """Drop a connection that is given up. SQLAlchemy would say goodbye first, and wait two seconds for a server that hangs."""
    driver = getattr(connection, "driver_connection", None)
    if driver is not None:
        driver.terminate()


def _upgrade(connection: Connection) -> None:
    # A fifth of all that a web node loads, and most processes never migrate.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _is_passing(error: DBAPIError) -> bool:
    # PostgreSQL classes 08 connection, 40 rolled back for another's sake, 53 resources, 57 operator's intervention (statement timeout,
    # restart), 55P03 lock;
    # SQLite says in words only that it is busy or its disk is.
    # Words about a broken constraint name tables and columns, and "blocked" has "locked" in it.
    if isinstance(error, IntegrityError):
        return False
    if state := str(getattr(error.orig, "sqlstate", None) or ""):
        return state[:2] in {"08", "40", "53", "57"} or state == "55P03"
    words = str(error.orig).lower()
    return any(word in words for word in ("locked", "busy", "disk", "unable to open"))


def _unavailable(error: Exception) -> Unavailable:
    reason = type(error).__name__
    DATABASE_FAILURES.labels(reason).inc()
    return Unavailable(ErrorCode.DATABASE_UNAVAILABLE, f"The database did not answer in time ({reason}).")
