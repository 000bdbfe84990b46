"""Chat: rooms, what is said in them, and what their teams do about it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables of chat."""
    _first()
    _second()


def _first() -> None:
    op.create_table(
        "chat_action",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=26), nullable=False),
        sa.Column("actor", sa.String(length=26), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=True),
        sa.Column("message", sa.String(length=26), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("undoes", sa.String(length=26), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor"], ["account.id"], name="fk_chat_action_actor", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name="fk_chat_action_channel", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["subject"], ["account.id"], name="fk_chat_action_subject", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_chat_action"),
    )
    op.create_index("ix_chat_action_actor", "chat_action", ["actor"], unique=False)
    op.create_index("ix_chat_action_channel_id", "chat_action", ["channel", "id"], unique=False)
    op.create_index("ix_chat_action_channel_subject", "chat_action", ["channel", "subject"], unique=False)
    op.create_index("ix_chat_action_subject", "chat_action", ["subject"], unique=False)
    op.create_index("ix_chat_action_undoes", "chat_action", ["undoes"], unique=False)
    op.create_table(
        "chat_appeal",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("answered_by", sa.String(length=26), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_chat_appeal_account", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name="fk_chat_appeal_answered_by", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name="fk_chat_appeal_channel", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_chat_appeal"),
    )
    op.create_index("ix_chat_appeal_account", "chat_appeal", ["account"], unique=False)
    op.create_index("ix_chat_appeal_answered_by", "chat_appeal", ["answered_by"], unique=False)
    op.create_index("ix_chat_appeal_channel_state", "chat_appeal", ["channel", "state"], unique=False)
    op.create_table(
        "chat_emote",
        sa.Column("channel", sa.String(length=26), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("picture", sa.String(length=120), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name="fk_chat_emote_channel", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name="fk_chat_emote_created_by", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("channel", "name", name="pk_chat_emote"),
    )
    op.create_index("ix_chat_emote_created_by", "chat_emote", ["created_by"], unique=False)
    op.create_table(
        "chat_event",
        sa.Column("channel", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name="fk_chat_event_channel", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel", "seq", name="pk_chat_event"),
    )
    op.create_index("ix_chat_event_created_at", "chat_event", ["created_at"], unique=False)
    op.create_table(
        "chat_member",
        sa.Column("channel", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("muted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("muted_for", sa.String(length=300), nullable=True),
        sa.Column("warning", sa.String(length=300), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspicion", sa.String(length=12), nullable=False),
        sa.Column("suspected_for", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_chat_member_account", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name="fk_chat_member_channel", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel", "account", name="pk_chat_member"),
    )
    op.create_index("ix_chat_member_account", "chat_member", ["account"], unique=False)
    op.create_index("ix_chat_member_channel_last_at", "chat_member", ["channel", "last_at"], unique=False)
    op.create_index("ix_chat_member_channel_suspicion", "chat_member", ["channel", "suspicion"], unique=False)
    op.create_table(
        "chat_message",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("author", sa.String(length=26), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.String(length=26), nullable=True),
        sa.Column("broadcast", sa.String(length=32), nullable=True),
        sa.Column("media_ms", sa.BigInteger(), nullable=False),
        sa.Column("held_for", sa.String(length=200), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(["author"], ["account.id"], name="fk_chat_message_author", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name="fk_chat_message_channel", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_chat_message"),
        sa.UniqueConstraint("channel", "author", "client_id", name="uq_chat_message_channel_author_client_id"),
    )
    op.create_index("ix_chat_message_author_channel_created_at", "chat_message", ["author", "channel", "created_at"], unique=False)
    op.create_index("ix_chat_message_broadcast_media_ms", "chat_message", ["broadcast", "media_ms"], unique=False)
    op.create_index("ix_chat_message_channel_seq", "chat_message", ["channel", "seq"], unique=False)
    op.create_index("ix_chat_message_channel_state_created_at", "chat_message", ["channel", "state", "created_at"], unique=False)
    op.create_index("ix_chat_message_state_due_at", "chat_message", ["state", "due_at"], unique=False)


def _second() -> None:
    op.create_table(
        "chat_note",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("author", sa.String(length=26), nullable=True),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_chat_note_account", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["author"], ["account.id"], name="fk_chat_note_author", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name="fk_chat_note_channel", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_chat_note"),
    )
    op.create_index("ix_chat_note_account", "chat_note", ["account"], unique=False)
    op.create_index("ix_chat_note_author", "chat_note", ["author"], unique=False)
    op.create_index("ix_chat_note_channel_account", "chat_note", ["channel", "account"], unique=False)
    op.create_table(
        "chat_poll",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=26), nullable=False),
        sa.Column("question", sa.String(length=200), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name="fk_chat_poll_channel", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name="fk_chat_poll_created_by", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_chat_poll"),
    )
    op.create_index("ix_chat_poll_channel_id", "chat_poll", ["channel", "id"], unique=False)
    op.create_index("ix_chat_poll_created_by", "chat_poll", ["created_by"], unique=False)
    op.create_table(
        "chat_room",
        sa.Column("channel", sa.String(length=26), nullable=False),
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("settings_version", sa.Integer(), nullable=False),
        sa.Column("shield_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared", sa.BigInteger(), nullable=False),
        sa.Column("pinned", sa.String(length=26), nullable=True),
        sa.Column("poll", sa.String(length=26), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name="fk_chat_room_channel", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel", name="pk_chat_room"),
    )
    op.create_index("ix_chat_room_shield_until", "chat_room", ["shield_until"], unique=False)
    op.create_table(
        "chat_term",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("channel", sa.String(length=26), nullable=False),
        sa.Column("form", sa.String(length=12), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("effect", sa.String(length=12), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel"], ["channel.id"], name="fk_chat_term_channel", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name="fk_chat_term_created_by", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_chat_term"),
        sa.UniqueConstraint("channel", "form", "text", name="uq_chat_term_channel_form_text"),
    )
    op.create_index("ix_chat_term_created_by", "chat_term", ["created_by"], unique=False)
    op.create_table(
        "chat_reaction",
        sa.Column("message", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("reaction", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_chat_reaction_account", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message"], ["chat_message.id"], name="fk_chat_reaction_message", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", "account", "reaction", name="pk_chat_reaction"),
    )
    op.create_index("ix_chat_reaction_account", "chat_reaction", ["account"], unique=False)
    op.create_table(
        "chat_vote",
        sa.Column("poll", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("option", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_chat_vote_account", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["poll"], ["chat_poll.id"], name="fk_chat_vote_poll", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("poll", "account", name="pk_chat_vote"),
    )
    op.create_index("ix_chat_vote_account", "chat_vote", ["account"], unique=False)
