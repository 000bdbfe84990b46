"""Accounts: who there is, and the rules their records keep."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.clock import Clock, utc_now
from storage.database.engine import Database
from storage.database.rows import ACCOUNT_COLUMNS, account_of
from storage.database.tables import account as accounts
from storage.model.account import Account, AccountRole, AccountState
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, new_record_id

DISPLAY_NAME_LENGTH = 64
"""Characters."""
EMAIL_LENGTH = 254
"""Characters (RFC 5321 section 4.5.3.1.3, less the angle brackets)."""

COLOURS = ("#e5484d", "#f76b15", "#ffb224", "#46a758", "#12a594", "#00a2c7", "#3e63dd", "#8e4ec6", "#d6409f", "#ad7f58")
"""What a new account's colour is chosen from, by its name."""

_SECRETS = (accounts.c.password_hash, accounts.c.totp_confirmed_at)
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves that somebody is an account. ``password_hash`` is None where no password was set; :mod:`storage.passwords` reads it."""

    account: Account
    password_hash: str | None
    second_factor: bool


class AccountRepository:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(
        self,
        name: AccountName,
        *,
        password_hash: str | None = None,
        display_name: str = "",
        email: str | None = None,
        role: AccountRole = AccountRole.USER,
    ) -> Account:
        """A new account. Several may state the same e-mail address; only one can prove it (:meth:`prove_email`).

        Raises:
            BadInput: ``BAD_REQUEST``; the display name or address can't be one.
            Conflict: ``ACCOUNT_EXISTS``.
        """
        made = self.new(name, display_name=display_name, email=email, role=role)
        async with self._database.transaction() as connection:
            await insert_account(connection, made, password_hash)
        return made

    def new(self, name: AccountName, *, display_name: str = "", email: str | None = None, role: AccountRole = AccountRole.USER) -> Account:
        """A new account's record, not written yet. Raises ``BadInput(BAD_REQUEST)`` like :meth:`create`."""
        return Account(
            id=AccountId(new_record_id(self._clock.unix_ns() // 1_000_000)),
            name=name,
            display_name=checked_display_name(display_name or name),
            colour=COLOURS[zlib.crc32(name.encode()) % len(COLOURS)],
            role=role,
            state=AccountState.ACTIVE,
            email=None if email is None else checked_email(email),
            email_verified_at=None,
            avatar=None,
            generation=1,
            version=1,
            created_at=self._now(),
        )

    async def get(self, identifier: AccountId) -> Account:
        """An account by its id. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
        return await self._one(accounts.c.id == identifier)

    async def by_name(self, name: AccountName) -> Account:
        """An account by its name. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
        return await self._one(accounts.c.name == name)

    async def by_email(self, email: str) -> Account:
        """The account that has proven an e-mail address. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
        return await self._one((accounts.c.email == email.lower()) & accounts.c.email_verified_at.is_not(None))

    async def credentials(self, name: str) -> Credentials | None:
        """What the account of a name, or of a proven e-mail address, signs in with; None if there is none, well formed or not."""
        if "\x00" in name:  # PostgreSQL has no such text
            return None
        named = (accounts.c.email == name.lower()) & accounts.c.email_verified_at.is_not(None) if "@" in name else accounts.c.name == name
        async with self._database.transaction() as connection:
            # Wide selects are tuples to the type checker, which has no name for them.
            row: Any = (await connection.execute(select(*ACCOUNT_COLUMNS, *_SECRETS).where(named))).one_or_none()
        return None if row is None else Credentials(account_of(row), row.password_hash, row.totp_confirmed_at is not None)

    async def list(self, *, after: str = "", limit: int = 100, search: str = "") -> Sequence[Account]:
        """Accounts by name, those after the name ``after``; with ``search`` those whose name begins so."""
        query = select(*ACCOUNT_COLUMNS).where(accounts.c.name > after).order_by(accounts.c.name).limit(limit)
        if search:
            query = query.where(accounts.c.name.startswith(search, autoescape=True))
        async with self._database.transaction() as connection:
            return [account_of(row) for row in (await connection.execute(query)).all()]

    async def has_operator(self) -> bool:
        """Whether anybody runs this instance yet."""
        async with self._database.transaction() as connection:
            return bool(await _operators(connection))

    async def change(
        self,
        identifier: AccountId,
        version: int,
        *,
        display_name: str | None = None,
        colour: str | None = None,
        email: str | None = None,
    ) -> Account:
        """Change what is told, if the record still has this ``version``. A new e-mail address is not proven; an empty one removes it.

        Raises:
            BadInput: ``BAD_REQUEST``.
            NotFound: ``ACCOUNT_NOT_FOUND``.
            Conflict: ``PRECONDITION_FAILED``; it was changed meanwhile.
        """
        values: dict[str, Any] = {}
        if display_name is not None:
            values["display_name"] = checked_display_name(display_name)
        if colour is not None:
            values["colour"] = checked_colour(colour)
        if email is not None:
            stated = checked_email(email) if email else None
            # The same address again stays proven.
            values["email_verified_at"] = _proven_before(stated)
            values["email"] = stated
        return await self._update(identifier, values, version=version)

    async def set_avatar(self, identifier: AccountId, avatar: str | None) -> Account:
        """Name the object that holds an account's picture, or none. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
        return await self._update(identifier, {"avatar": avatar})

    async def set_password(self, identifier: AccountId, password_hash: str) -> Account:
        """Give an account another password; whatever was signed before ends. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
        return await self._update(identifier, {"password_hash": password_hash, "generation": accounts.c.generation + 1})

    async def refresh_hash(self, identifier: AccountId, old: str, new: str) -> None:
        """Keep the same password under newer parameters, unless it was changed meanwhile."""
        statement = update(accounts).where(accounts.c.id == identifier, accounts.c.password_hash == old).values(password_hash=new)
        async with self._database.transaction() as connection:
            await connection.execute(statement)

    async def prove_email(self, identifier: AccountId, email: str) -> Account:
        """The account has shown that it reads this address' mail.

        Raises:
            NotFound: ``ACCOUNT_NOT_FOUND``.
            Conflict: ``EMAIL_TAKEN``; another account has proven it before.
        """
        try:
            return await self._update(identifier, {"email": email.lower(), "email_verified_at": self._now()})
        except IntegrityError:
            raise Conflict(ErrorCode.EMAIL_TAKEN, "Another account has this e-mail address.") from None

    async def govern(
        self, identifier: AccountId, *, role: AccountRole | None = None, state: AccountState | None = None, version: int | None = None
    ) -> Account:
        """Change what an account may do; whatever was signed before ends.

        Raises:
            NotFound: ``ACCOUNT_NOT_FOUND``.
            Conflict: ``PRECONDITION_FAILED``, or ``LAST_OPERATOR``: nobody would be left to run the instance.
        """
        values: dict[str, Any] = {"generation": accounts.c.generation + 1}
        if role is not None:
            values["role"] = role
        if state is not None:
            values["state"] = state
        removes = role is AccountRole.USER or state is AccountState.BANNED
        return await self._update(identifier, values, version=version, keep_an_operator=removes)

    async def bump(self, identifier: AccountId) -> Account:
        """End whatever was signed for an account so far. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
        return await self._update(identifier, {"generation": accounts.c.generation + 1})

    async def delete(self, identifier: AccountId) -> None:
        """Delete an account and, with it, its channels, sessions, follows and blocks.

        Raises:
            NotFound: ``ACCOUNT_NOT_FOUND``.
            Conflict: ``LAST_OPERATOR``.
        """
        async with self._database.transaction() as connection:
            before = await _operators(connection)
            result = await connection.execute(delete(accounts).where(accounts.c.id == identifier))
            await _keep_an_operator(connection, before, identifier)
        if result.rowcount == 0:
            raise _not_found()

    async def _one(self, condition: ColumnElement[bool]) -> Account:
        async with self._database.transaction() as connection:
            row = (await connection.execute(select(*ACCOUNT_COLUMNS).where(condition))).one_or_none()
        if row is None:
            raise _not_found()
        return account_of(row)

    async def _update(
        self, identifier: AccountId, values: dict[str, Any], *, version: int | None = None, keep_an_operator: bool = False
    ) -> Account:
        statement = update(accounts).where(accounts.c.id == identifier).returning(*ACCOUNT_COLUMNS)
        if version is not None:
            statement = statement.where(accounts.c.version == version)
        async with self._database.transaction() as connection:
            before = await _operators(connection) if keep_an_operator else set()
            changed = statement.values(**values, version=accounts.c.version + 1, changed_at=self._now())
            row = (await connection.execute(changed)).one_or_none()
            if row is None:
                known = await connection.scalar(select(func.count()).where(accounts.c.id == identifier))
                if not known:
                    raise _not_found()
                raise Conflict(ErrorCode.PRECONDITION_FAILED, "The account was changed meanwhile; read it again.")
            await _keep_an_operator(connection, before, identifier)
        return account_of(row)

    def _now(self) -> datetime:
        return utc_now(self._clock)


async def insert_account(connection: AsyncConnection, made: Account, password_hash: str | None) -> None:
    """Write a new account as part of a transaction. Raises ``Conflict(ACCOUNT_EXISTS)``."""
    values = {
        "id": made.id,
        "name": made.name,
        "display_name": made.display_name,
        "colour": made.colour,
        "role": made.role,
        "state": made.state,
        "email": made.email,
        "password_hash": password_hash,
        "totp_last_step": 0,
        "generation": made.generation,
        "version": made.version,
        "created_at": made.created_at,
        "changed_at": made.created_at,
    }
    try:
        await connection.execute(insert(accounts).values(**values))
    except IntegrityError:
        raise Conflict(ErrorCode.ACCOUNT_EXISTS, "This name is taken.") from None


def checked_display_name(text: str) -> str:
    """A display name, trimmed: 1 to 64 printable characters. Raises ``BadInput(BAD_REQUEST)``."""
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= DISPLAY_NAME_LENGTH or not trimmed.isprintable():
        raise BadInput(ErrorCode.BAD_REQUEST, f"A display name is 1 to {DISPLAY_NAME_LENGTH} printable characters.")
    return trimmed


def checked_colour(text: str) -> str:
    """A colour as ``#rrggbb``. Raises ``BadInput(BAD_REQUEST)``."""
    if not _COLOUR.fullmatch(text.lower()):
        raise BadInput(ErrorCode.BAD_REQUEST, "A colour is '#' and six hexadecimal digits.")
    return text.lower()


def checked_email(text: str) -> str:
    """An e-mail address in lower case, in the form mail servers everywhere take. Raises ``BadInput(BAD_REQUEST)``."""
    address = text.strip().lower()
    if len(address) > EMAIL_LENGTH or not _EMAIL.fullmatch(address):
        raise BadInput(ErrorCode.BAD_REQUEST, "This is not an e-mail address.")
    return address


def _not_found() -> NotFound:
    return NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.")


def _proven_before(email: str | None) -> Any:
    """The moment an address was proven, if it stays the same."""
    return case((accounts.c.email == email, accounts.c.email_verified_at), else_=None)


async def _operators(connection: AsyncConnection) -> set[str]:
    """The operators there are. PostgreSQL lets nobody else change them until the end of the transaction; SQLite has one writer anyway."""
    running = select(accounts.c.id).where(accounts.c.role == AccountRole.OPERATOR, accounts.c.state == AccountState.ACTIVE)
    return {row.id for row in (await connection.execute(running.order_by(accounts.c.id).with_for_update())).all()}


async def _keep_an_operator(connection: AsyncConnection, before: set[str], changed: str) -> None:
    """Undo the transaction if the account it changed was the last operator."""
    if changed in before and not await _operators(connection):
        raise Conflict(ErrorCode.LAST_OPERATOR, "This is the last operator; make another account one first.")
