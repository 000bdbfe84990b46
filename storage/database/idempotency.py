"""Requests that must not be done twice, and what was answered the first time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.clock import Clock, utc_now
from storage.database.engine import Database
from storage.database.tables import idempotent_request as requests

KEPT = timedelta(hours=24)

ABANDONED = timedelta(seconds=60)
"""A request that was begun this long ago and has no answer died with its process."""

_MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Earlier:
    """The same key before: ``digest`` tells whether it was the same request. No ``status`` yet means that it is being worked on."""

    digest: bytes
    status: int | None
    headers: str
    body: bytes


class IdempotencyRepository:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, actor: str, key: str, digest: bytes) -> Earlier | None:
        """Claim a key. None: go on, and say :meth:`finish` or :meth:`release`; else what is known of it."""
        now = self._now()
        fresh = {"digest": digest, "status": None, "headers": "", "body": b"", "created_at": now}
        try:
            async with self._database.transaction() as connection:
                await connection.execute(insert(requests).values(actor=actor, key=key, **fresh))
        except IntegrityError:
            pass
        else:
            return None
        mine = (requests.c.actor == actor, requests.c.key == key)
        over = (requests.c.created_at < now - KEPT) | (requests.c.status.is_(None) & (requests.c.created_at < now - ABANDONED))
        async with self._database.transaction() as connection:
            if (await connection.execute(update(requests).where(*mine, over).values(**fresh))).rowcount:
                return None
            row = (await connection.execute(select(requests).where(*mine))).one_or_none()
        # Released between the two: the caller asks again.
        return Earlier(row.digest, row.status, row.headers, row.body) if row else Earlier(digest, None, "", b"")

    async def finish(self, actor: str, key: str, *, status: int, headers: str, body: bytes) -> None:
        """Keep the answer."""
        async with self._database.transaction() as connection:
            await connection.execute(
                update(requests).where(requests.c.actor == actor, requests.c.key == key).values(status=status, headers=headers, body=body)
            )

    async def release(self, actor: str, key: str) -> None:
        """Nothing was done: the key may be used again."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(requests).where(requests.c.actor == actor, requests.c.key == key, requests.c.status.is_(None)))

    async def prune(self) -> int:
        """Forget what is over, at most a thousand at once; returns how many."""
        old = select(requests.c.actor, requests.c.key).where(requests.c.created_at < self._now() - KEPT).limit(_MOST_AT_ONCE)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(old)).all()
            for row in rows:
                await connection.execute(delete(requests).where(requests.c.actor == row.actor, requests.c.key == row.key))
        return len(rows)

    def _now(self) -> datetime:
        return utc_now(self._clock)
