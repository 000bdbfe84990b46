"""Writes messages: those of many rooms in one transaction, each once."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
from sqlalchemy import func, insert, select, union_all, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.chat.events import Event, Held, Logged, Message, MessageKind, Posted, RoomHint
from storage.database.channel_rows import AnyRow
from storage.database.chat_act import Act
from storage.database.chat_log import RoomRow, append, append_all, locked
from storage.database.repository import Repository
from storage.database.tables import chat_member as members
from storage.database.tables import chat_message as messages
from storage.model.chat import MessageState, ModerationAction, Suspicion
from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import AccountId, BroadcastId, ChannelId, RecordId

LONGEST_HELD_FOR = 200
LOOKED_UP_TOGETHER = 50
DELAYED = "delay"
"""Why a message is held that everybody sees a little later."""

_WRITTEN = (messages.c.id, messages.c.channel, messages.c.author, messages.c.client_id, messages.c.seq, messages.c.state)
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
    """What became of a post; of one that was written before (``again``), what became of it then. ``seq`` is 0 while it is not visible.

    ``logged`` is the line of the moderation log that an announcement has.
    """

    message: RecordId
    seq: int
    state: MessageState
    again: bool = False
    logged: Logged | None = None


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
            return await self._write(posts, careful=False)
        except IntegrityError:
            # Some were written before, by a try whose answer was lost; or an author is gone.
            try:
                return await self._write(posts, careful=True)
            except IntegrityError:
                raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.") from None

    async def _write(self, posts: Mapping[ChannelId, tuple[int, Sequence[Post]]], *, careful: bool) -> Mapping[ChannelId, RoomPosts]:
        now = self._now()
        async with self._database.transaction() as connection:
            rooms = await locked(connection, posts, now)
            fresh = {channel: posts[channel][1] for channel, room in rooms.items() if room.version == posts[channel][0]}
            sent = [(channel, post.author, post.client_id) for channel, of_room in fresh.items() for post in of_room] if careful else []
            before = await _before(connection, sent)
            made = {channel: _made(rooms[channel], of_room, before, now) for channel, of_room in fresh.items()}
            rows = [row for one in made.values() for row in one.rows]
            hints: Mapping[ChannelId, RoomHint] = {}
            if rows:
                await connection.execute(insert(messages), rows)
                await _count(connection, rows, now)
                for channel, one in made.items():
                    if one.announced:
                        await _log_announcements(connection, rooms[channel], one, now)
                hints = await append_all(connection, [(rooms[channel], one.happened) for channel, one in made.items() if one.happened], now)
        return {
            channel: RoomPosts(room, made[channel].written, hints.get(channel)) if channel in made else RoomPosts(room, stale=True)
            for channel, room in rooms.items()
        }

    async def known(self, channel: ChannelId, sent: Collection[tuple[AccountId, str]]) -> Mapping[tuple[str, str], Written]:
        """Which of these messages (author and client's id) were written before, and what became of them."""
        async with self._database.transaction() as connection:
            before = await _before(connection, [(channel, author, client_id) for author, client_id in sent])
        return {(author, client_id): written for (_, author, client_id), written in before.items()}

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


async def _before(connection: AsyncConnection, sent: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], Written]:
    """Those that were written already, by channel, author and client's id."""
    found: dict[tuple[str, str, str], Written] = {}
    for start in range(0, len(sent), LOOKED_UP_TOGETHER):
        # Each by its whole key: by lists of parts, a channel's every message may be looked at.
        queries = [
            select(*_WRITTEN).where(messages.c.channel == channel, messages.c.author == author, messages.c.client_id == client_id)
            for channel, author, client_id in sent[start : start + LOOKED_UP_TOGETHER]
        ]
        for row in await connection.execute(union_all(*queries)):
            key = (row.channel, row.author, row.client_id)
            found[key] = Written(RecordId(row.id), row.seq or 0, MessageState(row.state), again=True)
    return found


@dataclass(frozen=True, slots=True)
class _Made:
    """What is to be written of a room's posts."""

    happened: list[Event]
    rows: list[dict[str, object]]
    written: list[Written]
    announced: list[Post]


def _made(room: RoomRow, posts: Sequence[Post], before: dict[tuple[str, str, str], Written], now: datetime) -> _Made:
    made = _Made([], [], [], [])
    for post in posts:
        key = (room.channel, post.author, post.client_id)
        known = before.get(key)
        if known is not None:
            made.written.append(known)
            continue
        message = msgspec.structs.replace(post.message, at=_ms(now))
        visible = post.state is MessageState.VISIBLE
        made.happened.append(Posted(message=message) if visible else Held(message=message, why=post.held_for))
        seq = room.seq + len(made.happened) if visible else None
        if visible and message.kind is MessageKind.ANNOUNCEMENT:
            made.announced.append(post)
        made.rows.append(
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
        made.written.append(done)
        before[key] = Written(done.message, done.seq, done.state, again=True)
    return made


async def _log_announcements(connection: AsyncConnection, room: RoomRow, made: _Made, now: datetime) -> None:
    """Add to the moderation log what the team announced, after all that was written."""
    act = Act(connection, room, now)
    for post in made.announced:
        await act.log(ModerationAction.ANNOUNCE, by=post.author, message=RecordId(post.message.id))
    made.happened.extend(act.told)
    lines = {line.message: line for line in act.told if isinstance(line, Logged)}
    made.written[:] = [replace(one, logged=lines.get(one.message)) for one in made.written]


async def _count(connection: AsyncConnection, rows: Sequence[Mapping[str, object]], now: datetime) -> None:
    """Count what everybody wrote."""
    wrote: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (str(row["channel"]), str(row["author"]))
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
        for (channel, author), count in sorted(wrote.items())
    ]
    await connection.execute(make.on_conflict_do_update(index_elements=["channel", "account"], set_=changes), values)


def kept_reasons(why: Sequence[str]) -> str | None:
    """Why a message is held, as it is kept: a JSON list of as many reasons as there is room for; None where there are none."""
    if not why:
        return None
    kept = list(why)
    while len(text := json.dumps(kept, ensure_ascii=False)) > LONGEST_HELD_FOR:
        kept.pop()
    return text


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
