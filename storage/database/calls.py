"""Calls: the rooms, and what accounts are in them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.repository import Repository, hold
from storage.database.tables import account as accounts
from storage.database.tables import call as calls
from storage.database.tables import call_person as people
from storage.model.account import AccountState
from storage.model.call import Call, CallRole, HowEnded, RelayRule
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, CallId, CallName, new_call_name

MOST_CALLS = 200
"""Calls an account keeps."""
MOST_COHOSTS = 50

CALL_COLUMNS = (*calls.c, accounts.c.name.label("host_name"), accounts.c.display_name.label("host_shown"))
"""What to select for :func:`call_of`."""


class Calls(Repository):
    """See :class:`Repository`."""

    async def create(self, host: AccountId, *, title: str = "", lobby: bool = True, relay_only: RelayRule = RelayRule.GUESTS) -> Call:
        """A new call. The title is checked already. Raises ``Conflict(LIMIT_REACHED)``."""
        identifier, name = CallId(self._new_id()), new_call_name()
        values = {"id": identifier, "name": name, "host": host, "title": title, "lobby": lobby, "relay_only": relay_only}
        async with self._database.transaction() as connection:
            await hold(connection, accounts, host)
            count = await connection.scalar(select(func.count()).select_from(calls).where(calls.c.host == host))
            if (count or 0) >= MOST_CALLS:
                detail = f"An account keeps at most {MOST_CALLS} calls; delete one you need no more."
                raise Conflict(ErrorCode.LIMIT_REACHED, detail, limit=MOST_CALLS)
            await connection.execute(insert(calls).values(**values, locked=False, version=1, created_at=self._now()))
            await connection.execute(insert(people).values(account=host, call=identifier, role=CallRole.HOST, hidden=False))
            made = await _find(connection, name)
        assert made is not None
        return made

    async def find(self, name: str) -> Call | None:
        """A call by its name; None if there is none, or its host is banned from the instance."""
        if "\x00" in name:  # PostgreSQL has no such text
            return None
        async with self._database.transaction() as connection:
            return await _find(connection, name)

    async def get(self, call: CallId) -> Call | None:
        """A call by its id, otherwise as :meth:`find`."""
        async with self._database.transaction() as connection:
            return await _one(connection, calls.c.id == call)

    async def role(self, call: CallId, account: AccountId) -> CallRole | None:
        """What an account is in a call; None if it never was in it."""
        query = select(people.c.role).where(people.c.account == account, people.c.call == call)
        async with self._database.transaction() as connection:
            role = await connection.scalar(query)
        return None if role is None else CallRole(role)

    async def cohosts(self, call: CallId) -> Sequence[AccountId]:
        """The accounts the host made co-hosts."""
        query = select(people.c.account).where(people.c.call == call, people.c.role == CallRole.COHOST).order_by(people.c.account)
        async with self._database.transaction() as connection:
            return [AccountId(row.account) for row in await connection.execute(query)]

    async def set_role(self, call: CallId, account: AccountId, role: CallRole) -> None:
        """Make somebody who was in a call a co-host, or one no more. The host stays the host.

        Raises:
            NotFound: ``NOT_FOUND``; the account never was in the call.
            Conflict: ``LIMIT_REACHED``; the call has as many co-hosts as it may.
        """
        if role is CallRole.HOST:
            raise ValueError(role)
        at = (people.c.call == call) & (people.c.account == account)
        others = select(func.count()).where(people.c.call == call, people.c.role == CallRole.COHOST, people.c.account != account)
        async with self._database.transaction() as connection:
            await hold(connection, calls, call)
            if role is CallRole.COHOST and (await connection.scalar(others) or 0) >= MOST_COHOSTS:
                raise Conflict(ErrorCode.LIMIT_REACHED, f"A call has at most {MOST_COHOSTS} co-hosts.", limit=MOST_COHOSTS)
            if await connection.scalar(select(people.c.role).where(at)) is None:
                raise NotFound(ErrorCode.NOT_FOUND, "They never were in this call.")
            await connection.execute(update(people).where(at, people.c.role != CallRole.HOST).values(role=role))

    async def lock(self, call: CallId, locked: bool) -> None:
        """Let nobody new in, or do so again."""
        statement = update(calls).where(calls.c.id == call, calls.c.locked != locked)
        async with self._database.transaction() as connection:
            await connection.execute(statement.values(locked=locked, version=calls.c.version + 1))

    async def change(
        self,
        call: Call,
        *,
        title: str | None = None,
        lobby: bool | None = None,
        relay_only: RelayRule | None = None,
        locked: bool | None = None,
        version: int | None = None,
    ) -> Call:
        """Change what is told of a call that is still at ``version``. The title is checked already.

        Raises:
            NotFound: ``CALL_UNKNOWN``; it is gone.
            Conflict: ``PRECONDITION_FAILED``.
        """
        told = {"title": title, "lobby": lobby, "relay_only": relay_only, "locked": locked}
        values: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
        statement = update(calls).where(calls.c.id == call.id)
        if version is not None:
            statement = statement.where(calls.c.version == version)
        async with self._database.transaction() as connection:
            changed = await connection.execute(statement.values(**values, version=calls.c.version + 1))
            found = await _find(connection, call.name)
        if found is None:
            raise NotFound(ErrorCode.CALL_UNKNOWN, "There is no such call, or the invitation is not good any more.")
        if not changed.rowcount:
            raise Conflict(ErrorCode.PRECONDITION_FAILED, "The call was changed meanwhile; read it again.")
        return found

    async def delete(self, call: CallId) -> None:
        """Forget a call, its invites and its log, also for those who were in it."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(calls).where(calls.c.id == call))

    async def hosted(self, host: AccountId) -> Sequence[CallId]:
        """All calls of an account."""
        query = select(calls.c.id).where(calls.c.host == host).order_by(calls.c.id)
        async with self._database.transaction() as connection:
            return [CallId(row.id) for row in await connection.execute(query)]


async def _find(connection: AsyncConnection, name: str) -> Call | None:
    return await _one(connection, calls.c.name == name)


async def _one(connection: AsyncConnection, at: ColumnElement[bool]) -> Call | None:
    active = accounts.c.state == AccountState.ACTIVE
    query = select(*CALL_COLUMNS).join(accounts, accounts.c.id == calls.c.host).where(at, active)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else call_of(row)


def call_of(row: Row[Any]) -> Call:
    """The call in a row that has :data:`CALL_COLUMNS`."""
    return Call(
        id=CallId(row.id),
        name=CallName(row.name),
        host=AccountId(row.host),
        host_name=AccountName(row.host_name),
        host_shown=row.host_shown,
        title=row.title,
        lobby=row.lobby,
        relay_only=RelayRule(row.relay_only),
        locked=row.locked,
        version=row.version,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        how_ended=None if row.how_ended is None else HowEnded(row.how_ended),
    )
