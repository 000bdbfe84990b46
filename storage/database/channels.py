"""Channels and their stream keys."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage import secrets
from storage.clock import Clock
from storage.database.engine import Database
from storage.database.tables import channel as channels
from storage.database.tables import stream_key as keys
from storage.model.channel import Channel, StreamKey
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound, Refused
from storage.model.ids import ChannelId, ChannelName, RecordId, new_record_id

TITLE_LENGTH = 200
"""Characters."""


class ChannelRepository:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, name: ChannelName, title: str) -> Channel:
        """A new channel, without a key yet.

        Raises:
            BadInput: ``BAD_REQUEST``; the title is longer than 200 characters or holds control characters.
            Conflict: ``CHANNEL_EXISTS``.
        """
        if len(title) > TITLE_LENGTH or not title.isprintable():
            raise BadInput(ErrorCode.BAD_REQUEST, f"A title is at most {TITLE_LENGTH} printable characters.")
        made = Channel(ChannelId(self._new_id()), name, title, self._now())
        values = {"id": made.id, "name": name, "title": title, "created_at": made.created_at, "changed_at": made.created_at}
        try:
            async with self._database.transaction() as connection:
                await connection.execute(insert(channels).values(**values, **_UNSAID))
        except IntegrityError:
            raise Conflict(ErrorCode.CHANNEL_EXISTS, "There is a channel of this name already.") from None
        return made

    async def get(self, name: ChannelName) -> Channel:
        """A channel. Raises ``NotFound(CHANNEL_NOT_FOUND)``."""
        async with self._database.transaction() as connection:
            row = (await connection.execute(select(channels).where(channels.c.name == name))).one_or_none()
        if row is None:
            raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.")
        return _channel(row)

    async def list(self) -> list[Channel]:
        """Every channel, by name."""
        async with self._database.transaction() as connection:
            rows = (await connection.execute(select(channels).order_by(channels.c.name))).all()
        return [_channel(row) for row in rows]

    async def add_key(self, channel: ChannelName) -> str:
        """A new stream key for a channel: shown this once, kept as a digest only. Raises ``NotFound(CHANNEL_NOT_FOUND)``."""
        key = secrets.new_stream_key()
        owner = (await self.get(channel)).id
        values = {"id": self._new_id(), "digest": secrets.digest(key), "channel": owner, "name": "", "created_at": self._now()}
        try:
            async with self._database.transaction() as connection:
                await connection.execute(insert(keys).values(**values))
        except IntegrityError:
            raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.") from None
        return key

    async def keys(self, channel: ChannelName) -> Sequence[StreamKey]:
        """A channel's keys, revoked ones too, oldest first."""
        async with self._database.transaction() as connection:
            rows = (await connection.execute(select(keys).join(channels).where(channels.c.name == channel).order_by(keys.c.id))).all()
        return [StreamKey(RecordId(row.id), channel, row.digest, row.created_at, row.revoked_at) for row in rows]

    async def verify_key(self, channel: ChannelName, key: str) -> bytes:
        """The digest of a key that is valid for a channel.

        Raises:
            Refused: ``KEY_REFUSED``; nothing, not even the time it takes, tells a wrong key from an unknown channel.
        """
        digest = secrets.digest(key)
        async with self._database.transaction() as connection:
            valid = select(keys.c.digest).join(channels).where(channels.c.name == channel, keys.c.revoked_at.is_(None))
            rows = await connection.execute(valid)
            known = [row.digest for row in rows]
        if not secrets.is_one_of(digest, known):
            raise Refused(ErrorCode.KEY_REFUSED, "The stream key is not valid for this channel.")
        return digest

    async def revoke_key(self, channel: ChannelName, digest: bytes) -> None:
        """Let a key, named by its digest, open nothing any more. Raises ``NotFound(NOT_FOUND)``."""
        of_channel = select(channels.c.id).where(channels.c.name == channel).scalar_subquery()
        revoked = update(keys).where(keys.c.channel == of_channel, keys.c.digest == digest, keys.c.revoked_at.is_(None))
        async with self._database.transaction() as connection:
            result = await connection.execute(revoked.values(revoked_at=self._now()))
        if result.rowcount == 0:
            raise NotFound(ErrorCode.NOT_FOUND, "The channel has no such key.")

    def _new_id(self) -> RecordId:
        return new_record_id(self._clock.unix_ns() // 1_000_000)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.unix_ns() // 1_000 / 1_000_000, UTC)


_UNSAID = {"description": "", "category": "", "language": "", "mature": False, "visibility": "public", "version": 1}


def _channel(row: Row[Any]) -> Channel:
    return Channel(ChannelId(row.id), ChannelName(row.name), row.title, row.created_at)
