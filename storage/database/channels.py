"""Channels: made, edited, renamed with a redirect, deleted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.channel_rows import CHANNEL_COLUMNS, channel_of, with_tags, write_tags, write_words
from storage.database.chat_log import append_alone
from storage.database.repository import Repository, hold
from storage.database.tables import account as accounts
from storage.database.tables import channel as channels
from storage.database.tables import channel_alias
from storage.database.tables import chat_room as rooms
from storage.model.channel import Channel, ChannelPicture, Visibility
from storage.model.channel_edit import (
    ChannelEdit,
    checked_category,
    checked_description,
    checked_language,
    checked_tags,
    checked_title,
)
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, ChannelId, ChannelName

MOST_CHANNELS = 10
"""Channels of one account."""
MOST_ALIASES = 10
"""Former names of one channel that lead to it; the oldest is forgotten."""
MOST_TOGETHER = 500


class ChannelRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def create(self, name: ChannelName, title: str, *, owner: AccountId | None = None) -> Channel:
        """A new channel, without a key yet. A name that was another's before is theirs no more.

        Raises:
            BadInput: ``BAD_REQUEST``; the title can't be one.
            Conflict: ``CHANNEL_EXISTS``, ``LIMIT_REACHED``.
        """
        made = Channel(ChannelId(self._new_id()), name, checked_title(title), self._now(), owner)
        try:
            async with self._database.transaction() as connection:
                if owner is not None:
                    await _check_limit(connection, owner)
                await connection.execute(delete(channel_alias).where(channel_alias.c.name == name))
                await connection.execute(insert(channels).values(**_values(made), changed_at=made.created_at))
                await write_words(connection, made)
        except IntegrityError:
            raise Conflict(ErrorCode.CHANNEL_EXISTS, "There is a channel of this name already.") from None
        return made

    async def get(self, name: ChannelName) -> Channel:
        """A channel by its present name. Raises ``NotFound(CHANNEL_NOT_FOUND)``."""
        return await self._one(channels.c.name == name)

    async def by_id(self, identifier: ChannelId) -> Channel:
        """A channel. Raises ``NotFound(CHANNEL_NOT_FOUND)``."""
        return await self._one(channels.c.id == identifier)

    async def formerly(self, name: ChannelName) -> Channel | None:
        """The channel that had a name before, if nobody else has it now."""
        async with self._database.transaction() as connection:
            query = select(*CHANNEL_COLUMNS).join(channel_alias, channel_alias.c.channel == channels.c.id)
            rows = (await connection.execute(query.where(channel_alias.c.name == name))).all()
            found = await with_tags(connection, rows)
        return found[0] if found else None

    async def list(self) -> Sequence[Channel]:
        """Every channel without its tags, by name: for the operator's command."""
        async with self._database.transaction() as connection:
            rows = (await connection.execute(select(*CHANNEL_COLUMNS).order_by(channels.c.name))).all()
        return [channel_of(row) for row in rows]

    async def of_owner(self, owner: AccountId) -> Sequence[Channel]:
        """An account's channels, by name."""
        return await self._several(channels.c.owner == owner)

    async def named(self, names: Sequence[ChannelName]) -> dict[ChannelName, Channel]:
        """Those of at most 500 names that are channels'."""
        return {channel.name: channel for channel in await self._several(channels.c.name.in_(list(names)))} if names else {}

    async def give(self, channel: ChannelId, owner: AccountId) -> None:
        """Make an account the owner. Raises ``NotFound(CHANNEL_NOT_FOUND)``."""
        async with self._database.transaction() as connection:
            values = {"owner": owner, "version": channels.c.version + 1, "changed_at": self._now()}
            given = await connection.execute(update(channels).where(channels.c.id == channel).values(**values))
        if given.rowcount == 0:
            raise _not_found()

    async def edit(self, identifier: ChannelId, edit: ChannelEdit, *, version: int | None = None) -> Channel:
        """Change a channel that is still at ``version``. Under a new name it is also found by the old one.

        Raises:
            BadInput: ``BAD_REQUEST``; ``data.field`` says what.
            NotFound: ``CHANNEL_NOT_FOUND``.
            Conflict: ``PRECONDITION_FAILED``, ``CHANNEL_EXISTS``.
        """
        try:
            async with self._database.transaction() as connection:
                if edit.visibility is not None or edit.name is not None:
                    # Who may read its chat, and under which name, is decided anew. Before the channel is held: whoever writes in a
                    # room holds the room first.
                    await append_alone(connection, identifier, [], self._now(), renew=True)
                query = select(*CHANNEL_COLUMNS, channels.c.password_hash).where(channels.c.id == identifier).with_for_update()
                row = (await connection.execute(query)).one_or_none()
                if row is None:
                    raise _not_found()
                (old,) = await with_tags(connection, [row])
                if version not in (None, old.version):
                    raise Conflict(ErrorCode.PRECONDITION_FAILED, "The channel was changed meanwhile; read it again.")
                new = _edited(old, edit)
                password_hash = edit.password_hash or row.password_hash
                if new.visibility is not Visibility.PASSWORD:
                    password_hash = None
                elif password_hash is None:
                    raise BadInput(ErrorCode.BAD_REQUEST, "A channel that opens by password needs one.", field="password")
                values = {**_values(new), "password_hash": password_hash, "changed_at": self._now()}
                changed = await connection.execute(
                    update(channels).where(channels.c.id == identifier, channels.c.version == old.version).values(**values)
                )
                if changed.rowcount == 0:
                    raise Conflict(ErrorCode.PRECONDITION_FAILED, "The channel was changed meanwhile; read it again.")
                if new.tags != old.tags:
                    await write_tags(connection, identifier, new.tags)
                if new.name != old.name:
                    await self._remember(connection, old, new.name)
                await write_words(connection, new)
        except IntegrityError:
            raise Conflict(ErrorCode.CHANNEL_EXISTS, "There is a channel of this name already.") from None
        return new

    async def set_picture(self, identifier: ChannelId, which: ChannelPicture, key: str | None) -> str | None:
        """Set or take away one of the pictures, by its object's name; returns the name it had. Raises ``NotFound(CHANNEL_NOT_FOUND)``."""
        column = channels.c[which.value]
        async with self._database.transaction() as connection:
            row = (await connection.execute(select(column).where(channels.c.id == identifier).with_for_update())).one_or_none()
            if row is None:
                raise _not_found()
            values = {which.value: key, "version": channels.c.version + 1, "changed_at": self._now()}
            await connection.execute(update(channels).where(channels.c.id == identifier).values(**values))
        old: str | None = row[0]
        return old

    async def password_hash(self, identifier: ChannelId) -> str | None:
        """The hash of the password that opens a channel."""
        async with self._database.transaction() as connection:
            found: str | None = await connection.scalar(select(channels.c.password_hash).where(channels.c.id == identifier))
        return found

    async def delete(self, identifier: ChannelId) -> None:
        """Delete a channel and everything that belongs to it. Raises ``NotFound(CHANNEL_NOT_FOUND)``."""
        async with self._database.transaction() as connection:
            # First its room, as whoever writes there does.
            await connection.execute(delete(rooms).where(rooms.c.channel == identifier))
            deleted = await connection.execute(delete(channels).where(channels.c.id == identifier))
        if deleted.rowcount == 0:
            raise _not_found()

    async def _one(self, which: ColumnElement[bool]) -> Channel:
        found = await self._several(which)
        if not found:
            raise _not_found()
        return found[0]

    async def _several(self, which: ColumnElement[bool]) -> Sequence[Channel]:
        async with self._database.transaction() as connection:
            query = select(*CHANNEL_COLUMNS).where(which).order_by(channels.c.name).limit(MOST_TOGETHER)
            return await with_tags(connection, (await connection.execute(query)).all())

    async def _remember(self, connection: AsyncConnection, old: Channel, new: ChannelName) -> None:
        await connection.execute(delete(channel_alias).where(channel_alias.c.name.in_([new, old.name])))
        await connection.execute(insert(channel_alias).values(name=old.name, channel=old.id, created_at=self._now()))
        newest = select(channel_alias.c.name).where(channel_alias.c.channel == old.id).order_by(channel_alias.c.created_at.desc())
        kept = [row.name for row in (await connection.execute(newest.limit(MOST_ALIASES))).all()]
        await connection.execute(delete(channel_alias).where(channel_alias.c.channel == old.id, channel_alias.c.name.not_in(kept)))


