"""Who is signed in where. A session is over when it was ended, was not used or lasted too long, or its account's generation grew."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from storage import secrets
from storage.clock import Clock, utc_now
from storage.database.engine import Database
from storage.database.rows import ACCOUNT_COLUMNS, account_of
from storage.database.tables import account as accounts
from storage.database.tables import session as sessions
from storage.model.account import Account, AccountState
from storage.model.errors import ErrorCode, NotFound, Refused
from storage.model.ids import AccountId, RecordId, new_record_id
from storage.model.session import ABSOLUTE, IDLE, AccountSession, SessionEnd, SessionKind, SignedIn

MOST = 50
"""Sessions an account may have; a new one ends the one used longest ago."""

TOUCH = timedelta(minutes=1)
"""How exactly it is kept when a session was last used."""

GRACE = timedelta(seconds=10)
"""How long a refresh token that was exchanged is taken once more."""

KEPT = timedelta(days=30)
"""How long a session that is over is remembered."""

_LONGEST_AGENT = 200


_NOT_VALID = "The token is not valid."


class TokenReused(Refused):
    """A refresh token was shown a second time; to the client it looks like any other refusal."""


class SessionRepository:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def start(self, account: Account, kind: SessionKind, *, user_agent: str, address: str) -> tuple[AccountSession, str]:
        """A new session and the secret that proves it (empty where tokens do), which is kept as a digest only."""
        now = utc_now(self._clock)
        secret = secrets.new_session_secret() if kind is SessionKind.BROWSER else ""
        agent = "".join(letter if letter.isprintable() else " " for letter in user_agent[:_LONGEST_AGENT])
        made = AccountSession(
            id=new_record_id(self._clock.unix_ns() // 1_000_000),
            account=account.id,
            kind=kind,
            rotation=0,
            user_agent=agent,
            address=address,
            created_at=now,
            used_at=now,
            expires_at=now + ABSOLUTE,
        )
        values = {
            "id": made.id,
            "account": account.id,
            "kind": kind,
            "generation": account.generation,
            "digest": secrets.digest(secret) if secret else None,
            "rotation": 0,
            "user_agent": made.user_agent,
            "address": address,
            "created_at": now,
            "used_at": now,
            "expires_at": made.expires_at,
        }
        async with self._database.transaction() as connection:
            await connection.execute(insert(sessions).values(**values))
            newest = select(sessions.c.id).where(sessions.c.account == account.id, sessions.c.ended_at.is_(None))
            surplus = newest.order_by(sessions.c.used_at.desc(), sessions.c.id.desc()).offset(MOST)
            if many := [row.id for row in await connection.execute(surplus)]:
                await connection.execute(_ended(sessions.c.id.in_(many), now, SessionEnd.TOO_MANY))
        return made, secret

    async def get(self, session: RecordId) -> SignedIn | None:
        """A session that is not over, with its account; None if it is over or never was. Notes that it was used."""
        return (await self.several([session])).get(session)

    async def accounts(self, found: Collection[RecordId]) -> Mapping[RecordId, Account]:
        """Whose each of at most 500 sessions is; those that are over are left out. Not noted as a use."""
        query = select(sessions.c.id.label("session"), *ACCOUNT_COLUMNS).join(accounts, sessions.c.account == accounts.c.id)
        async with self._database.transaction() as connection:
            rows = await connection.execute(query.where(sessions.c.id.in_(found), *_valid(utc_now(self._clock))))
            return {RecordId(row.session): account_of(row) for row in rows}

    async def several(self, found: Collection[RecordId]) -> Mapping[RecordId, SignedIn]:
        """At most 500 sessions with their accounts; those that are over or never were are left out. Notes that they were used."""
        now = utc_now(self._clock)
        async with self._database.transaction() as connection:
            rows = (await connection.execute(_everything().where(sessions.c.id.in_(found), *_valid(now)))).all()
            if long_ago := [row.id for row in rows if row.used_at + TOUCH < now]:
                await connection.execute(update(sessions).where(sessions.c.id.in_(long_ago)).values(used_at=now))
        return {RecordId(row.id): SignedIn(_session(row), account_of(row), row.digest) for row in rows}

    async def exchange(self, session: RecordId, rotation: int) -> SignedIn:
        """Take a session's refresh token, the one made at ``rotation``, for the next; the answer's rotation is the next token's.

        The token before it is taken again for :data:`GRACE`: the answer may have been lost. An older one was stolen, or its thief was
        faster: the session ends.

        Raises:
            TokenReused: ``TOKEN_REFUSED``; the session has ended just now.
            Refused: ``TOKEN_REFUSED``.
        """
        now = utc_now(self._clock)
        async with self._database.transaction() as connection:
            query = _everything().where(sessions.c.id == session, sessions.c.kind == SessionKind.TOKENS, *_valid(now))
            newest = (sessions.c.id == session) & (sessions.c.rotation == rotation)
            taken = await connection.execute(update(sessions).where(newest).values(rotation=rotation + 1, rotated_at=now, used_at=now))
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                # Over by some other way, also where the update found it: it changes nothing.
                raise _refused()
            if not taken.rowcount and (row.rotation != rotation + 1 or row.rotated_at + GRACE < now):
                await connection.execute(_ended(sessions.c.id == session, now, SessionEnd.TOKEN_REUSED))
                row = None
        if row is None:
            raise TokenReused(ErrorCode.TOKEN_REFUSED, _NOT_VALID)
        return SignedIn(_session(row), account_of(row), None)

    async def list(self, account: AccountId) -> Sequence[AccountSession]:
        """An account's sessions that are not over, the last used first."""
        query = _everything().where(sessions.c.account == account, *_valid(utc_now(self._clock)))
        async with self._database.transaction() as connection:
            rows = await connection.execute(query.order_by(sessions.c.used_at.desc(), sessions.c.id.desc()).limit(MOST))
            return [_session(row) for row in rows]

    async def end(self, session: RecordId, reason: SessionEnd, *, account: AccountId) -> None:
        """End one of an account's sessions. Raises ``NotFound(NOT_FOUND)``; it is over, never was or is somebody else's."""
        now = utc_now(self._clock)
        which = (sessions.c.id == session) & (sessions.c.account == account) & sessions.c.ended_at.is_(None) & (sessions.c.expires_at > now)
        async with self._database.transaction() as connection:
            result = await connection.execute(_ended(which, now, reason))
        if result.rowcount == 0:
            raise NotFound(ErrorCode.NOT_FOUND, "You have no such session.")

    async def keep(self, session: RecordId) -> None:
        """Let a session survive that its account's generation grew: it is the one in which the password was changed."""
        generation = select(accounts.c.generation).where(accounts.c.id == sessions.c.account).scalar_subquery()
        async with self._database.transaction() as connection:
            await connection.execute(update(sessions).where(sessions.c.id == session).values(generation=generation))

    async def sweep(self) -> int:
        """Forget sessions that are over for long; returns how many."""
        now = utc_now(self._clock)
        old = (sessions.c.expires_at < now - KEPT) | (sessions.c.used_at < now - IDLE - KEPT) | (sessions.c.ended_at < now - KEPT)
        async with self._database.transaction() as connection:
            return (await connection.execute(delete(sessions).where(old))).rowcount


def _refused() -> Refused:
    return Refused(ErrorCode.TOKEN_REFUSED, _NOT_VALID)


def _everything() -> Any:
    return select(sessions, *ACCOUNT_COLUMNS).join(accounts, sessions.c.account == accounts.c.id)


def _valid(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > now,
        sessions.c.used_at > now - IDLE,
        sessions.c.generation == accounts.c.generation,
        accounts.c.state == AccountState.ACTIVE,
    )


def _ended(which: ColumnElement[bool], now: datetime, reason: SessionEnd) -> Any:
    return update(sessions).where(which).values(ended_at=now, ended_by=reason)


def _session(row: Row[Any]) -> AccountSession:
    return AccountSession(
        id=RecordId(row.id),
        account=AccountId(row.account),
        kind=SessionKind(row.kind),
        rotation=row.rotation,
        user_agent=row.user_agent,
        address=row.address,
        created_at=row.created_at,
        used_at=row.used_at,
        expires_at=row.expires_at,
    )
