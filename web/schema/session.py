"""Signing in, and who is signed in where. Times are Unix milliseconds, lives seconds."""

import msgspec

from storage.model.session import SessionKind
from web.schema.account import Account


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``name`` is an account's name or its proven e-mail address; ``code`` of the second factor, where there is one.

    ``tokens`` asks for tokens instead of a cookie: for programs.
    """

    name: str
    password: str
    code: str = ""
    tokens: bool = False


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """``access`` goes into ``Authorization: Bearer`` for ``expires_in`` seconds; ``refresh`` is exchanged, once, for the next two."""

    access: str
    refresh: str
    expires_in: int


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in; ``account`` is null for a stranger. Requests with a cookie show ``csrf`` in ``X-CSRF-Token``."""

    account: Account | None
    csrf: str


class SessionBegun(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed in; ``tokens`` where they were asked for, else there is a cookie and ``csrf`` goes with it."""

    account: Account
    csrf: str
    tokens: Tokens | None = None


class Refresh(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest refresh token."""

    refresh: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Somewhere an account is signed in. ``current`` is the one that asks."""

    id: str
    kind: SessionKind
    user_agent: str
    address: str
    created_ms: int
    used_ms: int
    current: bool
