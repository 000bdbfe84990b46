"""Channels, who may do what in them, their keys and their broadcasts."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from storage.database.tables.base import Digest, Id, Moment, Name, metadata

channel = Table(
    "channel",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Name, nullable=False),
    # Nobody's where the operator made it by command.
    Column("owner", Id, ForeignKey("account.id", ondelete="CASCADE")),
    Column("title", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("category", String(40), nullable=False),
    Column("language", String(16), nullable=False),
    Column("mature", Boolean, nullable=False),
    # public, unlisted, followers, named, password
    Column("visibility", String(16), nullable=False),
    Column("password_hash", String(200)),
    Column("picture", String(120)),
    Column("banner", String(120)),
    Column("offline_picture", String(120)),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    UniqueConstraint("name"),
    Index(None, "owner"),
    Index(None, "visibility", "name"),
    Index(None, "category", "name"),
)

channel_tag = Table(
    "channel_tag",
    metadata,
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", String(30), primary_key=True),
    Index(None, "tag", "channel"),
)

channel_word = Table(
    "channel_word",
    metadata,
    # Of a public channel's name, title, category and tags, folded: what a search looks up by prefix, in order of code points.
    Column("word", String(40).with_variant(String(40, collation="C"), "postgresql"), primary_key=True),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "channel", "word"),
)

channel_alias = Table(
    "channel_alias",
    metadata,
    # A name it had before; taken until somebody else's channel gets it.
    Column("name", Name, primary_key=True),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "channel"),
)

channel_role = Table(
    "channel_role",
    metadata,
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    # moderator, vip, or viewer: may watch where only named accounts may
    Column("role", String(16), nullable=False),
    Column("given_by", Id, ForeignKey("account.id", ondelete="SET NULL")),
    Column("created_at", Moment, nullable=False),
    Index(None, "account"),
)

channel_ban = Table(
    "channel_ban",
    metadata,
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("banned_by", Id, ForeignKey("account.id", ondelete="SET NULL")),
    Column("reason", String(300), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Index(None, "account"),
)

stream_key = Table(
    "stream_key",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", LargeBinary(Digest), nullable=False),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(60), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    UniqueConstraint("digest"),
    Index(None, "channel"),
)

broadcast = Table(
    "broadcast",
    metadata,
    # The BroadcastId the media plane chose.
    Column("id", String(32), primary_key=True),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("title", String(200), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("live_at", Moment),
    Column("ended_at", Moment),
    Column("end_reason", String(30)),
    Column("peak_viewers", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Index(None, "channel", "started_at"),
    Index(None, "state"),
)
