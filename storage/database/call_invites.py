"""Invites into calls."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, true, update

from storage.database.repository import Repository, hold
from storage.database.tables import call as calls
from storage.database.tables import call_invite as invites
from storage.model.call import Invite
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, CallId, RecordId

MOST_INVITES = 100
"""Invites of a call that are good at the same time."""


class Invites(Repository):
    """See :class:`Repository`."""

    async def create(
        self, call: CallId, digest: bytes, life: timedelta, *, guests: bool = True, single_use: bool = False, by: AccountId
    ) -> Invite:
        """A new invite, good for ``life``; those of the call that are not good any more are forgotten.

        Raises:
            Conflict: ``LIMIT_REACHED``.
        """
        now = self._now()
        values = {"id": self._new_id(), "call": call, "digest": digest, "guests": guests, "uses_left": 1 if single_use else None}
        async with self._database.transaction() as connection:
            await hold(connection, calls, call)
            await connection.execute(delete(invites).where(invites.c.call == call, ~_good(now)))
            count = await connection.scalar(select(func.count()).select_from(invites).where(invites.c.call == call))
            if (count or 0) >= MOST_INVITES:
                detail = f"A call has at most {MOST_INVITES} invites; revoke one you need no more."
                raise Conflict(ErrorCode.LIMIT_REACHED, detail, limit=MOST_INVITES)
            made = insert(invites).values(**values, made_by=by, made_at=now, expires_at=now + life).returning(invites)
            return _invite((await connection.execute(made)).one())

    async def use(self, call: CallId, digest: bytes, guest: bool, now: datetime) -> Invite | None:
        """Enter by an invite: of several at once who use a single-use one, one gets in. None if it lets nobody in, or no guests."""
        at = and_(invites.c.call == call, invites.c.digest == digest, _good(now), _lets_in(guest))
        statement = update(invites).where(at).values(uses_left=invites.c.uses_left - 1).returning(invites)
        async with self._database.transaction() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else _invite(row)

    async def look(self, call: CallId, digest: bytes, now: datetime) -> Invite | None:
        """What an invite is good for now, without using it; None if it is good for nothing."""
        query = select(invites).where(invites.c.call == call, invites.c.digest == digest, _good(now))
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _invite(row)

    async def list(self, call: CallId, *, after: str = "", limit: int = MOST_INVITES) -> Sequence[Invite]:
        """The invites of a call that are good, oldest first, those after the invite ``after``."""
        query = select(invites).where(invites.c.call == call, invites.c.id > after, _good(self._now())).order_by(invites.c.id).limit(limit)
        async with self._database.transaction() as connection:
            return [_invite(row) for row in await connection.execute(query)]

    async def revoke(self, call: CallId, invite: str) -> None:
        """Let nobody else in by an invite. Raises ``NotFound(NOT_FOUND)``; the call has none such that is good."""
        now = self._now()
        statement = update(invites).where(invites.c.id == invite, invites.c.call == call, _good(now))
        async with self._database.transaction() as connection:
            if not (await connection.execute(statement.values(revoked_at=now))).rowcount:
                raise NotFound(ErrorCode.NOT_FOUND, "The call has no such invite.")


def _good(now: datetime) -> ColumnElement[bool]:
    """That an invite still lets somebody in."""
    left = or_(invites.c.uses_left.is_(None), invites.c.uses_left > 0)
    return and_(invites.c.revoked_at.is_(None), invites.c.expires_at > now, left)


def _lets_in(guest: bool) -> ColumnElement[bool]:
    return invites.c.guests.is_(True) if guest else true()


def _invite(row: Row[Any]) -> Invite:
    return Invite(
        id=RecordId(row.id),
        call=CallId(row.call),
        guests=row.guests,
        uses_left=row.uses_left,
        made_by=None if row.made_by is None else AccountId(row.made_by),
        made_at=row.made_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
