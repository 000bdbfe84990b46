"""From rows to channels, and what is written beside each: its tags and the words it is found by."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.tables import channel as channels
from storage.database.tables import channel_tag, channel_word
from storage.model.channel import Channel, Visibility
from storage.model.ids import AccountId, ChannelId, ChannelName
from storage.model.words import words

AnyRow = Row[*tuple[Any, ...]]

CHANNEL_COLUMNS = tuple(column for column in channels.c if column.name not in {"password_hash", "changed_at"})
"""What to select for :func:`channel_of`."""


def channel_of(row: AnyRow, tags: tuple[str, ...] = ()) -> Channel:
    """The channel in a row that has :data:`CHANNEL_COLUMNS`."""
    return Channel(
        id=ChannelId(row.id),
        name=ChannelName(row.name),
        title=row.title,
        created_at=row.created_at,
        owner=None if row.owner is None else AccountId(row.owner),
        description=row.description,
        category=row.category,
        language=row.language,
        mature=row.mature,
        visibility=Visibility(row.visibility),
        tags=tags,
        picture=row.picture,
        banner=row.banner,
        offline_picture=row.offline_picture,
        version=row.version,
    )


async def with_tags(connection: AsyncConnection, rows: Sequence[AnyRow]) -> list[Channel]:
    """The channels in rows, each with its tags in order."""
    tags = await tags_of(connection, [row.id for row in rows])
    return [channel_of(row, tags.get(row.id, ())) for row in rows]


async def tags_of(connection: AsyncConnection, identifiers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The tags of several channels."""
    wanted = list(identifiers)
    if not wanted:
        return {}
    query = select(channel_tag).where(channel_tag.c.channel.in_(wanted)).order_by(channel_tag.c.tag)
    found: dict[str, tuple[str, ...]] = {}
    for row in (await connection.execute(query)).all():
        found[row.channel] = (*found.get(row.channel, ()), row.tag)
    return found


async def write_tags(connection: AsyncConnection, channel: ChannelId, tags: Sequence[str]) -> None:
    """Give a channel these tags and no others."""
    await connection.execute(delete(channel_tag).where(channel_tag.c.channel == channel))
    if tags:
        await connection.execute(insert(channel_tag), [{"channel": channel, "tag": tag} for tag in tags])


async def write_words(connection: AsyncConnection, channel: Channel) -> None:
    """Let a public channel be found by its words, and any other by none."""
    await connection.execute(delete(channel_word).where(channel_word.c.channel == channel.id))
    found = words_of(channel)
    if found:
        await connection.execute(insert(channel_word), [{"word": word, "channel": channel.id} for word in found])


def words_of(channel: Channel) -> tuple[str, ...]:
    """What a channel is found by."""
    if channel.visibility is not Visibility.PUBLIC:
        return ()
    return words((channel.name, channel.name.replace("-", "").replace("_", ""), channel.title, channel.category, *channel.tags))
