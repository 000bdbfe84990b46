"""Calls: who may enter, who was there."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from storage.database.tables.base import Digest, Id, Moment, metadata

call = Table(
    "call",
    metadata,
    Column("id", Id, primary_key=True),
    # Random: in the call's address.
    Column("name", Id, nullable=False),
    Column("host", Id, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("title", String(100), nullable=False),
    Column("lobby", Boolean, nullable=False),
    # guests, everybody, nobody
    Column("relay_only", String(12), nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    # When somebody first entered.
    Column("started_at", Moment),
    Column("ended_at", Moment),
    # empty, ended, lost
    Column("how_ended", String(12)),
    UniqueConstraint("name"),
    Index(None, "host"),
)

call_person = Table(
    "call_person",
    metadata,
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("call", Id, ForeignKey("call.id", ondelete="CASCADE"), primary_key=True),
    # host, cohost, person
    Column("role", String(12), nullable=False),
    # Taken out of their own history.
    Column("hidden", Boolean, nullable=False),
    Index(None, "call"),
)

call_invite = Table(
    "call_invite",
    metadata,
    Column("id", Id, primary_key=True),
    Column("call", Id, ForeignKey("call.id", ondelete="CASCADE"), nullable=False),
    Column("digest", LargeBinary(Digest), nullable=False),
    # Whether it also lets in who has no account.
    Column("guests", Boolean, nullable=False),
    # None: any number.
    Column("uses_left", Integer),
    Column("made_by", Id, ForeignKey("account.id", ondelete="SET NULL")),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    UniqueConstraint("call", "digest"),
    Index(None, "made_by"),
)

call_seat = Table(
    "call_seat",
    metadata,
    Column("call", Id, ForeignKey("call.id", ondelete="CASCADE"), primary_key=True),
    Column("seat", String(32), primary_key=True),
    # None: a guest.
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE")),
    Column("shown", String(64), nullable=False),
    Column("role", String(12), nullable=False),
    Column("entered_at", Moment, nullable=False),
    Column("left_at", Moment),
    # left, removed, lost, ended
    Column("how_left", String(12)),
    # Numbers by name, as the person's browser told them.
    Column("quality", Text, nullable=False),
    Index(None, "account"),
    Index(None, "call", "entered_at"),
)
