"""What an account is told in the application."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.model.ids import ChannelName, RecordId


class NotificationKind(StrEnum):
    """What happened."""

    LIVE = "live"
    """A channel they follow went live."""
    UNBANNED = "unbanned"
    """A channel's team lifted their ban."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing to tell. ``text`` is the broadcast's title where ``kind`` is ``live``, else empty."""

    id: RecordId
    kind: NotificationKind
    channel: ChannelName | None
    text: str
    created_at: datetime
    read_at: datetime | None
