"""One client's socket: the rules of ``chat.connection`` and the framing of ``chat.wire`` on a transport."""

import asyncio
from collections import deque
from typing import Protocol, cast, get_args

import structlog

from chat import wire
from chat.calls.frames import LONGEST_CALL_FRAME
from chat.connection import Ask, Connection, Outcome, Refuse, Shut, TellTime
from chat.metrics import CLOSED, FAILURES, RECEIVED
from chat.outbox import Outbox
from chat.protocol import LONGEST_FRAME, Bye, ClientFrame, Close, Hello, Pong, RequestRefused, Self, ServerFrame, Welcome
from chat.sockets import Frames, Prepared, prepared
from chat.tickets import Bond
from storage.clock import Clock
from storage.limits import Limit
from storage.model.account import Actor
from storage.model.errors import BadInput, ErrorCode, FanlightError, Refused, Unavailable

LINGER = 1.0
"""Seconds a client has to take its goodbye; then the connection is cut."""

REQUEST_SECONDS = 10.0
"""Seconds a request may take; it is looked at every second or so, as a timer for each costs more than most requests."""

MOST_WAITING = 64
"""Requests that may wait behind the one that is done; until there are fewer nothing more is read."""

_OURS = frozenset(Close)
_RECEIVED = {kind: RECEIVED.labels(kind.__struct_config__.tag) for kind in get_args(ClientFrame)}
_log = structlog.get_logger("chat")


class Host(Protocol):
    """What a socket needs of its server."""

    clock: Clock
    frames: Frames
    pace: Limit | None
    call_pace: Limit | None

    async def greet(self, socket: "ClientSocket", hello: Hello) -> Actor:
        """Who says hello. Raises ``Refused`` or ``Unavailable``; closes the socket where it is one too many."""

    def work(self, socket: "ClientSocket") -> None:
        """Run :meth:`ClientSocket.work` as a task, and :meth:`ClientSocket.hurry` it until it is done."""

    def left(self, socket: "ClientSocket") -> None:
        """The connection is gone."""


