"""The log of calls: who was there, when, for how long, how it ended, how it was."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.calls import CALL_COLUMNS, call_of
from storage.database.channel_rows import AnyRow
from storage.database.repository import Repository, hold
from storage.database.tables import account as accounts
from storage.database.tables import call as calls
from storage.database.tables import call_person as people
from storage.database.tables import call_seat as seats
from storage.model.call import Call, CallRole, HowEnded, HowLeft, Stay, checked_quality
from storage.model.ids import AccountId, AccountName, CallId

MOST_STAYS = 50
"""Newest stays of a call that are told with it; :meth:`CallLog.stays` has all."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A call in somebody's history. ``stays`` are the newest they may know of, oldest first; their own are among them."""

    call: Call
    role: CallRole
    stays: Sequence[Stay]


class CallLog(Repository):
    """See :class:`Repository`. What happens twice is written once."""

    async def started(self, call: CallId, now: datetime) -> None:
        """Somebody is in a call where nobody was. One that its host ended stays as it is."""
        going = {"started_at": func.coalesce(calls.c.started_at, now), "ended_at": None, "how_ended": None}
        at = and_(calls.c.id == call, or_(calls.c.started_at.is_(None), and_(calls.c.ended_at.is_not(None), ~_is_over())))
        async with self._database.transaction() as connection:
            await connection.execute(update(calls).where(at).values(**going))

    async def ended(self, call: CallId, how: HowEnded, now: datetime) -> None:
        """Nobody is in a call any more: stays that were not ended are over as well. What its host ended stays ended."""
        left = HowLeft.ENDED if how is HowEnded.ENDED else HowLeft.LOST
        open_stays = and_(seats.c.call == call, seats.c.left_at.is_(None))
        at = and_(calls.c.id == call, or_(calls.c.how_ended.is_(None), ~_is_over()))
        if how is not HowEnded.ENDED:
            at = and_(at, calls.c.ended_at.is_(None))
        async with self._database.transaction() as connection:
            await hold(connection, calls, call)
            await connection.execute(update(calls).where(at).values(ended_at=now, how_ended=how))
            await connection.execute(update(seats).where(open_stays).values(left_at=now, how_left=left))

    async def entered(self, call: CallId, seat: str, *, account: AccountId | None, shown: str, role: CallRole, now: datetime) -> None:
        """Somebody took a seat. It is nobody's error if the call or the account is gone meanwhile: nothing is written then."""
        values = {"call": call, "seat": seat, "account": account, "shown": shown, "role": role, "entered_at": now, "quality": "{}"}
        async with self._database.transaction() as connection:
            await hold(connection, calls, call)
            if await connection.scalar(select(calls.c.id).where(calls.c.id == call)) is None:
                return
            if account is not None and not await _seen(connection, call, account):
                return
            known = select(seats.c.seat).where(seats.c.call == call, seats.c.seat == seat)
            if await connection.scalar(known) is None:
                await connection.execute(insert(seats).values(**values))

    async def left(self, call: CallId, seat: str, how: HowLeft, quality: Mapping[str, float], now: datetime) -> None:
        """Somebody's seat is free. Raises ``BadInput(BAD_REQUEST)``; the quality can't be one."""
        at = and_(seats.c.call == call, seats.c.seat == seat, seats.c.left_at.is_(None))
        values = {"left_at": now, "how_left": how, "quality": json.dumps(checked_quality(quality))}
        async with self._database.transaction() as connection:
            await connection.execute(update(seats).where(at).values(**values))

    async def going_on(self, *, after: str = "", limit: int = 100) -> Sequence[Call]:
        """Calls somebody entered and that did not end, oldest first, those after the call id ``after``."""
        query = _CALLS.where(calls.c.started_at.is_not(None), calls.c.ended_at.is_(None), calls.c.id > after)
        async with self._database.transaction() as connection:
            return [call_of(row) for row in await connection.execute(query.order_by(calls.c.id).limit(limit))]

    async def visit(self, call: CallId, account: AccountId) -> Visit | None:
        """A call as one of its people may know of it; None if they never were in it."""
        async with self._database.transaction() as connection:
            found = await _visits(connection, account, calls.c.id == call, limit=1)
        return found[0] if found else None

    async def history(self, account: AccountId, *, before: str | None = None, limit: int = 25) -> Sequence[Visit]:
        """The calls somebody hosts or was in, newest first, those made before the call with the id ``before``."""
        at: ColumnElement[bool] = people.c.hidden.is_(False)
        if before is not None:
            at = and_(at, calls.c.id < before)
        async with self._database.transaction() as connection:
            return await _visits(connection, account, at, limit=limit)

    async def stays(self, call: CallId, account: AccountId, *, before: str | None = None, limit: int = 25) -> Sequence[Stay]:
        """The stays in a call that somebody may know of, newest first, those before the one at the :func:`position` ``before``."""
        query = _STAYS.where(seats.c.call == call, _may_know(account))
        if before is not None:
            moment, _, seat = before.partition(".")
            at = _EPOCH + timedelta(microseconds=int(moment))
            query = query.where(or_(seats.c.entered_at < at, and_(seats.c.entered_at == at, seats.c.seat < seat)))
        async with self._database.transaction() as connection:
            newest = query.order_by(seats.c.entered_at.desc(), seats.c.seat.desc()).limit(limit)
            return [_stay(row) for row in await connection.execute(newest)]

    async def hide(self, call: CallId, account: AccountId) -> None:
        """Take a call out of somebody's own history, until they enter it again."""
        at = and_(people.c.call == call, people.c.account == account)
        async with self._database.transaction() as connection:
            await connection.execute(update(people).where(at).values(hidden=True))


