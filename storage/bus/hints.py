"""Hints that something changed, which may be lost, made reliable by looking regularly."""

from contextlib import AsyncExitStack

from redis.asyncio.client import PubSub

from storage.bus.connection import Connection
from storage.clock import Clock
from storage.model.errors import Unavailable


class Hints:
    """An endless iterator: the payload of each hint, None for "look for yourself". Subscribes again after the bus was gone."""

    def __init__(self, connection: Connection, clock: Clock, topic: str, *, poll: float) -> None:
        self._connection = connection
        self._clock = clock
        self._topic = topic
        self._poll = poll
        self._stack = AsyncExitStack()
        self._subscription: PubSub | None = None

    def __aiter__(self) -> "Hints":
        return self

    async def __anext__(self) -> str | None:
        try:
            if self._subscription is None:
                self._subscription = await self._stack.enter_async_context(self._connection.subscribe(self._topic))
                return None
            payload = await self._connection.heard(self._subscription, self._poll)
        except Unavailable:
            await self.close()
            await self._clock.sleep(min(self._poll, 0.2))
            return None
        return None if payload is None else payload.decode(errors="replace")

    async def close(self) -> None:
        """Unsubscribe."""
        self._subscription = None
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()
