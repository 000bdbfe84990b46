"""A client of calls: what it asked and was told, by type."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from storage.model.account import Account
from storage.model.call import Call, RelayRule
from storage.secrets import digest, new_call_invite
from tests.chat.nodes import Chat

OFFER = {"type": "offer", "sdp": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"}


class Refusal(Exception):
    def __init__(self, frame: dict[str, Any]) -> None:
        super().__init__(frame["code"])
        self.code = frame["code"]
        self.detail = frame["detail"]


class Caller:
    """One socket."""

    def __init__(self, socket: ClientConnection, call: str) -> None:
        self.socket = socket
        self.call = call
        self.told: list[dict[str, Any]] = []
        self.seated: dict[str, Any] = {}
        self._changed = asyncio.Condition()
        self._ids = itertools.count()

    async def read(self) -> None:
        async for text in self.socket:
            async with self._changed:
                self.told.append(json.loads(text))
                self._changed.notify_all()

    async def until(self, holds: Callable[[dict[str, Any]], bool], within: float = 10) -> dict[str, Any]:
        """The first frame of all that were told for which this holds."""
        async with asyncio.timeout(within), self._changed:
            while True:
                for frame in self.told:
                    if holds(frame):
                        return frame
                await self._changed.wait()

    async def hears(self, kind: str, within: float = 10, **fields: Any) -> dict[str, Any]:
        """A frame of a type with these fields; it is taken out of what was told."""
        frame = await self.until(
            lambda frame: frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items()), within
        )
        self.told.remove(frame)
        return frame

    async def send(self, kind: str, **fields: Any) -> str:
        identifier = f"{next(self._ids)}"
        await self.socket.send(json.dumps({"type": kind, "id": identifier, "call": self.call, **fields}))
        return identifier

    async def outcome(self, identifier: str) -> dict[str, Any]:
        """Whatever it was answered with."""
        return await self.until(lambda frame: frame.get("id") == identifier)

    async def answer(self, identifier: str, *but: str) -> dict[str, Any]:
        frame = await self.until(lambda frame: frame.get("id") == identifier and frame["type"] not in but)
        if frame["type"] == "refused":
            raise Refusal(frame)
        return frame

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        return await self.answer(await self.send(kind, **fields))

    async def enter(self, **fields: Any) -> "Caller":
        self.seated = await self.answer(await self.send("enter", **fields), "knocking")
        return self

    async def signal(self, to: "Caller", **fields: Any) -> dict[str, Any]:
        return await self.ask("signal", to=to.you, **(fields or {"description": OFFER}))

    @property
    def you(self) -> str:
        return str(self.seated["you"])

    @property
    def seats(self) -> set[str]:
        return {seat["seat"] for seat in self.seated["seats"]}

    @property
    def back(self) -> dict[str, str]:
        """How the seat is taken again."""
        return {"seat": self.you, "secret": self.seated["secret"]}

    async def cut(self) -> None:
        self.socket.transport.abort()
        await self.socket.wait_closed()


class Lines:
    """Callers of one call on some nodes."""

    def __init__(self, chat: Chat, host: Account, call: Call) -> None:
        self.chat = chat
        self.host = host
        self.call = call
        self._tickets: dict[str, Callable[[], Awaitable[str]]] = {}

    @classmethod
    async def made(cls, chat: Chat, *, lobby: bool = False, relay_only: RelayRule = RelayRule.GUESTS) -> "Lines":
        host = await chat.account("ada")
        return cls(chat, host, await chat.storage.calls.create(host.id, title="Rehearsal", lobby=lobby, relay_only=relay_only))

    async def invite(self, **options: Any) -> str:
        secret = new_call_invite()
        await self.chat.storage.call_invites.create(self.call.id, digest(secret), timedelta(hours=1), by=self.host.id, **options)
        return secret

    @asynccontextmanager
    async def line(self, account: Account | None = None, *, node: int = 0) -> AsyncIterator[Caller]:
        """A socket that is in no call yet."""
        ticket = ""
        if account is not None:
            get = self._tickets.setdefault(account.id, self.chat.ticket(account))
            ticket = await get()
        async with connect(f"ws://127.0.0.1:{self.chat.nodes[node].port}/ws", compression=None, max_queue=None) as socket:
            await socket.send(json.dumps({"type": "hello", "version": 1, "ticket": ticket}))
            assert json.loads(await socket.recv())["type"] == "welcome"
            caller = Caller(socket, self.call.name)
            reading = asyncio.create_task(caller.read())
            try:
                yield caller
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
