"""What chat nodes hear of rooms, on one connection: of those rooms somebody of theirs is in, and of mentions anywhere."""

import asyncio
from contextlib import AsyncExitStack

import msgspec
from redis.asyncio.client import PubSub

from storage.bus.connection import Connection
from storage.bus.topics import MENTIONS, room_topic
from storage.chat.events import MentionHint, RoomHint
from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.model.ids import ChannelId

RETRY = 0.2
POLL = 1.0

_room = msgspec.msgpack.Decoder(RoomHint).decode
_mention = msgspec.msgpack.Decoder(MentionHint).decode


class RoomHints:
    """An endless iterator: hints, and None for "look for yourself". Subscribes again after the bus was gone. Hints may be lost."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._wanted: set[ChannelId] = set()
        self._stack = AsyncExitStack()
        self._subscription: PubSub | None = None

    @property
    def is_listening(self) -> bool:
        """Whether the bus was there when it was last asked."""
        return self._subscription is not None

    async def want(self, channel: ChannelId) -> None:
        """Hear of a room from now on; returns when the bus knows, or is away."""
        self._wanted.add(channel)
        if self._subscription is not None:
            await self._tell(self._subscription.subscribe, room_topic(channel))

    async def unwant(self, channel: ChannelId) -> None:
        """Hear of a room no more."""
        self._wanted.discard(channel)
        if self._subscription is not None:
            await self._tell(self._subscription.unsubscribe, room_topic(channel))

    def __aiter__(self) -> "RoomHints":
        return self

    async def __anext__(self) -> RoomHint | MentionHint | None:
        try:
            if self._subscription is None:
                topics = [MENTIONS, *(room_topic(channel) for channel in sorted(self._wanted))]
                self._subscription = await self._stack.enter_async_context(self._connection.subscribe(*topics))
                return None
            heard = await self._connection.heard_on(self._subscription, POLL)
        except Unavailable:
            await self.close()
            await self._clock.sleep(RETRY)
            return None
        if heard is None:
            return None
        topic, payload = heard
        try:
            return _mention(payload) if topic == MENTIONS else _room(payload)
        except msgspec.MsgspecError:
            # Of another release; the log has it too.
            return None

    async def close(self) -> None:
        """Unsubscribe."""
        self._subscription = None
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()

    async def _tell(self, command: object, topic: str) -> None:
        assert callable(command)
        try:
            async with asyncio.timeout(self._connection.deadline):
                await command(topic)
        except Exception:
            # Whoever reads notices as well, and subscribes to everything again.
            return
