"""From rows to records, where several repositories read the same table."""

from typing import Any

from sqlalchemy import Row

from storage.database.tables import account
from storage.model.account import Account, AccountRole, AccountState
from storage.model.ids import AccountId, AccountName

ACCOUNT_COLUMNS = tuple(
    account.c[name].label(f"account_{name}")
    for name in (
        *("id", "name", "display_name", "colour", "role", "state", "email", "email_verified_at"),
        *("avatar", "generation", "version", "created_at"),
    )
)
"""What to select for :func:`account_of`."""


def account_of(row: Row[Any]) -> Account:
    """The account in a row that has :data:`ACCOUNT_COLUMNS`."""
    return Account(
        id=AccountId(row.account_id),
        name=AccountName(row.account_name),
        display_name=row.account_display_name,
        colour=row.account_colour,
        role=AccountRole(row.account_role),
        state=AccountState(row.account_state),
        email=row.account_email,
        email_verified_at=row.account_email_verified_at,
        avatar=row.account_avatar,
        generation=row.account_generation,
        version=row.account_version,
        created_at=row.account_created_at,
    )
