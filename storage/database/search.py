"""Finding channels: by the beginnings of words, category or tag, a page at a time and never more work than a page's."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal_column, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.channel_rows import CHANNEL_COLUMNS, with_tags
from storage.database.repository import Repository
from storage.database.tables import channel as channels
from storage.database.tables import channel_tag, channel_word
from storage.model.channel import Channel, Visibility
from storage.model.words import MOST_SEARCHED, after_prefix, words

EXAMINED = 300
"""Entries of an index looked at for one page. A page may hold fewer channels than asked for, and not be the last."""
COUNTED = 300
"""A word that more channels have is common: the rarest word leads."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. Every word of ``text`` must begin a word of the channel."""

    text: str = ""
    category: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of channels. ``next`` is where the next page begins, empty if there is none."""

    channels: Sequence[Channel]
    next: str = ""


class SearchRepository(Repository):
    """Finds public channels. Raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def find(self, search: Search, *, after: str = "", limit: int = 25) -> Found:
        """A page of the channels that fit, from the position ``after``; no particular order, but always the same."""
        wanted = words([search.text])[:MOST_SEARCHED]
        if search.text.strip() and not wanted:
            return Found(())
        async with self._database.transaction() as connection:
            tags = [search.tag] if search.tag else []
            others: Sequence[str] = ()
            if wanted:
                first, *others = await _rarest_first(connection, wanted)
                entries = _by_word(first, after)
            elif search.tag:
                entries, tags = _by_tag(search.tag, after), []
            else:
                entries = _by_name(search.category, after)
            # An index of public channels alone, and nothing else asked for: no entry is looked at in vain.
            all_fit = not search.category and not tags and not others and (wanted or not search.tag)
            examined = limit + 1 if all_fit else EXAMINED
            some = entries.limit(examined).subquery("some")
            fits = [_is_public(some.c.channel, search.category), *(_has_word(some.c.channel, word) for word in others)]
            query = select(some.c.channel, some.c.position).where(*fits, *(_has_tag(some.c.channel, tag) for tag in tags))
            rows = (await connection.execute(query.order_by(some.c.position).limit(limit + 1))).all()
            kept = {row.channel: row.position for row in rows[:limit]}
            following = rows[limit - 1].position if len(rows) > limit else ""
            if not following:
                last = select(func.count(), func.max(some.c.position)).select_from(some)
                count, position = (await connection.execute(last)).one()
                following = position if count >= examined else ""
            found = (await connection.execute(select(*CHANNEL_COLUMNS).where(channels.c.id.in_(list(kept))))).all() if kept else []
            return Found(await with_tags(connection, sorted(found, key=lambda row: kept[row.id])), following)


async def _rarest_first(connection: AsyncConnection, wanted: Sequence[str]) -> list[str]:
    counts = {}
    for word in wanted if len(wanted) > 1 else ():
        some = select(channel_word.c.word).where(_begins(word)).order_by(channel_word.c.word).limit(COUNTED).subquery()
        counts[word] = int(await connection.scalar(select(func.count()).select_from(some)) or 0)
    return sorted(wanted, key=lambda word: (counts.get(word, 0), -len(word)))


def _begins(word: str) -> ColumnElement[bool]:
    return and_(channel_word.c.word >= word, channel_word.c.word < after_prefix(word))


def _by_word(word: str, after: str) -> Select[tuple[str, str]]:
    """Positions are ``word channel``. A channel stands at the first of its words only."""
    earlier = channel_word.alias("earlier")
    query = select(channel_word.c.channel, (channel_word.c.word + " " + channel_word.c.channel).label("position")).where(
        _begins(word),
        ~exists().where(earlier.c.channel == channel_word.c.channel, earlier.c.word >= word, earlier.c.word < channel_word.c.word),
    )
    if after:
        at, _, channel = after.rpartition(" ")
        query = query.where(tuple_(channel_word.c.word, channel_word.c.channel) > tuple_(at, channel))
    return query.order_by(channel_word.c.word, channel_word.c.channel)


def _by_tag(tag: str, after: str) -> Select[tuple[str, str]]:
    query = select(channel_tag.c.channel, channel_tag.c.channel.label("position")).where(channel_tag.c.tag == tag.lower())
    return query.where(channel_tag.c.channel > after).order_by(channel_tag.c.channel)


def _by_name(category: str, after: str) -> Select[tuple[str, str]]:
    query = select(channels.c.id.label("channel"), channels.c.name.label("position")).where(channels.c.name > after)
    which = channels.c.category == category.lower() if category else channels.c.visibility == Visibility.PUBLIC
    return query.where(which).order_by(channels.c.name)


def _there_is(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Looks a row up for each entry. ``EXISTS`` would leave both databases free to read all that fits from the other end instead,
    and where PostgreSQL has no statistics yet it does: seconds for a page of 100,000 channels.
    """
    return select(literal_column("1")).where(*conditions).limit(1).scalar_subquery().is_not(None)


def _is_public(channel: ColumnElement[str], category: str) -> ColumnElement[bool]:
    same = [channels.c.category == category.lower()] if category else []
    return _there_is(channels.c.id == channel, channels.c.visibility == Visibility.PUBLIC, *same)


def _has_word(channel: ColumnElement[str], word: str) -> ColumnElement[bool]:
    other = channel_word.alias()
    return _there_is(other.c.channel == channel, other.c.word >= word, other.c.word < after_prefix(word))


def _has_tag(channel: ColumnElement[str], tag: str) -> ColumnElement[bool]:
    return _there_is(channel_tag.c.channel == channel, channel_tag.c.tag == tag.lower())
