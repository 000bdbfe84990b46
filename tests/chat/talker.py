"""A client of the realtime socket by the book: it resumes, sends again what was not answered, and remembers what it was shown."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from storage.model.errors import Unavailable

Ticket = Callable[[], Awaitable[str]]
ANSWER = 15.0


class RefusedError(Exception):
    """The server refused a request."""

    def __init__(self, frame: dict[str, Any]) -> None:
        super().__init__(f"{frame['code']}: {frame['detail']}")
        self.code = frame["code"]
        self.retry_after = frame.get("retry_after", 0)


class Talker:
    """One client in one room. ``shown`` are the texts it shows, in order; ``lost`` counts how often it was told that something is lost."""

    kept_frames = 500

    def __init__(self, port: Callable[[], int], room: str, ticket: Ticket | None = None) -> None:
        self._port = port
        self._room = room
        self._ticket = ticket
        self._socket: ClientConnection | None = None
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._number = itertools.count()
        self._joined = asyncio.Event()
        self._changed = asyncio.Event()
        self.epoch = ""
        self.seq = 0
        self.first = 0
        self.ids: list[str] = []
        self._known: set[str] = set()
        self.shown: list[str] = []
        self.twice: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self.you: dict[str, Any] = {}
        self.lost = 0
        self.out_of_place = 0
        self.joins = 0
        self.left: list[str] = []
        self.account: dict[str, Any] | None = None

    async def run(self) -> None:
        """Be connected, again and again, until cancelled."""
        while True:
            with suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError, RefusedError, Unavailable):
                await self._once()
            self._joined.clear()
            self._socket = None
            self.on_lost()
            await asyncio.sleep(0.1)

    def on_lost(self) -> None:
        """The connection is gone, or there was none."""

    def on_joined(self) -> None:
        """It is in the room (again)."""

    async def _once(self) -> None:
        ticket = await self._ticket() if self._ticket else ""
        async with connect(f"ws://127.0.0.1:{self._port()}/ws", compression=None, open_timeout=5, max_queue=None) as socket:
            await socket.send(json.dumps({"type": "hello", "version": 1, "ticket": ticket}))
            reader = asyncio.create_task(self._read(socket))
            joining = asyncio.create_task(self._join(socket))
            try:
                # A connection that is lost meanwhile answers nothing.
                await asyncio.wait({reader, joining}, return_when=asyncio.FIRST_COMPLETED)
                if not joining.done():
                    return
                await joining
                self._joined.set()
                self.on_joined()
                await reader
            finally:
                reader.cancel()
                joining.cancel()
                await asyncio.gather(reader, joining, return_exceptions=True)

    async def _join(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.joins += 1
        where = {"epoch": self.epoch, "after": self.seq} if self.epoch else {}
        await self._ask({"type": "join", "id": f"join-{next(self._number)}", "room": self._room, **where})

    async def _read(self, socket: ClientConnection) -> None:
        async for text in socket:
            frame = json.loads(text)
            self.frames.append(frame)
            del self.frames[: -self.kept_frames]
            self._take(frame)
            self._changed.set()
            if frame.get("id") in self._waiting:
                waiting = self._waiting.pop(frame["id"])
                if not waiting.done():
                    waiting.set_result(frame)
            if self._rejoin:
                self._rejoin = False
                await socket.send(json.dumps({"type": "join", "id": "again", "room": self._room, "epoch": self.epoch, "after": self.seq}))

    _rejoin = False

    def _take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "welcome":
                self.account = frame["account"]
            case "joined":
                self._came(frame)
            case "events":
                self._happened(frame)
            case "you":
                self.you = frame["you"]
            case "left":
                self.left.append(frame["code"])
                self._rejoin = frame["code"] == "not_joined"

    def _came(self, frame: dict[str, Any]) -> None:
        self.you = frame["you"]
        if frame["resumed"]:
            return
        if self.epoch:
            # Something can't be told any more: what was shown is thrown away.
            self.lost += 1
            self.ids.clear()
            self.shown.clear()
            self._known.clear()
        self.epoch, self.seq = frame["epoch"], frame["seq"]
        self.first = self.seq
        for one in frame["messages"]:
            if one["message"]["id"] not in self._known:
                self._show(one["message"])

    def _happened(self, frame: dict[str, Any]) -> None:
        if frame["after"] != self.seq:
            # By the protocol: elsewhere than at ``after`` means join again.
            self.out_of_place += 1
            self._rejoin = True
            return
        self.seq = frame["seq"]
        for event in frame["events"]:
            self.events.append(event)
            if event["kind"] == "message":
                self._show(event["message"])

    def _show(self, message: dict[str, Any]) -> None:
        if message["id"] in self._known:
            self.twice.append(message["id"])
        self._known.add(message["id"])
        self.ids.append(message["id"])
        self.shown.append(message["text"])

    async def _ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        socket = self._socket
        if socket is None:
            raise ConnectionError
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[frame["id"]] = future
        try:
            await socket.send(json.dumps(frame))
            async with asyncio.timeout(ANSWER):
                answer = await future
        finally:
            self._waiting.pop(frame["id"], None)
        if answer["type"] == "refused":
            raise RefusedError(answer)
        return answer

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """One request on the socket there is."""
        await self.joined()
        return await self._ask({"type": kind, "id": f"{kind}-{next(self._number)}", "room": self._room, **fields})

    async def say(self, text: str, **fields: Any) -> dict[str, Any]:
        """Write once."""
        return await self.ask("send", text=text, **fields)

    async def insist(self, text: str, identifier: str, *, tries: int = 200) -> dict[str, Any]:
        """Write until it is answered, as the same message each time."""
        for _ in range(tries):
            try:
                await self.joined()
                async with asyncio.timeout(3):
                    return await self._ask({"type": "send", "id": identifier, "room": self._room, "text": text})
            except RefusedError as refused:
                if refused.code not in {"database_unavailable", "server_busy", "not_joined", "too_many_requests"}:
                    raise
                await asyncio.sleep(max(0.1, refused.retry_after))
            except (ConnectionError, ConnectionClosed, TimeoutError):
                await asyncio.sleep(0.05)
        raise AssertionError(f"{text} was never answered")

    async def joined(self) -> None:
        """Wait until it is in the room."""
        async with asyncio.timeout(30):
            await self._joined.wait()

    async def until(self, holds: Callable[[], bool], *, within: float = 15.0) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(within):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def sees(self, text: str, *, within: float = 15.0) -> None:
        """Wait until a text is shown."""
        await self.until(lambda: text in self.shown, within=within)

    async def shows(self, count: int, *, within: float = 15.0) -> None:
        """Wait until so many messages are shown."""
        await self.until(lambda: len(self.shown) >= count, within=within)

    def move(self, port: int) -> None:
        """Lose the connection, and come back elsewhere."""
        self._port = lambda: port
        self.cut()

    def cut(self) -> None:
        """Lose the connection."""
        if self._socket is not None:
            self._socket.transport.abort()


@asynccontextmanager
async def talking(port: int, room: str, ticket: Ticket | None = None) -> AsyncIterator[Talker]:
    """A client that is in the room."""
    talker = Talker(lambda: port, room, ticket)
    task = asyncio.create_task(talker.run())
    try:
        await talker.joined()
        yield talker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
