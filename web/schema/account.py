"""Accounts. Times are Unix milliseconds."""

import msgspec


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, as they and the operators see them. ``role`` is ``user`` or ``operator``, ``state`` ``active`` or ``banned``."""

    name: str
    display_name: str
    colour: str
    avatar: str | None
    role: str
    state: str
    email: str | None
    email_verified: bool
    created_ms: int
    version: int
