"""Links that work once: whoever has one may do one thing, until a certain time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.model.ids import AccountId


class Purpose(StrEnum):
    """What a token is for; it opens nothing else."""

    RESET = "reset"
    """Choose an account's password. Also how an account made by command gets its first one."""
    VERIFY = "verify"
    """Prove an e-mail address."""
    INVITE = "invite"
    """Sign up where that needs an invitation."""
    SETUP = "setup"
    """Sign up as the first operator."""


LIFE = {
    Purpose.RESET: timedelta(hours=1),
    Purpose.VERIFY: timedelta(days=2),
    Purpose.INVITE: timedelta(days=7),
    Purpose.SETUP: timedelta(days=7),
}
"""How long each is good for."""


@dataclass(frozen=True, slots=True)
class OneTime:
    """A token that was not used yet. ``data`` is the e-mail address it is about, or empty."""

    purpose: Purpose
    account: AccountId | None
    data: str
    expires_at: datetime
