"""A WebSocket client that says exactly what it is told, also what no client should."""

import asyncio
import base64
import json
import socket
from typing import Any, Self, cast

KEY = base64.b64encode(bytes(16)).decode()
MASK = bytes.fromhex("37fa213d")  # RFC 6455 section 5.7
TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0


def frame(
    payload: bytes, opcode: int = TEXT, *, fin: bool = True, reserved: int = 0, masked: bool = True, length: int | None = None
) -> bytes:
    """One frame of a client, right or wrong."""
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    claimed = len(payload) if length is None else length
    bit = 0x80 if masked else 0
    if claimed <= 125:
        head = bytes((first, bit | claimed))
    elif claimed <= 0xFFFF:
        head = bytes((first, bit | 126)) + claimed.to_bytes(2, "big")
    else:
        head = bytes((first, bit | 127)) + claimed.to_bytes(8, "big")
    if not masked:
        return head + payload
    mask = MASK
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def said(**fields: Any) -> bytes:
    """A frame of the protocol."""
    return frame(json.dumps(fields).encode())


HELLO = said(type="hello", version=1)


class Client:
    """One connection, after its request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    @classmethod
    async def ask(
        cls, port: int, headers: dict[str, str | None] | None = None, *, path: str = "/ws", source: str = "", receive_buffer: int = 0
    ) -> Self:
        """Ask for an upgrade; a header that is None is left out."""
        connection = socket.socket()
        connection.setblocking(False)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            connection.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=connection)
        named: dict[str, str | None] = {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": KEY,
            "Sec-WebSocket-Version": "13",
        }
        named |= headers or {}
        lines = [f"{name}: {value}" for name, value in named.items() if value is not None]
        writer.write("\r\n".join((f"GET {path} HTTP/1.1", *lines, "", "")).encode("latin-1"))
        client = cls(reader, writer)
        try:
            async with asyncio.timeout(10):
                await client._answer()
        except BaseException:
            writer.transport.abort()
            raise
        return client

    async def _answer(self) -> None:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        self.status = int(head[0].split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        if self.status != 101 and (size := int(self.headers.get("content-length", 0))):
            self.body = await self.reader.readexactly(size)

    @classmethod
    async def greeted(cls, port: int, ticket: str = "", **options: Any) -> Self:
        """After its hello and the welcome."""
        client = await cls.ask(port, **options)
        try:
            assert client.status == 101, client.body
            client.writer.write(said(type="hello", version=1, ticket=ticket))
            welcome = await client.told()
            assert welcome["type"] == "welcome", welcome
        except BaseException:
            client.writer.transport.abort()
            raise
        return client

    async def next(self) -> tuple[int, bytes]:
        """The next frame: its opcode and payload."""
        async with asyncio.timeout(20):
            first, second = await self.reader.readexactly(2)
            assert not second & 0x80, "a server masks nothing"
            assert not first & 0x70
            length = second & 0x7F
            if length > 125:
                length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
            return first & 0x0F, await self.reader.readexactly(length)

    async def told(self) -> Any:
        """What the next text frame says."""
        opcode, payload = await self.next()
        assert opcode == TEXT, (opcode, payload)
        return json.loads(payload)

    async def closed(self) -> int:
        """The code it is closed with, whatever comes before; 0 if it is cut without one."""
        try:
            while True:
                opcode, payload = await self.next()
                if opcode == CLOSE:
                    return int.from_bytes(payload[:2], "big")
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0

    def send(self, *frames: bytes) -> None:
        """Say it."""
        self.writer.write(b"".join(frames))

    def stall(self) -> None:
        """Read nothing any more."""
        cast("asyncio.Transport", self.writer.transport).pause_reading()

    async def leave(self) -> None:
        """Cut the connection."""
        self.writer.transport.abort()
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()