def position(stay: Stay) -> str:
    """Where a stay is in its call's list."""
    return f"{(stay.entered_at - _EPOCH) // timedelta(microseconds=1)}.{stay.seat}"


_CALLS = select(*CALL_COLUMNS).join(accounts, accounts.c.id == calls.c.host)
_STAYS = select(*seats.c, accounts.c.name.label("account_name")).outerjoin(accounts, accounts.c.id == seats.c.account)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _is_over() -> ColumnElement[bool]:
    return calls.c.how_ended == HowEnded.ENDED


async def _seen(connection: AsyncConnection, call: CallId, account: AccountId) -> bool:
    """Put a call into somebody's history. False if the account is gone."""
    at = and_(people.c.call == call, people.c.account == account)
    if (await connection.execute(update(people).where(at).values(hidden=False))).rowcount:
        return True
    # It stays until the transaction is over.
    if await connection.scalar(select(accounts.c.id).where(accounts.c.id == account).with_for_update(read=True)) is None:
        return False
    await connection.execute(insert(people).values(account=account, call=call, role=CallRole.PERSON, hidden=False))
    return True


async def _visits(connection: AsyncConnection, account: AccountId, at: ColumnElement[bool], *, limit: int) -> list[Visit]:
    query = _CALLS.join(people, people.c.call == calls.c.id).add_columns(people.c.role).where(people.c.account == account, at)
    rows = (await connection.execute(query.order_by(calls.c.id.desc()).limit(limit))).all()
    found = await _newest_stays(connection, [row.id for row in rows], account) if rows else {}
    return [Visit(call_of(row), CallRole(row.role), found.get(row.id, [])) for row in rows]


async def _newest_stays(connection: AsyncConnection, wanted: Sequence[str], account: AccountId) -> dict[str, list[Stay]]:
    """Of each call the newest stays somebody may know of, oldest first."""
    newest = func.row_number().over(partition_by=seats.c.call, order_by=(seats.c.entered_at.desc(), seats.c.seat.desc())).label("newest")
    ranked = select(*seats.c, newest).where(seats.c.call.in_(wanted), _may_know(account)).subquery()
    query = (
        select(*ranked.c, accounts.c.name.label("account_name"))
        .outerjoin(accounts, accounts.c.id == ranked.c.account)
        .where(ranked.c.newest <= MOST_STAYS)
        .order_by(ranked.c.newest.desc())
    )
    found: dict[str, list[Stay]] = {}
    for row in await connection.execute(query):
        found.setdefault(row.call, []).append(_stay(row))
    return found


def _may_know(account: AccountId) -> ColumnElement[bool]:
    """That an account may know of a stay: it directs the call, or was there at that time."""
    own = seats.alias("own")
    together = and_(
        own.c.call == seats.c.call,
        own.c.account == account,
        or_(own.c.left_at.is_(None), seats.c.entered_at < own.c.left_at),
        or_(seats.c.left_at.is_(None), own.c.entered_at < seats.c.left_at),
    )
    directing = [role for role in CallRole if role.may_direct]
    directs = and_(people.c.call == seats.c.call, people.c.account == account, people.c.role.in_(directing))
    return or_(select(people.c.role).where(directs).exists(), select(own.c.seat).where(together).exists())


def _stay(row: AnyRow) -> Stay:
    return Stay(
        seat=row.seat,
        account=None if row.account_name is None else AccountName(row.account_name),
        shown=row.shown,
        role=CallRole(row.role),
        entered_at=row.entered_at,
        left_at=row.left_at,
        how_left=None if row.how_left is None else HowLeft(row.how_left),
        quality=json.loads(row.quality),
    )
