"""What needs a one-time token and changes an account in the same transaction: signing up, a new password, a proven address."""

import dataclasses
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storage.clock import Clock, utc_now
from storage.database.accounts import insert_account
from storage.database.engine import Database
from storage.database.one_time import use
from storage.database.rows import ACCOUNT_COLUMNS, account_of
from storage.database.tables import account as accounts
from storage.database.tables import channel as channels
from storage.model.account import Account, AccountRole
from storage.model.errors import Conflict, ErrorCode, Refused
from storage.model.ids import AccountId, ChannelName
from storage.model.one_time import Purpose

RESERVED = frozenset(
    {
        *("admin", "administrator", "moderator", "mod", "operator", "owner", "root", "staff", "support", "system", "team", "bot"),
        *("abuse", "contact", "help", "hostmaster", "info", "mail", "postmaster", "security", "webmaster", "www", "api", "fanlight"),
        *("account", "accounts", "dashboard", "login", "logout", "register", "reset", "settings", "signin", "signout", "signup", "verify"),
        *("all", "anonymous", "deleted", "everyone", "guest", "here", "me", "nobody", "null", "undefined", "unknown", "you"),
    }
)
"""Names nobody can give themselves: they would be taken for the instance. The operator can give them by command."""


class Registration:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def register(self, new: Account, password_hash: str) -> Account:
        """Write an account somebody made for themselves. Raises ``Conflict(ACCOUNT_EXISTS)``."""
        check_reserved(new)
        async with self._database.transaction() as connection:
            await insert_account(connection, new, password_hash)
        return new

    async def register_invited(self, new: Account, password_hash: str, token: str) -> Account:
        """The same with an invitation, which is used up.

        Raises:
            Refused: ``LINK_REFUSED``.
            Conflict: ``ACCOUNT_EXISTS``.
        """
        check_reserved(new)
        async with self._database.transaction() as connection:
            await use(connection, Purpose.INVITE, token, self._now())
            await insert_account(connection, new, password_hash)
        return new

    async def register_first(self, new: Account, password_hash: str, token: str, channel: ChannelName) -> Account:
        """The first operator, by the link that ``fanlight up`` prints: they also own the first channel, if nobody does.

        Raises:
            Refused: ``LINK_REFUSED``; also where there is an operator already.
            Conflict: ``ACCOUNT_EXISTS``.
        """
        made = dataclasses.replace(new, role=AccountRole.OPERATOR)
        async with self._database.transaction() as connection:
            await use(connection, Purpose.SETUP, token, self._now())
            if await connection.scalar(select(accounts.c.id).where(accounts.c.role == AccountRole.OPERATOR).limit(1)):
                raise Refused(ErrorCode.LINK_REFUSED, "This instance has an operator already.")
            await insert_account(connection, made, password_hash)
            await connection.execute(
                update(channels)
                .where(channels.c.name == channel, channels.c.owner.is_(None))
                .values(owner=made.id, version=channels.c.version + 1, changed_at=self._now())
            )
        return made

    async def reset_password(self, token: str, password_hash: str) -> Account:
        """Give the account of a token another password; whatever was signed before ends. Raises ``Refused(LINK_REFUSED)``."""
        now = self._now()
        async with self._database.transaction() as connection:
            found = await use(connection, Purpose.RESET, token, now)
            changed = update(accounts).where(accounts.c.id == found.account).returning(*ACCOUNT_COLUMNS)
            values = {"password_hash": password_hash, "generation": accounts.c.generation + 1, "version": accounts.c.version + 1}
            row = (await connection.execute(changed.values(**values, changed_at=now))).one()
        return account_of(row)

    async def verify_email(self, token: str) -> AccountId:
        """The reader of a mail sent to an account's address has its token.

        Raises:
            Refused: ``LINK_REFUSED``; also where the account has another address by now.
            Conflict: ``EMAIL_TAKEN``; another account has proven the address before.
        """
        now = self._now()
        try:
            async with self._database.transaction() as connection:
                found = await use(connection, Purpose.VERIFY, token, now)
                proven = update(accounts).where(accounts.c.id == found.account, accounts.c.email == found.data)
                result = await connection.execute(
                    proven.values(email_verified_at=now, version=accounts.c.version + 1, changed_at=now).returning(accounts.c.id)
                )
                changed = result.scalar_one_or_none()
                if changed is None:
                    raise Refused(ErrorCode.LINK_REFUSED, "The account has another e-mail address by now.")
        except IntegrityError:
            raise Conflict(ErrorCode.EMAIL_TAKEN, "Another account has this e-mail address.") from None
        return AccountId(changed)

    def _now(self) -> datetime:
        return utc_now(self._clock)


def check_reserved(new: Account) -> None:
    """Refuse a name that is kept for the instance. Raises ``Conflict(ACCOUNT_EXISTS)``."""
    if new.name in RESERVED:
        raise Conflict(ErrorCode.ACCOUNT_EXISTS, "This name is kept for the instance itself.")
