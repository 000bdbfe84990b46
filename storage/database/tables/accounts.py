"""Who there is: accounts, what they sign in with, and their sessions."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from storage.database.tables.base import Digest, Id, Moment, Name, metadata

account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Name, nullable=False),
    Column("display_name", String(64), nullable=False),
    Column("colour", String(7), nullable=False),
    Column("role", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("email", String(254)),
    Column("email_verified_at", Moment),
    Column("password_hash", String(200)),
    Column("totp_secret", LargeBinary(200)),
    Column("totp_confirmed_at", Moment),
    Column("totp_last_step", Integer, nullable=False),
    Column("avatar", String(120)),
    # What was signed before this number was raised is no longer valid: a password, role or state changed.
    Column("generation", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    UniqueConstraint("name"),
)

# Anybody may state an address; one account may have proven it.
Index(
    "uq_account_proven_email",
    account.c.email,
    unique=True,
    sqlite_where=account.c.email_verified_at.is_not(None),
    postgresql_where=account.c.email_verified_at.is_not(None),
)

identity = Table(
    "identity",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("email", String(254)),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index(None, "account"),
)

session = Table(
    "session",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    # The account's when the session began, or was kept on purpose; over when the account's is another.
    Column("generation", Integer, nullable=False),
    # Of the cookie's secret; none where tokens prove the session.
    Column("digest", LargeBinary(Digest)),
    # How often the refresh token was exchanged; one with a smaller number was used before.
    Column("rotation", Integer, nullable=False),
    Column("rotated_at", Moment),
    Column("user_agent", String(200), nullable=False),
    Column("address", String(45), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("ended_by", String(16)),
    Index(None, "account"),
    Index(None, "expires_at"),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("kid", String(32), primary_key=True),
    # Encrypted with a key made of FANLIGHT_SECRET.
    Column("private", LargeBinary(1000), nullable=False),
    Column("public", String(1000), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("retired_at", Moment),
)

one_time_token = Table(
    "one_time_token",
    metadata,
    Column("digest", LargeBinary(Digest), primary_key=True),
    # reset, verify, invite, setup
    Column("purpose", String(16), nullable=False),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE")),
    Column("data", String(254), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index(None, "account"),
    Index(None, "expires_at"),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("digest", LargeBinary(Digest), primary_key=True),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("used_at", Moment),
    Index(None, "account"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(60), nullable=False),
    Column("digest", LargeBinary(Digest), nullable=False),
    Column("scopes", String(300), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    UniqueConstraint("digest"),
    Index(None, "account"),
)

follow = Table(
    "follow",
    metadata,
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True),
    Column("notify", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "channel"),
)

block = Table(
    "block",
    metadata,
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("blocked", Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Index(None, "blocked"),
)

notification = Table(
    "notification",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE")),
    Column("data", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("read_at", Moment),
    Index(None, "account", "id"),
)
