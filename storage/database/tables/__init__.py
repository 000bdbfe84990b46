"""The tables. Changed together with a migration (tested: head == this)."""

from storage.database.tables.accounts import (
    account,
    api_token,
    block,
    follow,
    identity,
    notification,
    one_time_token,
    recovery_code,
    session,
    signing_key,
)
from storage.database.tables.base import metadata
from storage.database.tables.channels import (
    broadcast,
    channel,
    channel_alias,
    channel_ban,
    channel_role,
    channel_tag,
    channel_word,
    stream_key,
)
from storage.database.tables.operations import audit, idempotent_request, webhook, webhook_delivery

__all__ = [
    "account",
    "api_token",
    "audit",
    "block",
    "broadcast",
    "channel",
    "channel_alias",
    "channel_ban",
    "channel_role",
    "channel_tag",
    "channel_word",
    "follow",
    "idempotent_request",
    "identity",
    "metadata",
    "notification",
    "one_time_token",
    "recovery_code",
    "session",
    "signing_key",
    "stream_key",
    "webhook",
    "webhook_delivery",
]
