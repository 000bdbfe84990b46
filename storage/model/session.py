"""Sessions of accounts: somebody signed in with one browser or one program."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.model.account import Account
from storage.model.ids import AccountId, RecordId

IDLE = timedelta(days=14)
"""A session nobody used for this long is over."""

ABSOLUTE = timedelta(days=30)
"""No session lasts longer, used or not."""


class SessionKind(StrEnum):
    """What proves it: a browser's cookie, or the tokens of a program."""

    BROWSER = "browser"
    TOKENS = "tokens"


class SessionEnd(StrEnum):
    """Why a session ended before its time."""

    SIGNED_OUT = "signed_out"
    REVOKED = "revoked"
    REPLACED = "replaced"
    TOO_MANY = "too_many"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - a reason, not a secret


@dataclass(frozen=True, slots=True)
class AccountSession:
    """One of an account's sessions. ``rotation`` counts how often its refresh token was exchanged."""

    id: RecordId
    account: AccountId
    kind: SessionKind
    rotation: int
    user_agent: str
    address: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that is not over, its account, and the digest of the cookie's secret (None where tokens prove it)."""

    session: AccountSession
    account: Account
    digest: bytes | None
