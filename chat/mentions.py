"""Tells accounts that somebody wrote to them in a room they are not in.

Those are told who may read there, do not block who wrote, and were not told too often.
"""

import asyncio
from collections import deque

import msgspec

from chat.entrance import Entrance
from chat.metrics import HINTS_LOST
from chat.protocol import Mentioned
from chat.sockets import Socket, prepared
from storage.access import Action
from storage.chat.events import MentionHint, Message, Posted, RoomHint, decoded
from storage.clock import Clock
from storage.limits import Limit, LocalLimits
from storage.model.account import Account
from storage.model.errors import FanlightError
from storage.opening import Storage

MENTIONS = Limit("mentions", 20, 60, shared=False)
"""How often an account is told; what is beyond is only in the room."""
MOST_WAITING = 1000
"""Messages whose readers wait to be told; further ones are only in their rooms."""

_message = msgspec.json.Decoder(Message).decode


class Mentions:
    """One for each node."""

    def __init__(self, storage: Storage, entrance: Entrance, clock: Clock) -> None:
        self._storage = storage
        self._entrance = entrance
        self._clock = clock
        self._limits = LocalLimits()
        self._sockets_of: dict[str, dict[int, Socket]] = {}
        self._names: dict[int, str] = {}
        self._waiting: deque[MentionHint] = deque()
        self._wake = asyncio.Event()

    def came(self, socket: Socket) -> None:
        """A socket is there."""
        account = socket.actor.account
        if account is not None and socket.identifier not in self._names:
            self._names[socket.identifier] = account.name
            self._sockets_of.setdefault(account.name, {})[socket.identifier] = socket

    def gone(self, socket: Socket) -> None:
        """A socket is gone."""
        name = self._names.pop(socket.identifier, None)
        if name is not None and (mine := self._sockets_of.get(name)) is not None:
            mine.pop(socket.identifier, None)
            if not mine:
                del self._sockets_of[name]

    def heard(self, hint: MentionHint) -> None:
        """Somebody was addressed, perhaps somebody of this node."""
        if not any(name in self._sockets_of for name in hint.names):
            return
        if len(self._waiting) >= MOST_WAITING:
            HINTS_LOST.inc()
            return
        self._waiting.append(hint)
        self._wake.set()

    async def run(self) -> None:
        """Tell, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._tell(self._waiting.popleft())

    async def _tell(self, hint: MentionHint) -> None:
        elsewhere: dict[str, tuple[Account, list[Socket]]] = {}
        for name in hint.names:
            for socket in self._sockets_of.get(name, {}).values():
                account = socket.actor.account
                if account is not None and all(room.channel.id != hint.channel for room in self._entrance.rooms_of(socket)):
                    elsewhere.setdefault(account.id, (account, []))[1].append(socket)
        if not elsewhere:
            return
        message = _message(hint.message)
        try:
            deaf = await self._storage.blocks.who_block(message.author.name, [account.id for account, _ in elsewhere.values()])
        except FanlightError:
            return
        frame = prepared(Mentioned(room=hint.room, message=message))
        for account, sockets in elsewhere.values():
            if account.id not in deaf and self._limits.take(MENTIONS, account.id, self._clock.monotonic()).allowed:
                for socket in sockets:
                    if await self._may_read(socket, hint.room):
                        socket.pass_on(frame)

    async def _may_read(self, socket: Socket, room: str) -> bool:
        try:
            await self._storage.access.require(socket.actor, Action.WATCH, room)
        except FanlightError:
            return False
        return True


def mentions_in(room: str, hint: RoomHint) -> list[MentionHint]:
    """Whom the messages address that were committed to a room of that name."""
    found = []
    for numbered in hint.events:
        # Most messages address nobody: they are not taken apart.
        if b'"mentions":' in numbered.body or b'"reply":' in numbered.body:
            event = decoded(numbered.body)
            if isinstance(event, Posted) and (names := _addressed(event.message)):
                found.append(MentionHint(room=room, channel=hint.channel, names=names, message=msgspec.json.encode(event.message)))
    return found


def _addressed(message: Message) -> tuple[str, ...]:
    names = message.mentions + ((message.reply.name,) if message.reply else ())
    return tuple(dict.fromkeys(name for name in names if name != message.author.name))
