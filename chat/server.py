"""All sockets of a node: who may come, who must go, and that nobody is forgotten."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

import structlog

from chat.connection import CALL_PACE, PACE, Shut
from chat.metrics import SOCKETS
from chat.protocol import Close, Hello
from chat.socket import ClientSocket
from chat.sockets import Frames
from chat.tickets import Bond, Tickets
from storage.bus.redis import Bus
from storage.clock import Clock
from storage.limits import Limit
from storage.model.account import Actor
from storage.model.errors import ErrorCode, Refused, Unavailable
from storage.model.ids import AccountId
from storage.node import Tasks, every

LOOK_SECONDS = 1.0
"""How often sockets are looked at: a deadline is kept to within this."""

RECHECK_SECONDS = 2.0
"""How often the database is asked whether what sockets are bound to still holds; a hint on the bus is faster."""

RECHECKED_AT_ONCE = 500
SPARE = 500
"""Sockets beyond the most, so that who is one too many can be told so."""

FLUSH_SECONDS = 1.5
"""How long a node that stops waits for its sockets to take their goodbye."""

SPREAD = 500.0
"""Sockets a second that are asked to come back after a node stopped."""

_log = structlog.get_logger("chat")


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """How many sockets a node takes: altogether, from one address and of one account. ``pace``: how fast frames may come,
    ``call_pace`` of somebody who is in a call.
    """

    node: int
    address: int
    account: int
    strangers: bool = True
    pace: Limit | None = PACE
    call_pace: Limit | None = CALL_PACE


class SocketServer:
    """Makes sockets (:meth:`open`), keeps them in order (:meth:`run`) and says goodbye (:meth:`drain`)."""

    def __init__(self, frames: Frames, tickets: Tickets, limits: SocketLimits, clock: Clock, tasks: Tasks) -> None:
        self.frames = frames
        self.clock = clock
        self.pace = limits.pace
        self.call_pace = limits.call_pace
        self._limits = limits
        self._tickets = tickets
        self._tasks = tasks
        self._sockets: set[ClientSocket] = set()
        self._working: dict[asyncio.Task[None], ClientSocket] = {}
        self._at: Counter[str] = Counter()
        self._of: dict[AccountId, set[ClientSocket]] = {}
        self._identifiers = count(1)
        self._draining = False

    def __len__(self) -> int:
        return len(self._sockets)

    @property
    def is_full(self) -> bool:
        """Whether not even a goodbye can be said to another socket."""
        return self._draining or len(self._sockets) >= self._limits.node + SPARE

    def open(self, address: str, subscriber: str) -> ClientSocket:
        """A socket for a client at an IP address, counted with its ``subscriber``. Make it the protocol of an upgraded connection."""
        turned_away = None
        if len(self._sockets) >= self._limits.node:
            turned_away = Shut(Close.FULL, "This node has all the sockets it takes.")
        elif self._at[subscriber] >= self._limits.address:
            turned_away = Shut(Close.POLICY, "Too many sockets come from this address.")
        socket = ClientSocket(self, next(self._identifiers), Actor(None, address=address), subscriber, turned_away=turned_away)
        self._sockets.add(socket)
        self._at[subscriber] += 1
        SOCKETS.inc()
        return socket

    async def greet(self, socket: ClientSocket, hello: Hello) -> Actor:
        """See :class:`chat.socket.Host`."""
        if not hello.ticket:
            if not self._limits.strangers:
                raise Refused(ErrorCode.SIGN_IN_REQUIRED, "Nobody reads here without an account.")
            return socket.actor
        actor, socket.bond = await self._tickets.redeem(hello.ticket, socket.actor.address)
        assert actor.account is not None
        if len(self._of.get(actor.account.id, ())) >= self._limits.account:
            socket.close(Close.POLICY, "The account has too many sockets.", retry_after=30.0)
        elif socket.is_open:
            self._of.setdefault(actor.account.id, set()).add(socket)
        return actor

    def work(self, socket: ClientSocket) -> None:
        """See :class:`chat.socket.Host`."""
        task = self._tasks.start("socket", socket.work())
        self._working[task] = socket
        task.add_done_callback(self._working.pop)

    def left(self, socket: ClientSocket) -> None:
        """See :class:`chat.socket.Host`."""
        self._sockets.discard(socket)
        SOCKETS.dec()
        self._at[socket.subscriber] -= 1
        if not self._at[socket.subscriber]:
            del self._at[socket.subscriber]
        if socket.actor.account is not None and (mine := self._of.get(socket.actor.account.id)) is not None:
            mine.discard(socket)
            if not mine:
                del self._of[socket.actor.account.id]

    async def look(self) -> None:
        """Close what is overdue, for ever."""
        while True:
            now = self.clock.monotonic()
            for socket in tuple(self._sockets):
                socket.look(now)
            for socket in tuple(self._working.values()):
                socket.hurry(now)
            await self.clock.sleep(LOOK_SECONDS)

    async def recheck(self) -> None:
        """Ask again and again what sockets are bound to, for ever."""
        await every(self.clock, RECHECK_SECONDS, lambda: self.check(tuple(self._sockets)), name="sockets")

    async def hear(self, bus: Bus) -> None:
        """Look at once at the sockets of an account that changed, for ever. Without the bus, :meth:`recheck` does it a little later."""
        async with bus.revocations() as accounts:
            async for account in accounts:
                if account is not None and (mine := self._of.get(account)):
                    try:
                        await self.check(tuple(mine))
                    except Unavailable:
                        continue

    async def check(self, sockets: Iterable[ClientSocket]) -> None:
        """Close the sockets whose session or token is over, tell the others of changes. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        bound: dict[Bond, list[ClientSocket]] = {}
        for socket in sockets:
            if socket.bond is not None and socket.is_greeted and socket.is_open:
                bound.setdefault(socket.bond, []).append(socket)
        bonds = list(bound)
        for start in range(0, len(bonds), RECHECKED_AT_ONCE):
            asked = bonds[start : start + RECHECKED_AT_ONCE]
            found = await self._tickets.actors(asked)
            for bond in asked:
                for socket in bound[bond]:
                    await self._apply(socket, found.get(bond))

    async def _apply(self, socket: ClientSocket, actor: Actor | None) -> None:
        if actor is None:
            socket.close(Close.SIGNED_OUT, "The session is over.")
        elif (actor.account, actor.scopes) != (socket.actor.account, socket.actor.scopes) and socket.is_open:
            socket.actor = Actor(actor.account, actor.session, actor.scopes, socket.actor.address, actor.token)
            try:
                await self.frames.changed(socket)
            except Exception:
                _log.exception("change_failed")
                socket.close(Close.RESTART, "What you may do has changed.", retry_after=1.0)

    async def drain(self) -> None:
        """Say goodbye to everybody, who comes back at different times, and take nobody any more."""
        self._draining = True
        leaving = tuple(self._sockets)
        for number, socket in enumerate(leaving):
            socket.close(Close.RESTART, "This node stops.", retry_after=round(0.2 + number / SPREAD, 1))
            if number % 200 == 0:
                await self.clock.sleep(0)
        until = self.clock.monotonic() + FLUSH_SECONDS
        while self._sockets and self.clock.monotonic() < until:
            await self.clock.sleep(0.02)
        for socket in tuple(self._sockets):
            socket.abort()
