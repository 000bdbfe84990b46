"""Accounts, and who is asking."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.model.ids import AccountId, AccountName, RecordId


class AccountRole(StrEnum):
    """What an account may do beyond its own things."""

    USER = "user"
    OPERATOR = "operator"


class AccountState(StrEnum):
    """Whether an account can sign in."""

    ACTIVE = "active"
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody. ``generation`` grows when everything signed in their name before must end."""

    id: AccountId
    name: AccountName
    display_name: str
    colour: str
    role: AccountRole
    state: AccountState
    email: str | None
    email_verified_at: datetime | None
    avatar: str | None
    generation: int
    version: int
    created_at: datetime


class Scope(StrEnum):
    """What a personal API token may be limited to. A session has all of them."""

    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    CHANNEL_READ = "channel:read"
    CHANNEL_WRITE = "channel:write"
    PUBLISH = "publish"
    CHAT = "chat"
    MODERATE = "moderate"
    ADMIN = "admin"


EVERY_SCOPE = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for something, from an IP ``address``.

    ``account`` is None for a stranger; others are there by a ``session`` or an API ``token``, the other one is None.
    """

    account: Account | None
    session: RecordId | None = None
    scopes: frozenset[Scope] = frozenset()
    address: str = ""
    token: RecordId | None = None

    @property
    def is_operator(self) -> bool:
        """Whether they run the instance and use that power now."""
        return self.account is not None and self.account.role is AccountRole.OPERATOR and Scope.ADMIN in self.scopes


STRANGER = Actor(None)
