"""Writes messages: those of many rooms in one transaction, each once."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.chat.events import Event, Held, Message, Posted, RoomHint
from storage.database.channel_rows import AnyRow
from storage.database.chat_log import RoomRow, append, locked
from storage.database.repository import Repository
from storage.database.tables import chat_member as members
from storage.database.tables import chat_message as messages
from storage.model.chat import MessageState, Suspicion
from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import AccountId, BroadcastId, ChannelId, RecordId

LONGEST_HELD_FOR = 200
DELAYED = "delay"
"""Why a message is held that everybody sees a little later."""

_decode = msgspec.json.Decoder(Message).decode


@dataclass(frozen=True, slots=True)
class Post:
    """A message to write. The ``at`` of ``message`` is set when it becomes visible. ``held_for`` is why the team decides first."""

    author: AccountId
    client_id: str
    message: Message
    state: MessageState = MessageState.VISIBLE
    held_for: tuple[str, ...] = ()
    due_at: datetime | None = None
    broadcast: BroadcastId | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a post; of one that was written before (``again``), what became of it then. ``seq`` is 0 while it is not visible."""

    message: RecordId
    seq: int
    state: MessageState
    again: bool = False


@dataclass(frozen=True, slots=True)
class RoomPosts:
    """What became of a room's posts, in their order, and what to tell other nodes. ``stale``: nothing was written, the room has changed."""

    room: RoomRow
    written: Sequence[Written] = ()
    hint: RoomHint | None = None
    stale: bool = False


class PostRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def write(self, posts: Mapping[ChannelId, tuple[int, Sequence[Post]]]) -> Mapping[ChannelId, RoomPosts]:
        """Write the posts of each room, if it has still the version they were judged by. Channels that are gone are left out.

        Raises:
            NotFound: ``ACCOUNT_NOT_FOUND``; an author is gone, and nothing was written.
        """
        try:
            async with self._database.transaction() as connection:
                return await _write_all(connection, posts, self._now())
        except IntegrityError:
            raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.") from None

    async def known(self, channel: ChannelId, sent: Collection[tuple[AccountId, str]]) -> Mapping[tuple[str, str], Written]:
        """Which of these messages (author and client's id) were written before, and what became of them."""
        async with self._database.transaction() as connection:
            before = await _before(connection, {channel: [client_id for _, client_id in sent]})
        return {(author, client_id): written for (_, author, client_id), written in before.items() if (author, client_id) in sent}

    async def due(self, *, limit: int = 200) -> Sequence[ChannelId]:
        """Rooms with messages whose delay is over: :meth:`release` them."""
        query = (
            select(messages.c.channel)
            .where(messages.c.state == MessageState.DELAYED, messages.c.due_at <= self._now())
            .distinct()
            .limit(limit)
        )
        async with self._database.transaction() as connection:
            return [ChannelId(row.channel) for row in await connection.execute(query)]

    async def release(self, channel: ChannelId, *, limit: int = 100) -> RoomHint | None:
        """Make a room's messages visible whose delay is over, each once; None where there are none (any more)."""
        now = self._now()
        query = (
            select(messages.c.id, messages.c.body)
            .where(messages.c.channel == channel, messages.c.state == MessageState.DELAYED, messages.c.due_at <= now)
            .order_by(messages.c.due_at, messages.c.id)
            .limit(limit)
        )
        async with self._database.transaction() as connection:
            rooms = await locked(connection, [channel], now)
            rows = (await connection.execute(query)).all()
            if channel not in rooms or not rows:
                return None
            happened: list[Event] = [await show(connection, row, rooms[channel].seq + place, now) for place, row in enumerate(rows, 1)]
            return await append(connection, rooms[channel], happened, now)


async def show(connection: AsyncConnection, row: AnyRow, seq: int, now: datetime) -> Posted:
    """Make a message visible that was not (a row with its ``id`` and ``body``), as the event ``seq`` of its locked room."""
    message = msgspec.structs.replace(_decode(row.body), at=_ms(now))
    values = {"state": MessageState.VISIBLE, "seq": seq, "body": msgspec.json.encode(message).decode(), "due_at": None}
    # What somebody saw when they wrote it stays; else it belongs to now.
    values["media_ms"] = message.media or message.at
    await connection.execute(update(messages).where(messages.c.id == row.id).values(**values))
    return Posted(message=message)


