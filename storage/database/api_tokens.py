"""Personal API tokens: for bots and automation, limited to scopes, kept as digests."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from storage import secrets
from storage.clock import Clock, utc_now
from storage.database.engine import Database
from storage.database.repository import hold
from storage.database.rows import ACCOUNT_COLUMNS, account_of
from storage.database.tables import account as accounts
from storage.database.tables import api_token as tokens
from storage.model.account import Account, AccountState, Scope
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, RecordId, new_record_id

MOST = 50
"""Tokens an account may have that open something."""

LONGEST_NAME = 60
TOUCH = timedelta(minutes=1)
"""How exactly it is kept when a token was last used."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as its owner sees it. ``expires_at`` is None for one that is good until it is revoked."""

    id: RecordId
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class ApiTokenRepository:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(
        self, account: AccountId, name: str, scopes: frozenset[Scope], expires_at: datetime | None = None
    ) -> tuple[ApiToken, str]:
        """A new token, and its plain text, which is told this once.

        Raises:
            BadInput: ``BAD_REQUEST``; no name or scope, or it would be over already.
            Conflict: ``LIMIT_REACHED``; the account has 50.
        """
        now = utc_now(self._clock)
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            raise BadInput(ErrorCode.BAD_REQUEST, f"A token's name is 1 to {LONGEST_NAME} printable characters.")
        if not scopes or (expires_at is not None and expires_at <= now):
            raise BadInput(ErrorCode.BAD_REQUEST, "A token needs at least one scope, and must not be over when it is made.")
        plain = secrets.new_api_token()
        made = ApiToken(new_record_id(self._clock.unix_ns() // 1_000_000), name.strip(), scopes, now, expires_at, None)
        values = {
            "id": made.id,
            "account": account,
            "name": made.name,
            "digest": secrets.digest(plain),
            "scopes": " ".join(sorted(scopes)),
            "created_at": now,
            "expires_at": expires_at,
        }
        async with self._database.transaction() as connection:
            await hold(connection, accounts, account)
            good = select(tokens.c.id).where(tokens.c.account == account, tokens.c.revoked_at.is_(None)).limit(MOST)
            if len((await connection.execute(good)).all()) >= MOST:
                raise Conflict(ErrorCode.LIMIT_REACHED, f"An account has at most {MOST} tokens. Revoke one first.")
            await connection.execute(insert(tokens).values(**values))
        return made, plain

    async def accounts(self, found: Collection[RecordId]) -> Mapping[RecordId, tuple[Account, frozenset[Scope]]]:
        """Whose each of at most 500 tokens is and what it may; those that open nothing any more are left out. Not noted as a use."""
        good = tokens.c.id.in_(found) & tokens.c.revoked_at.is_(None) & (accounts.c.state == AccountState.ACTIVE)
        good &= tokens.c.expires_at.is_(None) | (tokens.c.expires_at > utc_now(self._clock))
        query = select(tokens.c.id.label("token"), tokens.c.scopes, *ACCOUNT_COLUMNS).select_from(tokens.join(accounts)).where(good)
        async with self._database.transaction() as connection:
            return {RecordId(row.token): (account_of(row), _scopes(row.scopes)) for row in await connection.execute(query)}

    async def verify(self, plain: str) -> tuple[RecordId, Account, frozenset[Scope]] | None:
        """Which token it is, whose, and what it may; None if it opens nothing (any more). Notes that it was used."""
        now = utc_now(self._clock)
        valid = (tokens.c.digest == secrets.digest(plain)) & tokens.c.revoked_at.is_(None) & (accounts.c.state == AccountState.ACTIVE)
        query = select(tokens.c.id, tokens.c.scopes, tokens.c.expires_at, tokens.c.used_at, *ACCOUNT_COLUMNS)
        async with self._database.transaction() as connection:
            row = (
                await connection.execute(query.select_from(tokens.join(accounts, tokens.c.account == accounts.c.id)).where(valid))
            ).one_or_none()
            if row is None or (row.expires_at is not None and row.expires_at <= now):
                return None
            if row.used_at is None or row.used_at + TOUCH < now:
                await connection.execute(update(tokens).where(tokens.c.id == row.id).values(used_at=now))
        return RecordId(row.id), account_of(row), _scopes(row.scopes)

    async def list(self, account: AccountId) -> Sequence[ApiToken]:
        """An account's tokens that were not revoked, newest first."""
        query = select(tokens).where(tokens.c.account == account, tokens.c.revoked_at.is_(None)).order_by(tokens.c.id.desc())
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return [ApiToken(RecordId(row.id), row.name, _scopes(row.scopes), row.created_at, row.expires_at, row.used_at) for row in rows]

    async def revoke(self, account: AccountId, token: RecordId) -> None:
        """Let a token open nothing any more. Raises ``NotFound(NOT_FOUND)``."""
        mine = (tokens.c.id == token) & (tokens.c.account == account) & tokens.c.revoked_at.is_(None)
        async with self._database.transaction() as connection:
            if (await connection.execute(update(tokens).where(mine).values(revoked_at=utc_now(self._clock)))).rowcount == 0:
                raise NotFound(ErrorCode.NOT_FOUND, "You have no such token.")


def _scopes(text: str) -> frozenset[Scope]:
    return frozenset(Scope(word) for word in text.split())