def _edited(old: Channel, edit: ChannelEdit) -> Channel:
    return replace(
        old,
        name=old.name if edit.name is None else edit.name,
        title=old.title if edit.title is None else checked_title(edit.title),
        description=old.description if edit.description is None else checked_description(edit.description),
        category=old.category if edit.category is None else checked_category(edit.category),
        language=old.language if edit.language is None else checked_language(edit.language),
        mature=old.mature if edit.mature is None else edit.mature,
        visibility=old.visibility if edit.visibility is None else edit.visibility,
        tags=old.tags if edit.tags is None else tuple(sorted(checked_tags(edit.tags))),
        version=old.version + 1,
    )


def _values(channel: Channel) -> dict[str, Any]:
    names = {column.name for column in CHANNEL_COLUMNS}
    return {name: getattr(channel, name) for name in names}


async def _check_limit(connection: AsyncConnection, owner: AccountId) -> None:
    await hold(connection, accounts, owner)
    count = await connection.scalar(select(func.count()).select_from(channels).where(channels.c.owner == owner))
    if int(count or 0) >= MOST_CHANNELS:
        raise Conflict(ErrorCode.LIMIT_REACHED, f"An account has at most {MOST_CHANNELS} channels.", limit=MOST_CHANNELS)


def _not_found() -> NotFound:
    return NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.")
