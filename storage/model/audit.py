"""Who did what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.model.ids import AccountId, ChannelId, RecordId


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act. ``action`` is a noun and a verb (``account.banned``); ``subject`` is whom or what it was done to, by name.

    ``actor`` is None where nobody was signed in, or the instance itself acted. ``actor_name`` and ``channel_name`` are None where
    that is gone by now.
    """

    id: RecordId
    actor: AccountId | None
    actor_name: str | None
    action: str
    channel: ChannelId | None
    channel_name: str | None
    subject: str
    data: Mapping[str, str | int | float | bool | None]
    address: str
    created_at: datetime
