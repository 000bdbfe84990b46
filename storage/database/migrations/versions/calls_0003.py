"""Calls: rooms where a few people talk, who may enter them, who was there."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables of calls."""
    op.create_table(
        "call",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=26), nullable=False),
        sa.Column("host", sa.String(length=26), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("lobby", sa.Boolean(), nullable=False),
        sa.Column("relay_only", sa.String(length=12), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("how_ended", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["host"], ["account.id"], name="fk_call_host", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_call"),
        sa.UniqueConstraint("name", name="uq_call_name"),
    )
    op.create_index("ix_call_host", "call", ["host"], unique=False)
    op.create_table(
        "call_person",
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("call", sa.String(length=26), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_call_person_account", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["call"], ["call.id"], name="fk_call_person_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account", "call", name="pk_call_person"),
    )
    op.create_index("ix_call_person_call", "call_person", ["call"], unique=False)
    op.create_table(
        "call_invite",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("call", sa.String(length=26), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("guests", sa.Boolean(), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.String(length=26), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["call"], ["call.id"], name="fk_call_invite_call", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name="fk_call_invite_made_by", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_call_invite"),
        sa.UniqueConstraint("call", "digest", name="uq_call_invite_call_digest"),
    )
    op.create_index("ix_call_invite_made_by", "call_invite", ["made_by"], unique=False)
    op.create_table(
        "call_seat",
        sa.Column("call", sa.String(length=26), nullable=False),
        sa.Column("seat", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=True),
        sa.Column("shown", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("how_left", sa.String(length=12), nullable=True),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_call_seat_account", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["call"], ["call.id"], name="fk_call_seat_call", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "seat", name="pk_call_seat"),
    )
    op.create_index("ix_call_seat_account", "call_seat", ["account"], unique=False)
    op.create_index("ix_call_seat_call_entered_at", "call_seat", ["call", "entered_at"], unique=False)
