"""From an account's record to what the interface says of it."""

from datetime import datetime

from storage.model import account as records
from web.schema.account import Account


def account_view(account: records.Account) -> Account:
    """An account, for itself and for operators."""
    return Account(
        name=account.name,
        display_name=account.display_name,
        colour=account.colour,
        avatar=account.avatar,
        role=account.role,
        state=account.state,
        email=account.email,
        email_verified=account.email_verified_at is not None,
        created_ms=unix_ms(account.created_at),
        version=account.version,
    )


def unix_ms(moment: datetime) -> int:
    """A moment as the interface tells it."""
    return int(moment.timestamp() * 1000)
