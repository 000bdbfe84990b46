"""The bus: what nodes tell each other, carried by one server that speaks the Redis protocol (Redis 7 or Valkey)."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import TypeVar, cast

import msgspec
import structlog

from storage.bus import calls, scripts
from storage.bus.call_states import CallMessages, CallStates
from storage.bus.connection import Answer, Argument, Connection
from storage.bus.hints import Hints
from storage.bus.messages import Call, Reply, WindowBatch
from storage.bus.newcomers import Newcomers
from storage.bus.rooms import RoomHints
from storage.bus.topics import (
    CALL_CHANGES,
    CHANGES,
    FENCE,
    GENERATION,
    MENTIONS,
    REVOCATIONS,
    index_key,
    lease_key,
    limit_key,
    order_key,
    present_key,
    room_topic,
    strangers_key,
    ticket_key,
    viewers_key,
    window_key,
)
from storage.chat.events import MentionHint, RoomHint
from storage.clock import Clock
from storage.model.errors import Conflict, ErrorCode, Unavailable
from storage.model.ids import AccountId, BroadcastId, CallId, ChannelId, ChannelName, NodeId, new_broadcast_id

DEADLINE = 0.5
"""Seconds a command may take."""

WINDOW_ENTRIES = 65_536
"""A window stream never holds more entries, even if nobody trims it."""

WINDOW_REST_MS = 120_000
"""A window stream is forgotten this long after the last blob it names."""

LIFE_SIGN_MS = 800
"""``follow`` waits this long inside the server before it says that there is nothing new."""

T = TypeVar("T", bound=msgspec.Struct)

_log = structlog.get_logger(__name__)
_encode = msgspec.msgpack.Encoder().encode
_decode_batch = msgspec.msgpack.Decoder(WindowBatch).decode


@dataclass(frozen=True, slots=True)
class Fence:
    """Proof of holding a lease: writes are refused once a newer ``token`` was given out for ``lease``."""

    lease: str
    token: int


@dataclass(frozen=True, slots=True)
class Presence:
    """How many are in a room on all nodes; ``names`` of the accounts while they are few, else None."""

    accounts: int
    strangers: int
    names: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Here:
    """The names of the accounts a node has in a room, of those that left, and how many strangers are there."""

    channel: ChannelId
    here: Sequence[str]
    left: Sequence[str]
    strangers: int


class Bus:
    """A connection to the bus.

    Every call takes at most ``deadline`` seconds (0.5 unless told) and raises ``Unavailable(BUS_UNAVAILABLE)`` when the server
    did not answer by then; connections are made again as needed. Times to live are in seconds.
    """

    def __init__(self, url: str, clock: Clock, *, deadline: float = DEADLINE) -> None:
        self._connection = Connection(url, deadline=deadline)
        self._clock = clock
        self._last_order = 0
        self._name = new_broadcast_id().encode()

    async def close(self) -> None:
        """Close every connection."""
        await self._connection.close()

    async def ping(self) -> None:
        """Ask for a sign of life."""
        await self._connection.command("PING")

    # Registers: somebody's own description, refreshed by its owner.

    async def register(self, key: str, value: msgspec.Struct, *, ttl: float) -> None:
        """Write or refresh a register."""
        await self._connection.together(("SET", key, _encode(value), "PX", _ms(ttl)), ("SADD", index_key(_prefix(key)), key))

    async def register_newest(self, key: str, value: msgspec.Struct, *, order: int, ttl: float) -> bool:
        """Write or refresh a register; False, and nothing is done, if one of a greater ``order`` was registered within ``ttl``."""
        keys = [key, order_key(key), index_key(_prefix(key))]
        return bool(await self._connection.run(scripts.REGISTER_NEWEST, keys, [order, _encode(value), _ms(ttl)]))

    async def forget(self, key: str) -> None:
        """Remove a register."""
        await self._connection.together(("DEL", key), ("SREM", index_key(_prefix(key)), key))

    async def read(self, key: str, kind: type[T]) -> T | None:
        """A register, or None if it is not there or of a release we don't understand."""
        return _decoded(await self._connection.command("GET", key), kind)

    async def read_several(self, keys: Sequence[str], kind: type[T]) -> list[T | None]:
        """The same for several keys, in their order."""
        return [_decoded(value, kind) for value in _list(await self._connection.command("MGET", *keys))] if keys else []

    async def read_all(self, prefix: str, kind: type[T]) -> list[T]:
        """Every register whose key is ``prefix`` and a last word; the prefix ends in a colon (``fl:broadcast:``). In no order.

        Those of a release we don't understand are left out.
        """
        values = await self._connection.run(scripts.READ_ALL, [index_key(prefix)], [])
        return [found for value in _list(values) if (found := _decoded(value, kind)) is not None]

    async def announce_change(self, channel: ChannelName) -> None:
        """Hint that a session's or broadcast's register changed. Hints may be lost."""
        await self._connection.command("PUBLISH", CHANGES, channel)

    def changes(self, *, poll: float = 1.0) -> AbstractAsyncContextManager[AsyncIterator[ChannelName | None]]:
        """Hints, and None for "look for yourself": at once, every ``poll`` seconds without one, after a loss. Never raises."""
        return cast("AbstractAsyncContextManager[AsyncIterator[ChannelName | None]]", self._hints(CHANGES, poll))

    async def revoke(self, account: AccountId) -> None:
        """Hint that an account, or who is signed in to it, changed: every node forgets what it knew. Hints may be lost."""
        await self._connection.command("PUBLISH", REVOCATIONS, account)

    def revocations(self, *, poll: float = 1.0) -> AbstractAsyncContextManager[AsyncIterator[AccountId | None]]:
        """Accounts to forget, and None for "there may have been more": as :meth:`changes`."""
        return cast("AbstractAsyncContextManager[AsyncIterator[AccountId | None]]", self._hints(REVOCATIONS, poll))

    async def announce_call(self, call: CallId) -> None:
        """Hint that a call's record changed, or is gone. Hints may be lost."""
        await self._connection.command("PUBLISH", CALL_CHANGES, call)

    def call_changes(self, *, poll: float = 1.0) -> AbstractAsyncContextManager[AsyncIterator[CallId | None]]:
        """Calls whose record changed, and None for "there may have been more": as :meth:`changes`."""
        return cast("AbstractAsyncContextManager[AsyncIterator[CallId | None]]", self._hints(CALL_CHANGES, poll))

    async def tell_room(self, hint: RoomHint) -> None:
        """Tell other nodes what was committed to a room. Hints may be lost."""
        await self._connection.command("PUBLISH", room_topic(ChannelId(hint.channel)), _encode(hint))

    async def tell_rooms(self, hints: Sequence[RoomHint]) -> list[int]:
        """The same of several rooms, in one round trip; returns how many nodes heard each, this one included."""
        told = await self._connection.together(*(("PUBLISH", room_topic(ChannelId(hint.channel)), _encode(hint)) for hint in hints))
        return [count if isinstance(count, int) else 0 for count in told]

    async def listening(self, channels: Sequence[ChannelId]) -> list[int]:
        """How many nodes listen to each of some rooms."""
        found = _list(await self._connection.command("PUBSUB", "NUMSUB", *map(room_topic, channels)))
        return [count if isinstance(count, int) else 0 for count in found[1::2]]

    async def tell_mentions(self, hints: Sequence[MentionHint]) -> None:
        """Tell other nodes whom messages addressed. Hints may be lost."""
        if hints:
            await self._connection.together(*(("PUBLISH", MENTIONS, _encode(hint)) for hint in hints))

    @asynccontextmanager
    async def room_hints(self) -> AsyncIterator[RoomHints]:
        """What is told of rooms, of those that :meth:`RoomHints.want` names. Never raises."""
        hints = RoomHints(self._connection, self._clock)
        try:
            yield hints
        finally:
            await hints.close()

    def newcomers(self) -> Newcomers:
        """Who came to rooms on all nodes, counted."""
        return Newcomers(self._connection)

    def call_states(self, node: NodeId) -> CallStates:
        """The calls chat nodes share, for one of them."""
        return CallStates(self._connection, node)

    @asynccontextmanager
    async def call_messages(self, node: NodeId) -> AsyncIterator[CallMessages]:
        """What others tell a node of its calls. Never raises."""
        messages = CallMessages(self._connection, self._clock, node)
        try:
            yield messages
        finally:
            await messages.close()

    async def use_tickets(self, tickets: Sequence[str], *, ttl: float) -> dict[str, bool]:
        """Whether each ticket is used for the first time within ``ttl``, as far as others are concerned: who asks remembers its own."""
        mine = self._name
        keys = [("SET", ticket_key(ticket), mine, "NX", "GET", "PX", _ms(ttl)) for ticket in tickets]
        # What was answered too late is asked again, and finds its own name.
        answers = await self._connection.together(*keys)
        return {ticket: answer is None or answer == mine for ticket, answer in zip(tickets, answers, strict=True)}

    @asynccontextmanager
    async def _hints(self, topic: str, poll: float) -> AsyncIterator[AsyncIterator[str | None]]:
        hints = Hints(self._connection, self._clock, topic, poll=poll)
        try:
            yield hints
        finally:
            await hints.close()

    # Windows: what a transcoder worker appended to a broadcast.

    async def append(
        self, broadcast: BroadcastId, batch: WindowBatch, blobs: Mapping[str, bytes], *, blob_ttl: float, fence: Fence | None = None
    ) -> str:
        """Write the blobs, then the batch that names them, in one step and one round trip. Returns the entry's id.

        A batch that is the window's last already is not written again, so after ``Unavailable`` the same call may be made again.

        Raises:
            Conflict: ``STORE_CONFLICT``; the lease of ``fence`` went to someone else. Nothing was written.
        """
        keys = [window_key(broadcast), lease_key(fence.lease) if fence else "", *blobs]
        blob_ms = _ms(blob_ttl)
        token = fence.token if fence else ""
        arguments: list[Argument] = [token, self._order(), blob_ms + WINDOW_REST_MS, WINDOW_ENTRIES, _encode(batch), blob_ms]
        entry = await self._connection.run(scripts.APPEND, keys, arguments + list(blobs.values()))
        if not isinstance(entry, bytes):
            raise Conflict(ErrorCode.STORE_CONFLICT, "Another worker has taken over the broadcast.")
        return entry.decode()

    def _order(self) -> int:
        # Of this machine's uptime, so that it also grows over a worker's successor under the same lease.
        self._last_order = max(self._last_order + 1, int(self._clock.monotonic() * 1_000_000))
        return self._last_order

    async def trim(self, broadcast: BroadcastId, first_entry: str) -> None:
        """Forget the entries before ``first_entry``."""
        await self._connection.command("XTRIM", window_key(broadcast), "MINID", "=", first_entry)

    async def window(self, broadcast: BroadcastId) -> list[tuple[str, WindowBatch]]:
        """The whole window, oldest first, with each entry's id."""
        return _entries(await self._connection.command("XRANGE", window_key(broadcast), "-", "+"))

    async def follow(self, broadcast: BroadcastId, *, after: str) -> AsyncGenerator[list[tuple[str, WindowBatch]], None]:
        """What is appended after the entry ``after`` (``0`` for all), as it comes; an empty list at least once a second is a sign of life.

        Raises:
            Unavailable: ``BUS_UNAVAILABLE``; entries may be lost if the server was: read ``window`` again.
        """
        key = window_key(broadcast)
        while True:
            found = await self._connection.wait(LIFE_SIGN_MS / 1000, "XREAD", "COUNT", 256, "BLOCK", LIFE_SIGN_MS, "STREAMS", key, after)
            entries = _entries(_list(_list(found)[0])[1]) if found else []
            if entries:
                after = entries[-1][0]
            yield entries

    async def put_blob(self, key: str, data: bytes, *, ttl: float) -> None:
        """Write bytes, or write them again for longer."""
        await self._connection.command("SET", key, data, "PX", _ms(ttl))

    async def blobs(self, keys: Sequence[str]) -> list[bytes | None]:
        """The bytes under each key, or None."""
        if not keys:
            return []
        values = _list(await self._connection.command("MGET", *keys))
        return [value if isinstance(value, bytes) else None for value in values]

    # Calls: a question to one node.

    async def call(self, node: NodeId, call: Call, *, deadline: float) -> Reply:
        """Ask a node. Done at most once; a call whose answer did not come within ``deadline`` seconds may still have been done.

        Raises:
            FanlightError: what the node raised, same class, same code.
            Unavailable: ``BUS_UNAVAILABLE``; no answer.
        """
        return await calls.call(self._connection, node, call, deadline=deadline)

    async def serve_calls(self, node: NodeId, answer: Callable[[Call], Awaitable[Reply]]) -> None:
        """Answer a node's calls until cancelled, at most 32 at a time. What ``answer`` raises becomes the caller's error."""
        await calls.CallServer(self._connection, self._clock, node, answer).run()

    # Leases: who may do a thing only one may do. `storage.leases` keeps one.

    async def acquire(self, lease: str, holder: str, *, ttl: float) -> int | None:
        """Take a lease and get its fencing token, which is greater than any before; None if somebody else holds it."""
        token = await self._connection.run(scripts.ACQUIRE, [lease_key(lease), FENCE], [holder, _ms(ttl)])
        return int(token) if isinstance(token, bytes) else None

    async def token(self) -> int:
        """A fencing token without a lease: greater than any before, whatever the clocks of nodes say."""
        token = await self._connection.run(scripts.TOKEN, [FENCE], [])
        assert isinstance(token, bytes)
        return int(token)

    async def renew(self, lease: str, holder: str, *, ttl: float, token: int | None = None, generation: str = "") -> bool:
        """Hold a lease for longer, even if it ran out but nobody took it; False if it is lost.

        With the ``token`` and the bus's ``generation`` when it was acquired, a lease lost with all other data is put back.
        """
        keys = [lease_key(lease), FENCE, GENERATION]
        arguments: list[Argument] = [holder, _ms(ttl), "" if token is None else token, generation]
        return bool(await self._connection.run(scripts.RENEW, keys, arguments))

    async def release(self, lease: str, holder: str) -> None:
        """Let go of a lease; nothing happens if it is somebody else's by now."""
        await self._connection.run(scripts.RELEASE, [lease_key(lease)], [holder])

    async def generation(self) -> str:
        """A random id that lives as long as the bus's data. When it changes, announce everything again."""
        _, value = await self._connection.together(("SET", GENERATION, new_broadcast_id(), "NX"), ("GET", GENERATION))
        return value.decode() if isinstance(value, bytes) else ""

    async def take(self, limit: str, pause: float, window: float) -> tuple[float, bool]:
        """Count one try: ``pause`` seconds of ``window`` are used by each. Returns the seconds used, and whether it was allowed."""
        arguments: list[Argument] = [round(pause * 1_000_000), round((window + pause / 1000) * 1_000_000)]
        used, allowed = _list(await self._connection.run(scripts.TAKE, [limit_key(limit)], arguments, tries=1))
        assert isinstance(used, int)
        return used / 1_000_000, bool(allowed)

    # Who is in a room.

    async def present(self, node: NodeId, rooms: Sequence[Here], *, few: int, ttl: float) -> list[Presence]:
        """Say whom a node has in some rooms and who left them, and hear who is there on all nodes, in one round trip."""
        calls: list[tuple[list[str], list[Argument]]] = [
            (
                [present_key(room.channel), strangers_key(room.channel)],
                [_ms(ttl), node, room.strangers, few, len(room.left), *room.left, *room.here],
            )
            for room in rooms
        ]
        return [_presence(answer, few) for answer in await self._connection.run_each(scripts.PRESENT, calls)]

    # Viewers.

    async def count_viewers(self, channel: ChannelName, node: NodeId, count: int, *, ttl: float) -> None:
        """Tell how many viewers of a channel an edge has."""
        await self._connection.run(scripts.COUNT_VIEWERS, [viewers_key(channel)], [node, count, _ms(ttl)])

    async def viewers(self, channel: ChannelName) -> int:
        """How many viewers a channel has on all edges."""
        total = await self._connection.run(scripts.VIEWERS, [viewers_key(channel)], [])
        return total if isinstance(total, int) else 0