async def _write_all(
    connection: AsyncConnection, posts: Mapping[ChannelId, tuple[int, Sequence[Post]]], now: datetime
) -> Mapping[ChannelId, RoomPosts]:
    rooms = await locked(connection, posts, now)
    done: dict[ChannelId, RoomPosts] = {}
    rows: list[dict[str, object]] = []
    fresh = {channel: posts[channel][1] for channel, room in rooms.items() if room.version == posts[channel][0]}
    before = await _before(connection, {channel: [post.client_id for post in of_room] for channel, of_room in fresh.items()})
    for channel, room in rooms.items():
        if channel in fresh:
            happened, made, written = _write(room, fresh[channel], before, now)
            hint = await append(connection, room, happened, now) if happened else None
            done[channel] = RoomPosts(room, written, hint)
            rows += made
        else:
            done[channel] = RoomPosts(room, stale=True)
    if rows:
        await connection.execute(insert(messages), rows)
        await _count(connection, rows, now)
    return done


async def _before(connection: AsyncConnection, client_ids: Mapping[ChannelId, Sequence[str]]) -> dict[tuple[str, str, str], Written]:
    """Those that were written already, by channel, author and client's id."""
    sent = [client_id for of_room in client_ids.values() for client_id in of_room]
    if not sent:
        return {}
    columns = (messages.c.id, messages.c.channel, messages.c.author, messages.c.client_id, messages.c.seq, messages.c.state)
    query = select(*columns).where(messages.c.channel.in_(list(client_ids)), messages.c.client_id.in_(sent))
    return {
        (row.channel, row.author, row.client_id): Written(RecordId(row.id), row.seq or 0, MessageState(row.state), again=True)
        for row in await connection.execute(query)
    }


def _write(
    room: RoomRow, posts: Sequence[Post], before: dict[tuple[str, str, str], Written], now: datetime
) -> tuple[list[Event], list[dict[str, object]], list[Written]]:
    happened: list[Event] = []
    rows: list[dict[str, object]] = []
    written: list[Written] = []
    for post in posts:
        key = (room.channel, post.author, post.client_id)
        known = before.get(key)
        if known is not None:
            written.append(known)
            continue
        message = msgspec.structs.replace(post.message, at=_ms(now))
        visible = post.state is MessageState.VISIBLE
        happened.append(Posted(message=message) if visible else Held(message=message, why=post.held_for))
        seq = room.seq + len(happened) if visible else None
        rows.append(
            {
                "id": message.id,
                "channel": room.channel,
                "seq": seq,
                "author": post.author,
                "client_id": post.client_id,
                "kind": message.kind,
                "state": post.state,
                "text": message.text,
                "body": msgspec.json.encode(message).decode(),
                "reply_to": message.reply.id if message.reply else None,
                "broadcast": post.broadcast,
                "media_ms": message.media or message.at,
                "held_for": kept_reasons(post.held_for),
                "due_at": post.due_at,
                "created_at": now,
            }
        )
        done = Written(RecordId(message.id), seq or 0, post.state)
        written.append(done)
        before[key] = Written(done.message, done.seq, done.state, again=True)
    return happened, rows, written


async def _count(connection: AsyncConnection, rows: Sequence[Mapping[str, object]], now: datetime) -> None:
    """Count what everybody wrote."""
    wrote: dict[tuple[object, object], int] = {}
    for row in rows:
        key = (row["channel"], row["author"])
        wrote[key] = wrote.get(key, 0) + 1
    make = sqlite.insert(members) if connection.dialect.name == "sqlite" else postgresql.insert(members)
    changes = {
        "messages": members.c.messages + make.excluded.messages,
        "last_at": make.excluded.last_at,
        "first_at": func.coalesce(members.c.first_at, make.excluded.first_at),
    }
    values = [
        {
            "channel": channel,
            "account": author,
            "first_at": now,
            "last_at": now,
            "messages": count,
            "suspicion": Suspicion.NONE,
        }
        # In one order, so that two nodes never wait for each other.
        for (channel, author), count in sorted(wrote.items(), key=lambda one: str(one[0]))
    ]
    await connection.execute(make.on_conflict_do_update(index_elements=["channel", "account"], set_=changes), values)


def kept_reasons(why: Sequence[str]) -> str | None:
    """Why a message is held, as it is kept: a JSON list of as many reasons as there is room for; None where there are none."""
    kept = list(why)
    while len(text := json.dumps(kept, ensure_ascii=False)) > LONGEST_HELD_FOR:
        kept.pop()
    return text if why else None


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
