"""From an account's record to what the interface says of it."""

from datetime import datetime

from storage.model import account as records
from web.pictures import path
from web.schema.account import Account, Profile


def account_view(account: records.Account) -> Account:
    """An account, for itself and for operators."""
    return Account(
        name=account.name,
        display_name=account.display_name,
        colour=account.colour,
        avatar=path(account.avatar),
        role=account.role,
        state=account.state,
        email=account.email,
        email_verified=account.email_verified_at is not None,
        created_ms=unix_ms(account.created_at),
        version=account.version,
    )


def profile_view(account: records.Account) -> Profile:
    """An account, for everybody."""
    return Profile(
        name=account.name,
        display_name=account.display_name,
        colour=account.colour,
        avatar=path(account.avatar),
        created_ms=unix_ms(account.created_at),
    )


def unix_ms(moment: datetime) -> int:
    """A moment as the interface tells it."""
    return int(moment.timestamp() * 1000)
