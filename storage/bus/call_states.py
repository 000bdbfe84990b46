"""Calls as chat nodes share them: a hash for each, with its state and when nodes were heard last; and what nodes tell each other."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from redis.asyncio.client import PubSub

from storage.bus.connection import Argument, Connection
from storage.bus.scripts import READ_CALL, WRITE_CALL
from storage.bus.topics import call_node_topic, call_state_key
from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.model.ids import CallId, NodeId

KEPT_MS = 3_600_000
"""A call is forgotten so long after a node told something of it last."""
RETRY = 0.2
POLL = 1.0


@dataclass(frozen=True, slots=True)
class CallEntry:
    """What the bus has of a call at ``now`` (Unix milliseconds of its clock).

    ``state`` is None where it knows nothing; ``version`` is of the state and only grows, also over a loss of data. ``beats`` is when each
    node was heard last.
    """

    now: int
    version: int
    state: bytes | None
    beats: Mapping[str, int]


class CallStates:
    """See the module. Every method raises ``Unavailable(BUS_UNAVAILABLE)``."""

    def __init__(self, connection: Connection, node: NodeId) -> None:
        self._connection = connection
        self._node = node

    async def read(self, call: CallId, *, beat: bool) -> CallEntry:
        """A call as it is; with ``beat`` it is told that this node is in it."""
        answer = await self._connection.run(READ_CALL, [call_state_key(call)], [self._node if beat else "", KEPT_MS])
        assert isinstance(answer, list)
        now, fields = answer
        assert isinstance(fields, list)
        named = {_text(fields[at]): fields[at + 1] for at in range(0, len(fields), 2)}
        state = named.get("s")
        beats = {name[2:]: int(_text(told)) for name, told in named.items() if name.startswith("n:")}
        return CallEntry(int(_text(now)), int(_text(named.get("v", b"0"))), state if isinstance(state, bytes) else None, beats)

    async def write(self, call: CallId, entry: CallEntry, state: bytes) -> int | None:
        """Write a state that was made of ``entry``; returns its version, None if another was written meanwhile."""
        arguments: list[Argument] = [str(entry.version), state, self._node, KEPT_MS]
        answer = await self._connection.run(WRITE_CALL, [call_state_key(call)], arguments)
        return int(_text(answer)) if answer else None

    async def tell(self, messages: Sequence[tuple[NodeId, bytes]]) -> list[bool]:
        """Tell nodes something; returns whether each heard it."""
        if not messages:
            return []
        told = await self._connection.together(*(("PUBLISH", call_node_topic(node), message) for node, message in messages))
        return [isinstance(count, int) and count > 0 for count in told]


class CallMessages:
    """An endless iterator of what other nodes tell this one; None for "look for yourself". Subscribes again after the bus was gone."""

    def __init__(self, connection: Connection, clock: Clock, node: NodeId) -> None:
        self._connection = connection
        self._clock = clock
        self._topic = call_node_topic(node)
        self._stack = AsyncExitStack()
        self._subscription: PubSub | None = None

    def __aiter__(self) -> "CallMessages":
        return self

    async def __anext__(self) -> bytes | None:
        try:
            if self._subscription is None:
                self._subscription = await self._stack.enter_async_context(self._connection.subscribe(self._topic))
                return None
            return await self._connection.heard(self._subscription, POLL)
        except Unavailable:
            await self.close()
            await self._clock.sleep(RETRY)
            return None

    async def close(self) -> None:
        """Unsubscribe."""
        self._subscription = None
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
