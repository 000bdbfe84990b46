"""The calls of a node at work, beside its rooms: which frames are theirs, what becomes of closed sockets, what goes on all the time."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from chat.background import Background
from chat.calls.entrance import CallEntrance, Relaying
from chat.calls.frames import CallRequest
from chat.calls.hub import REAP_SECONDS, TICK, Hub
from chat.calls.messages import Decided, Message
from chat.calls.requests import CallRequests
from chat.metrics import FAILURES
from chat.protocol import ClientFrame
from chat.sockets import Frames, Socket
from storage.bus.call_states import CallMessages, CallStates
from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.model.ids import NodeId
from storage.node import Tasks, every
from storage.opening import Storage
from storage.rate_limits import RateLimits

_log = structlog.get_logger("chat")


class Calls:
    """Implements :class:`chat.sockets.Frames`; what is no call's goes on to ``rooms``."""

    def __init__(
        self,
        rooms: Frames,
        storage: Storage,
        clock: Clock,
        node: NodeId,
        *,
        states: CallStates,
        messages: CallMessages,
        rates: RateLimits,
        relaying: Relaying,
    ) -> None:
        self._rooms = rooms
        self._clock = clock
        self._bus = storage.bus
        self._messages = messages
        self._background = Background()
        self._hub = Hub(storage, clock, node, states)
        self._entrance = CallEntrance(storage, self._hub, rates=rates, relaying=relaying, clock=clock)
        self._hub.over = self._entrance.end_waiting
        self._requests = CallRequests(storage, self._hub, self._entrance, rates=rates, relaying=relaying, clock=clock)

    async def run(self) -> None:
        """Work, until cancelled."""
        async with Tasks("calls") as tasks:
            self._background.tasks = tasks
            tasks.start("hear", self._hub.hear(self._messages, self._decided))
            tasks.start("post", self._hub.post.run())
            tasks.start("records", self._hear_records())
            tasks.start("tick", every(self._clock, TICK, self._guarded(self._hub.tick), name="calls"))
            tasks.start("reap", every(self._clock, REAP_SECONDS, self._guarded(self._hub.reap), name="calls that ended"))
            await asyncio.Event().wait()

    async def _hear_records(self) -> None:
        """What the interface changes is known at once; the hub also looks for itself."""
        async with self._bus.call_changes() as changes:
            async for call in changes:
                if call is not None and self._hub.get(call) is not None:
                    self._background.start("record", self._hub.record_changed(call))

    async def received(self, socket: Socket, frame: ClientFrame) -> None:
        """See :class:`chat.sockets.Frames`."""
        if isinstance(frame, CallRequest):
            await self._requests.do(socket, frame)
        else:
            await self._rooms.received(socket, frame)

    async def changed(self, socket: Socket) -> None:
        """See :class:`chat.sockets.Frames`."""
        await self._rooms.changed(socket)

    def closed(self, socket: Socket) -> None:
        """See :class:`chat.sockets.Frames`."""
        self._rooms.closed(socket)
        if self._entrance.gone(socket):
            self._background.start("closed", self._entrance.closed(socket))

    def _decided(self, message: Message) -> None:
        call = self._hub.get(message.call)
        if isinstance(message, Decided) and call is not None:
            self._background.start("decided", self._entrance.decided(call, message.knock, admit=message.admit))

    @staticmethod
    def _guarded(work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """The same; a defect of ours is written down, and ends no node."""

        async def guarded() -> None:
            try:
                await work()
            except Unavailable:
                raise
            except Exception:
                FAILURES.inc()
                _log.exception("calls_failed")

        return guarded
