"""What was done and what is told: audit, webhooks, requests that must not be done twice."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from storage.database.tables.base import Digest, Id, Moment, metadata

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    # No foreign keys: an entry outlives whom it is about.
    Column("actor", Id),
    Column("action", String(60), nullable=False),
    Column("channel", Id),
    Column("subject", String(80), nullable=False),
    Column("data", Text, nullable=False),
    Column("address", String(45), nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "actor", "id"),
    Index(None, "channel", "id"),
    Index(None, "action", "id"),
)

webhook = Table(
    "webhook",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    # Of one channel, or of the whole instance (an operator's).
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE")),
    Column("url", String(500), nullable=False),
    # Encrypted with a key made of FANLIGHT_SECRET.
    Column("secret", LargeBinary(300), nullable=False),
    Column("events", String(300), nullable=False),
    # Attempts in a row, and since when there was no other.
    Column("failures", Integer, nullable=False),
    Column("failing_since", Moment),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
    Index(None, "account"),
    Index(None, "channel"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", Id, primary_key=True),
    Column("webhook", Id, ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    Column("event", String(60), nullable=False),
    Column("body", Text, nullable=False),
    # pending, delivered, failed
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment),
    Column("status", Integer),
    Column("error", String(200)),
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
    Index(None, "webhook", "id"),
    Index(None, "state", "next_at"),
)

idempotent_request = Table(
    "idempotent_request",
    metadata,
    Column("actor", Id, primary_key=True),
    Column("key", String(80), primary_key=True),
    Column("digest", LargeBinary(Digest), nullable=False),
    Column("status", Integer),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "created_at"),
)
