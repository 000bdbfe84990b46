"""The door to redis-py: commands under a deadline, scripts by their digest, replies as the server sent them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar, cast

from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

from storage.metrics import BUS_FAILURES
from storage.model.errors import BadInput, ErrorCode, Unavailable

COMMAND_CONNECTIONS = 32
"""Commands in flight; more wait for a connection until their own deadline."""

BLOCKING_CONNECTIONS = 4096
"""Readers that wait inside the server (one each): more are refused."""

Argument = str | bytes | int | float
Answer = int | bytes | list["Answer"] | None
"""A RESP2 reply: an integer, a string, a list of replies or nothing."""


T = TypeVar("T")


class _Pipeline(Protocol):
    def execute_command(self, *arguments: Argument) -> object: ...

    async def execute(self) -> list[Answer]: ...


class _Client(Protocol):
    """The part of redis-py's client used here, with types that redis-py does not give."""

    async def execute_command(self, *arguments: Argument) -> Answer: ...

    def pipeline(self, *, transaction: bool) -> _Pipeline: ...

    def pubsub(self, *, ignore_subscribe_messages: bool) -> PubSub: ...

    async def aclose(self) -> None: ...


class _Subscription(Protocol):
    async def aclose(self) -> None: ...


class Script:
    """A Lua script and the digest it is called by."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


class Connection:
    """Two pools of connections to one server: for commands, which must answer at once, and for commands that wait.

    A broken connection is replaced when it is next needed, and what may be done twice is tried again at once: the server may have
    been started anew behind the connections kept open.
    """

    def __init__(self, url: str, *, deadline: float) -> None:
        self.deadline = deadline
        options: dict[str, object] = {
            "protocol": 2,
            "driver_info": None,
            "socket_timeout": None,
            "socket_connect_timeout": deadline,
            "retry": Retry(NoBackoff(), 0),
            "client_name": "fanlight",
        }
        try:
            commands = BlockingConnectionPool.from_url(url, max_connections=COMMAND_CONNECTIONS, timeout=deadline, **options)
            blocking = ConnectionPool.from_url(url, max_connections=BLOCKING_CONNECTIONS, **options)
        except ValueError:
            raise BadInput(
                ErrorCode.SETTINGS_INVALID, "REDIS_URL must start with redis://, rediss:// or unix:// and name a server."
            ) from None
        self._commands = _raw(commands)
        self._blocking = _raw(blocking)

    async def command(self, *arguments: Argument) -> Answer:
        """Run a command that may be done twice. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        return await self._in_time(self.deadline, lambda: self._commands.execute_command(*arguments))

    async def wait(self, seconds: float, *arguments: Argument) -> Answer:
        """Run a command that answers after up to ``seconds`` by itself, once. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        return await self._in_time(seconds + self.deadline, lambda: self._blocking.execute_command(*arguments), tries=1)

    async def run(self, script: Script, keys: list[str], arguments: list[Argument], *, tries: int = 2) -> Answer:
        """Run a script: one round trip unless the server does not know it yet. Raises ``Unavailable(BUS_UNAVAILABLE)``."""

        async def once() -> Answer:
            try:
                return await self._commands.execute_command("EVALSHA", script.digest, len(keys), *keys, *arguments)
            except NoScriptError:
                return await self._commands.execute_command("EVAL", script.source, len(keys), *keys, *arguments)

        return await self._in_time(self.deadline, once, tries=tries)

    async def run_each(self, script: Script, calls: Sequence[tuple[Sequence[str], Sequence[Argument]]]) -> list[Answer]:
        """Run a script, which may be done twice, with several keys and arguments in one round trip. Raises as :meth:`together`."""

        async def once() -> list[Answer]:
            try:
                return await self._piped([("EVALSHA", script.digest, len(keys), *keys, *arguments) for keys, arguments in calls])
            except NoScriptError:
                return await self._piped([("EVAL", script.source, len(keys), *keys, *arguments) for keys, arguments in calls])

        return await self._in_time(self.deadline, once)

    async def together(self, *commands: tuple[Argument, ...]) -> list[Answer]:
        """Run several commands, which may be done twice, in one round trip. Raises ``Unavailable(BUS_UNAVAILABLE)`` if one fails."""
        return await self._in_time(self.deadline, lambda: self._piped(commands))

    async def _piped(self, commands: Sequence[tuple[Argument, ...]]) -> list[Answer]:
        pipeline = self._commands.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        return await pipeline.execute()

    @asynccontextmanager
    async def subscribe(self, *channels: str) -> AsyncIterator[PubSub]:
        """A subscription on a connection of its own; :meth:`heard` reads it. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        subscription = self._blocking.pubsub(ignore_subscribe_messages=True)
        try:
            try:
                async with asyncio.timeout(self.deadline):
                    await subscription.subscribe(*channels)
            except (RedisError, OSError) as error:
                raise _unavailable(error) from error
            yield subscription
        finally:
            await cast("_Subscription", subscription).aclose()

    async def heard(self, subscription: PubSub, seconds: float) -> bytes | None:
        """The next message, or None when ``seconds`` passed without one (or it was none).

        Raises:
            Unavailable: ``BUS_UNAVAILABLE``; subscribe again.
        """
        heard = await self.heard_on(subscription, seconds)
        return None if heard is None else heard[1]

    async def heard_on(self, subscription: PubSub, seconds: float) -> tuple[str, bytes] | None:
        """The same, with the name of the channel it came on."""
        try:
            async with asyncio.timeout(seconds + self.deadline):
                message = await subscription.get_message(timeout=seconds)
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error
        if not message or message["type"] != "message":
            return None
        return message["channel"].decode(), message["data"]

    async def close(self) -> None:
        """Close every connection."""
        await self._commands.aclose()
        await self._blocking.aclose()

    async def _in_time(self, deadline: float, work: Callable[[], Awaitable[T]], *, tries: int = 2) -> T:
        try:
            async with asyncio.timeout(deadline):
                while True:
                    tries -= 1
                    try:
                        return await work()
                    except RedisConnectionError:
                        if tries <= 0:
                            raise
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error


def _raw(pool: ConnectionPool) -> _Client:
    client = Redis.from_pool(pool)
    client.response_callbacks.clear()
    return cast("_Client", client)


def _unavailable(error: Exception) -> Unavailable:
    # The server's words may quote what we sent it; the class says enough.
    reason = type(error).__name__
    BUS_FAILURES.labels(reason).inc()
    return Unavailable(ErrorCode.BUS_UNAVAILABLE, f"The bus did not answer ({reason}).")
