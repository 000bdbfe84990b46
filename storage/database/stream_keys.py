"""Stream keys: several a channel, each named, revocable, and known by its digest only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from storage import secrets
from storage.database.channel_rows import CHANNEL_COLUMNS, AnyRow, channel_of
from storage.database.repository import Repository
from storage.database.tables import account as accounts
from storage.database.tables import channel as channels
from storage.database.tables import channel_alias
from storage.database.tables import stream_key as keys
from storage.model.account import AccountState
from storage.model.channel import Channel, StreamKey
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound, Refused
from storage.model.ids import ChannelName, RecordId

MOST_KEYS = 20
"""Valid keys of one channel."""
KEY_NAME_LENGTH = 60
"""Characters."""
REVOKED_KEPT = timedelta(days=30)
USED_EVERY = timedelta(minutes=1)
"""How exactly the last use of a key is known."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """A channel and the key that opens it."""

    channel: Channel
    key: StreamKey


class StreamKeyRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def add(self, channel: ChannelName, name: str = "") -> tuple[StreamKey, str]:
        """A new stream key for a channel: the plain key is told this once, kept is its digest.

        Raises:
            BadInput: ``BAD_REQUEST``; its name is too long.
            NotFound: ``CHANNEL_NOT_FOUND``.
            Conflict: ``LIMIT_REACHED``.
        """
        if len(name) > KEY_NAME_LENGTH or not name.isprintable():
            raise BadInput(ErrorCode.BAD_REQUEST, f"A key's name is at most {KEY_NAME_LENGTH} printable characters.", field="name")
        plain = secrets.new_stream_key()
        made = StreamKey(self._new_id(), channel, secrets.digest(plain), self._now(), name=name)
        values = {"id": made.id, "digest": made.digest, "name": name, "created_at": made.created_at}
        try:
            async with self._database.transaction() as connection:
                owner = await connection.scalar(select(channels.c.id).where(channels.c.name == channel).with_for_update())
                if owner is None:
                    raise _no_channel()
                forgotten = (keys.c.channel == owner) & (keys.c.revoked_at < made.created_at - REVOKED_KEPT)
                await connection.execute(delete(keys).where(forgotten))
                valid = select(func.count()).select_from(keys).where(keys.c.channel == owner, keys.c.revoked_at.is_(None))
                if int(await connection.scalar(valid) or 0) >= MOST_KEYS:
                    raise Conflict(ErrorCode.LIMIT_REACHED, f"A channel has at most {MOST_KEYS} keys.", limit=MOST_KEYS)
                await connection.execute(insert(keys).values(**values, channel=owner))
        except IntegrityError:
            raise _no_channel() from None
        return made, plain

    async def list(self, channel: ChannelName) -> Sequence[StreamKey]:
        """A channel's keys, revoked ones too, oldest first."""
        async with self._database.transaction() as connection:
            rows = (await connection.execute(select(keys).join(channels).where(channels.c.name == channel).order_by(keys.c.id))).all()
        return [_key(row, channel) for row in rows]

    async def verify(self, channel: ChannelName, key: str) -> Publisher:
        """The channel that a key opens, asked for by its name or a former one.

        Raises:
            Refused: ``KEY_REFUSED``; nothing, not even the time it takes, tells a wrong key from an unknown channel, or from one
                whose owner is banned.
        """
        digest = secrets.digest(key)
        alias = select(channel_alias.c.channel).where(channel_alias.c.name == channel).scalar_subquery()
        labels = [column.label(f"key_{column.name}") for column in keys.c]
        valid = (
            select(*CHANNEL_COLUMNS, *labels)
            .select_from(keys.join(channels).outerjoin(accounts, accounts.c.id == channels.c.owner))
            .where(
                or_(channels.c.name == channel, channels.c.id == alias),
                keys.c.revoked_at.is_(None),
                or_(accounts.c.id.is_(None), accounts.c.state == AccountState.ACTIVE),
            )
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(valid)).all()
        if not secrets.is_one_of(digest, [row.key_digest for row in rows]):
            raise Refused(ErrorCode.KEY_REFUSED, "The stream key is not valid for this channel.")
        row = next(row for row in rows if row.key_digest == digest)
        found = channel_of(row)
        known = StreamKey(RecordId(row.key_id), found.name, digest, row.key_created_at, None, row.key_name, row.key_used_at)
        return Publisher(found, known)

    async def used(self, key: StreamKey) -> None:
        """Remember that a key was used now, unless that was remembered less than a minute ago."""
        now = self._now()
        if key.used_at is not None and now - key.used_at < USED_EVERY:
            return
        late = or_(keys.c.used_at.is_(None), keys.c.used_at < now - USED_EVERY)
        async with self._database.transaction() as connection:
            await connection.execute(update(keys).where(keys.c.id == key.id, late).values(used_at=now))

    async def revoke(self, channel: ChannelName, key: RecordId) -> None:
        """Let a key open nothing any more. Raises ``NotFound(NOT_FOUND)``."""
        of_channel = select(channels.c.id).where(channels.c.name == channel).scalar_subquery()
        revoked = update(keys).where(keys.c.channel == of_channel, keys.c.id == key, keys.c.revoked_at.is_(None))
        async with self._database.transaction() as connection:
            result = await connection.execute(revoked.values(revoked_at=self._now()))
        if result.rowcount == 0:
            raise NotFound(ErrorCode.NOT_FOUND, "The channel has no such key.")

    async def still_valid(self, wanted: Sequence[RecordId]) -> frozenset[RecordId]:
        """Those keys that still open their channel: neither revoked, nor is the owner banned."""
        if not wanted:
            return frozenset()
        query = (
            select(keys.c.id)
            .select_from(keys.join(channels).outerjoin(accounts, accounts.c.id == channels.c.owner))
            .where(
                keys.c.id.in_(list(wanted)),
                keys.c.revoked_at.is_(None),
                or_(accounts.c.id.is_(None), accounts.c.state == AccountState.ACTIVE),
            )
        )
        async with self._database.transaction() as connection:
            return frozenset(RecordId(row.id) for row in (await connection.execute(query)).all())


def _key(row: AnyRow, channel: ChannelName) -> StreamKey:
    return StreamKey(RecordId(row.id), channel, row.digest, row.created_at, row.revoked_at, row.name, row.used_at)


def _no_channel() -> NotFound:
    return NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.")
