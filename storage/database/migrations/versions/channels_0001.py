"""Channels and stream keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "channel",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_channel"),
    )
    op.create_table(
        "stream_key",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("digest", name="pk_stream_key"),
        sa.ForeignKeyConstraint(["channel"], ["channel.name"], name="fk_stream_key_channel", ondelete="CASCADE"),
    )
    op.create_index("ix_stream_key_channel", "stream_key", ["channel"])
