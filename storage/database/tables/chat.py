"""What is said in channels, and what their teams do about it."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from storage.database.tables.base import Id, Moment, Name, metadata

chat_room = Table(
    "chat_room",
    metadata,
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True),
    # Another one means that the numbers began anew.
    Column("epoch", String(16), nullable=False),
    # Of the newest event; whoever raises it holds the row until its events are written.
    Column("last_seq", BigInteger, nullable=False),
    # Grows whenever what anybody may do in the room changes: what was decided by an older one is decided anew.
    Column("version", Integer, nullable=False),
    Column("settings", Text, nullable=False),
    # Grows with every change of the settings.
    Column("settings_version", Integer, nullable=False),
    # When a shield that raised itself comes down.
    Column("shield_until", Moment),
    # Messages up to this number were cleared away.
    Column("cleared", BigInteger, nullable=False),
    Column("pinned", Id),
    Column("poll", Id),
    Column("created_at", Moment, nullable=False),
    Index(None, "shield_until"),
)

chat_event = Table(
    "chat_event",
    metadata,
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    # everybody, team
    Column("audience", String(12), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "created_at"),
)

chat_message = Table(
    "chat_message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    # Of the event that made it visible; none before.
    Column("seq", BigInteger),
    Column("author", Id, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    # What the author's program called it: the same again is the same message.
    Column("client_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    # visible, held, delayed, rejected, deleted
    Column("state", String(12), nullable=False),
    Column("text", String(2000), nullable=False),
    # The Message as it is told, without its reactions.
    Column("body", Text, nullable=False),
    Column("reply_to", Id),
    Column("broadcast", String(32)),
    # Capture time the author saw, else the server's when it became visible; Unix milliseconds.
    Column("media_ms", BigInteger, nullable=False),
    Column("held_for", String(200)),
    Column("due_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("edited_at", Moment),
    Column("deleted_at", Moment),
    Column("deleted_by", Id),
    UniqueConstraint("channel", "author", "client_id"),
    Index(None, "channel", "seq"),
    Index(None, "author", "channel", "created_at"),
    Index(None, "channel", "state", "created_at"),
    Index(None, "state", "due_at"),
    Index(None, "broadcast", "media_ms"),
)

chat_reaction = Table(
    "chat_reaction",
    metadata,
    Column("message", Id, ForeignKey("chat_message.id", ondelete="CASCADE"), primary_key=True),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("reaction", String(40), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Index(None, "account"),
)

chat_member = Table(
    "chat_member",
    metadata,
    # What an account was and is in a room: begun with its first message, or with the first thing a team did to it.
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("first_at", Moment),
    Column("last_at", Moment),
    Column("messages", Integer, nullable=False),
    Column("muted_until", Moment),
    Column("muted_for", String(300)),
    Column("warning", String(300)),
    Column("warned_at", Moment),
    # none, monitored, restricted
    Column("suspicion", String(12), nullable=False),
    # Why: what the team wrote, or the account it seems to be again.
    Column("suspected_for", String(300)),
    Index(None, "account"),
    Index(None, "channel", "suspicion"),
    Index(None, "channel", "last_at"),
)

chat_note = Table(
    "chat_note",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("author", Id, ForeignKey("account.id", ondelete="SET NULL")),
    Column("text", String(500), nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "channel", "account"),
    Index(None, "account"),
    Index(None, "author"),
)

chat_term = Table(
    "chat_term",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    # literal, wildcard, expression
    Column("form", String(12), nullable=False),
    Column("text", String(200), nullable=False),
    # block, hold, permit
    Column("effect", String(12), nullable=False),
    Column("created_by", Id, ForeignKey("account.id", ondelete="SET NULL")),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("channel", "form", "text"),
    Index(None, "created_by"),
)

chat_action = Table(
    "chat_action",
    metadata,
    # The moderation log: rows are added, never changed. What undoes another says so.
    Column("id", Id, primary_key=True),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("actor", Id, ForeignKey("account.id", ondelete="SET NULL")),
    Column("action", String(40), nullable=False),
    Column("subject", Id, ForeignKey("account.id", ondelete="SET NULL")),
    Column("message", Id),
    Column("reason", String(300), nullable=False),
    Column("data", Text, nullable=False),
    # What was there before, for an undo.
    Column("before", Text),
    Column("undoes", Id),
    Column("created_at", Moment, nullable=False),
    Index(None, "channel", "id"),
    Index(None, "channel", "subject"),
    Index(None, "undoes"),
    Index(None, "actor"),
    Index(None, "subject"),
)

chat_appeal = Table(
    "chat_appeal",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("text", String(1000), nullable=False),
    # open, granted, denied
    Column("state", String(12), nullable=False),
    Column("answer", String(500), nullable=False),
    Column("answered_by", Id, ForeignKey("account.id", ondelete="SET NULL")),
    Column("created_at", Moment, nullable=False),
    Column("answered_at", Moment),
    Index(None, "channel", "state"),
    Index(None, "account"),
    Index(None, "answered_by"),
)

chat_poll = Table(
    "chat_poll",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), nullable=False),
    Column("question", String(200), nullable=False),
    # A JSON list of texts.
    Column("options", Text, nullable=False),
    Column("created_by", Id, ForeignKey("account.id", ondelete="SET NULL")),
    Column("created_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Index(None, "channel", "id"),
    Index(None, "created_by"),
)

chat_vote = Table(
    "chat_vote",
    metadata,
    Column("poll", Id, ForeignKey("chat_poll.id", ondelete="CASCADE"), primary_key=True),
    Column("account", Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("option", Integer, nullable=False),
    Index(None, "account"),
)

chat_emote = Table(
    "chat_emote",
    metadata,
    Column("channel", Id, ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Name, primary_key=True),
    # Name of an object.
    Column("picture", String(120), nullable=False),
    Column("created_by", Id, ForeignKey("account.id", ondelete="SET NULL")),
    Column("created_at", Moment, nullable=False),
    Index(None, "created_by"),
)