@cache
def _decoder(kind: type[T]) -> "msgspec.msgpack.Decoder[T]":
    return msgspec.msgpack.Decoder(kind)


def _decoded(value: Answer, kind: type[T]) -> T | None:
    if not isinstance(value, bytes):
        return None
    try:
        found: T = _decoder(kind).decode(value)
    except msgspec.MsgspecError as error:
        _log.warning("register_not_understood", kind=kind.__name__, reason=str(error))
        return None
    return found


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _prefix(key: str) -> str:
    return key[: key.rindex(":") + 1]


def _list(answer: Answer) -> list[Answer]:
    return answer if isinstance(answer, list) else []


def _entries(answer: Answer) -> list[tuple[str, WindowBatch]]:
    entries = []
    for entry in _list(answer):
        identifier, fields = _list(entry)
        assert isinstance(identifier, bytes)
        body = _list(fields)[1]
        assert isinstance(body, bytes)
        try:
            entries.append((identifier.decode(), _decode_batch(body)))
        except msgspec.MsgspecError as error:
            raise Unavailable(ErrorCode.BUS_UNAVAILABLE, "A window holds what this release does not understand.") from error
    return entries


def _presence(answer: Answer, few: int) -> Presence:
    accounts, strangers, names = _list(answer)
    assert isinstance(accounts, int)
    assert isinstance(strangers, int)
    told = tuple(sorted(name.decode() for name in _list(names) if isinstance(name, bytes)))
    return Presence(accounts, strangers, told if accounts <= few else None)