class ClientSocket(asyncio.Protocol):
    """A :class:`chat.sockets.Socket` that is its transport's protocol. Its server closes it when it is overdue."""

    __slots__ = (
        "_asked_at",
        "_closed",
        "_connection",
        "_gone",
        "_greeted",
        "_host",
        "_inbox",
        "_outbox",
        "_overdue",
        "_reader",
        "_task",
        "_told",
        "_transport",
        "_turned_away",
        "_working",
        "actor",
        "bond",
        "identifier",
        "subscriber",
    )

    def __init__(self, host: Host, identifier: int, actor: Actor, subscriber: str, *, turned_away: Shut | None = None) -> None:
        self.identifier = identifier
        self.actor = actor
        self.subscriber = subscriber
        self.bond: Bond | None = None
        self._host = host
        self._connection = Connection(host.clock.monotonic(), host.pace)
        self._reader = wire.Reader()
        self._inbox: deque[ClientFrame] | None = None
        self._turned_away = turned_away
        self._working = self._closed = self._gone = self._greeted = self._told = self._overdue = False
        self._task: asyncio.Task[None] | None = None
        self._asked_at = 0.0

    # What the rooms see.

    def tell(self, frame: ServerFrame) -> None:
        """See :class:`chat.sockets.Socket`."""
        self.pass_on(prepared(frame))

    def pass_on(self, frame: Prepared) -> None:
        """See :class:`chat.sockets.Socket`."""
        if not self._closed and not self._outbox.put(frame.wire):
            self.close(Close.SLOW, "Too much waits to be read.")

    def in_call(self, seated: bool) -> None:
        """See :class:`chat.sockets.Socket`."""
        self._reader.longest = LONGEST_CALL_FRAME if seated else LONGEST_FRAME
        self._connection.pace = self._host.call_pace if seated else self._host.pace
        self._outbox.later = asyncio.get_running_loop().call_soon if seated else None

    def close(self, code: Close, detail: str, *, retry_after: float = 0) -> None:
        """See :class:`chat.sockets.Socket`."""
        if self._closed:
            return
        bye = prepared(Bye(code=code, detail=detail, retry_after=retry_after)).wire
        self._shut(code, bye + wire.close_frame(code, detail))

    def _shut(self, code: int, last: bytes) -> None:
        self._closed = True
        CLOSED.labels(str(int(code)) if code < 3000 or code in _OURS else "other").inc()
        if self._inbox:
            self._inbox.clear()
        if not self._transport.is_closing():
            self._outbox.flush()
            self._transport.write(last)
            if self._transport.can_write_eof():
                self._transport.write_eof()
            # What still comes is thrown away, or the client would get a reset in place of its goodbye.
            self._transport.resume_reading()
            asyncio.get_running_loop().call_later(LINGER, self._transport.abort)
        self._tell_closed()

    def _tell_closed(self) -> None:
        if self._greeted and not self._working and not self._told:
            self._told = True
            self._host.frames.closed(self)

    # What the server sees.

    @property
    def is_open(self) -> bool:
        """Whether it was neither closed nor lost."""
        return not self._closed

    @property
    def is_greeted(self) -> bool:
        """Whether it is known who it is."""
        return self._greeted

    def look(self, now: float) -> None:
        """Close the socket if it is overdue. To be called every second or so."""
        if self._closed:
            return
        if self._outbox.stuck(now):
            self.close(Close.SLOW, "Nothing was read for five seconds.")
        elif not self._working and (shut := self._connection.overdue(now)):
            self.close(shut.code, shut.detail)

    def hurry(self, now: float) -> None:
        """End a request that takes too long, also one of a client that is gone. To be called every second or so while it works."""
        if self._asked_at and now - self._asked_at > REQUEST_SECONDS and self._task is not None and not self._overdue:
            self._overdue = True
            self._task.cancel()

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    async def work(self) -> None:
        """Do what was asked, in order, until nothing is left."""
        self._task = asyncio.current_task()
        try:
            while self._inbox:
                await self._do(self._inbox.popleft())
                if len(self._inbox) == MOST_WAITING // 2 and not self._transport.is_closing():
                    self._transport.resume_reading()
        finally:
            self._working = False
            self._inbox = self._task = None
            if self._closed:
                self._tell_closed()

    async def _do(self, frame: ClientFrame) -> None:
        if isinstance(frame, Hello):
            await self._greet(frame)
            return
        _RECEIVED[type(frame)].inc()
        identifier = getattr(frame, "id", "")
        self._asked_at = self._host.clock.monotonic()
        try:
            await self._host.frames.received(self, frame)
        except FanlightError as error:
            self.tell(refusal(identifier, error))
        except asyncio.CancelledError:
            if not self._overdue or self._task is None or self._task.uncancel():
                # The node stops.
                raise
            FAILURES.inc()
            self.tell(refusal(identifier, Unavailable(ErrorCode.SERVER_BUSY, "That took too long. Try again.")))
        except Exception:
            FAILURES.inc()
            _log.exception("request_failed", request=type(frame).__name__)
            self.tell(refusal(identifier, FanlightError(ErrorCode.INTERNAL, "The server made a mistake; its log says more.")))
        finally:
            self._asked_at, self._overdue = 0.0, False

    async def _greet(self, hello: Hello) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                self.actor = await self._host.greet(self, hello)
        except Refused as error:
            self.close(Close.TICKET, error.detail)
        except (Unavailable, TimeoutError):
            self.close(Close.FULL, "It can't be told just now who you are.", retry_after=1.0)
        else:
            if not self._closed:
                self._greeted = True
                account = self.actor.account
                shown = (
                    None
                    if account is None
                    else Self(
                        name=account.name,
                        shown=account.display_name,
                        colour=account.colour,
                        avatar=f"/pictures/{account.avatar}" if account.avatar else "",
                    )
                )
                self.tell(Welcome(version=hello.version, now=self._now_ms(), account=shown))

    def _now_ms(self) -> int:
        return self._host.clock.unix_ns() // 1_000_000

    # What the transport sees.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)
        self._outbox = Outbox(self._transport)
        if self._turned_away is not None:
            self.close(self._turned_away.code, self._turned_away.detail, retry_after=30.0)

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        if self._closed:
            return
        now = self._host.clock.monotonic()
        try:
            for event in self._reader.feed(data):
                if shut := self._connection.count(now):
                    self.close(shut.code, shut.detail)
                elif isinstance(event, wire.Text):
                    self._act(self._connection.received(event.text, now))
                elif isinstance(event, wire.Ping):
                    self._answer(wire.pong_frame(event.payload))
                elif isinstance(event, wire.Goodbye):
                    self._shut(event.code, wire.close_frame(event.code))
                if self._closed:
                    return
        except wire.Violation as violation:
            self.close(violation.code, violation.detail)

    def eof_received(self) -> bool:
        """See :class:`asyncio.Protocol`: a client that says no more hears no more."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """See :class:`asyncio.Protocol`."""
        del error
        if not self._closed:
            self._closed = True
            CLOSED.labels("lost").inc()
        if self._inbox:
            self._inbox.clear()
        if not self._gone:
            self._gone = True
            self._host.left(self)
        self._tell_closed()

    def _answer(self, data: bytes) -> None:
        if not self._outbox.put(data):
            self.close(Close.SLOW, "Too much waits to be read.")

    def _act(self, outcome: Outcome) -> None:
        match outcome:
            case Shut():
                self.close(outcome.code, outcome.detail)
            case TellTime():
                self.tell(Pong(now=self._now_ms()))
            case Refuse():
                self.tell(refusal(outcome.identifier, outcome.error))
            case Ask():
                if self._inbox is None:
                    self._inbox = deque()
                self._inbox.append(outcome.frame)
                if not self._working:
                    self._working = True
                    self._host.work(self)
                if len(self._inbox) >= MOST_WAITING:
                    self._transport.pause_reading()


def refusal(identifier: str, error: FanlightError | BadInput) -> RequestRefused:
    """What a client is told of an error."""
    retry_after = error.retry_after if isinstance(error, Unavailable) else float(error.data.get("retry_after", 0))
    return RequestRefused(id=identifier, code=error.code, detail=error.detail, retry_after=retry_after)
