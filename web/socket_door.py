"""The realtime socket's way through Quart and Hypercorn: a connection that asks for it is taken out of their hands.

They parse the upgrade's request. Then the connection's transport gets one of ``chat``'s sockets as its protocol, and Hypercorn is made
to believe that the client left: nothing of it stays, neither memory nor a queue, a task or an extension (it would accept
permessage-deflate and inflate without a limit). All of Hypercorn's private names that this needs are in this file, it is pinned, and
``tests/chat/test_door.py`` fails where one means something else.
"""

import asyncio
import base64
import hashlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, Protocol, TypeVar, cast
from urllib.parse import urlsplit

import hypercorn.protocol
import hypercorn.protocol.h11
from h2.settings import SettingCodes
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.protocol.events import StreamClosed
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import WSStream
from quart import Quart

from chat.metrics import REFUSED
from chat.origin import is_allowed
from storage.model.errors import BadInput, ErrorCode, FanlightError, NotFound, Refused, Unavailable
from storage.settings import Settings
from web.clients import Clients, subscriber
from web.errors import answer

PATH = "/ws"
SEND_BUFFER = 64 * 1024
"""Bytes the system keeps for a client that does not read, beyond what ``chat.outbox`` bounds."""

_DOOR = "fanlight.socket_door"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3

T = TypeVar("T")
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class Sockets(Protocol):
    """Where upgraded connections go; see :class:`chat.server.SocketServer`."""

    @property
    def is_full(self) -> bool:
        """Whether none can be taken."""

    def open(self, address: str, subscriber: str) -> asyncio.Protocol:
        """The protocol of a new one."""


class SocketDoor:
    """Decides who may open a socket, before anything is accepted."""

    def __init__(self, settings: Settings, sockets: Sockets) -> None:
        parts = urlsplit(settings.public_url)
        self._own = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
        self._others = frozenset(settings.cors_origins)
        self._clients = Clients(settings.proxies)
        self._sockets = sockets

    def install(self, app: Quart) -> None:
        """Let ``app`` answer upgrades for :data:`PATH`, and no others; it tells errors as problems."""
        app.extensions[_DOOR] = self
        app.add_url_rule(PATH, "socket", _no_upgrade, methods=["GET"])
        cast("Any", app).asgi_websocket_class = Upgrade

    def refusal(self, scope: Any) -> FanlightError | None:
        """Why an upgrade is refused."""
        headers: Headers = scope["headers"]
        if scope["path"] != PATH:
            return NotFound(ErrorCode.NOT_FOUND, "There is no socket at this address.")
        host = (_all(headers, b"host") or [""])[0]
        has_cookie = bool(_all(headers, b"cookie"))
        if not is_allowed(_all(headers, b"origin"), host, own=self._own, others=self._others, has_cookie=has_cookie):
            return Refused(ErrorCode.CROSS_SITE_REFUSED, "Sockets are opened by our own pages, and by programs without cookies.")
        if _all(headers, b"sec-websocket-protocol"):
            return BadInput(ErrorCode.BAD_REQUEST, "This socket has no subprotocols.")
        if scope["http_version"] != "1.1":
            return BadInput(ErrorCode.BAD_REQUEST, "Sockets are opened by HTTP/1.1.")
        if len(_key(headers)) != 24:
            return BadInput(ErrorCode.BAD_REQUEST, "Sec-WebSocket-Key is 16 bytes in Base64.")
        if self._sockets.is_full:
            return Unavailable(ErrorCode.SERVER_BUSY, "This node takes no sockets now.", retry_after=5.0)
        return None

    def open(self, scope: Any) -> asyncio.Protocol:
        """A socket for who asks."""
        peer = scope.get("client") or ("", 0)
        address = self._clients.address(peer[0], ",".join(_all(scope["headers"], b"x-forwarded-for")))
        return self._sockets.open(address, subscriber(address))


class Upgrade:
    """What Quart calls for a WebSocket, in place of its own class."""

    def __init__(self, app: Quart, scope: Any) -> None:
        self._app = app
        self._scope = scope

    async def __call__(self, receive: Receive, send: Send) -> None:
        """Refuse, or take the connection over."""
        del receive
        door = self._app.extensions.get(_DOOR)
        assert isinstance(door, SocketDoor)
        error = door.refusal(self._scope)
        if error is not None:
            await _refuse(error, send)
        elif (taken := take_over(send)) is not None:
            transport, early = taken
            protocol = door.open(self._scope)
            transport.set_protocol(protocol)
            transport.write(_switching(_key(self._scope["headers"])))
            protocol.connection_made(transport)
            transport.resume_reading()
            if early:
                protocol.data_received(early)


def take_over(send: Any) -> tuple[asyncio.Transport, bytes] | None:
    """The transport behind Hypercorn's ``send`` of an upgrade over HTTP/1.1, and what was read from it already; None if it is gone.

    Hypercorn's own task ends, as if the client had left.
    """
    stream = _owner(send, WSStream)
    server = _owner(_owner(stream.send, H11Protocol).send, TCPServer)
    writer, reader = cast("Any", server.writer), cast("Any", server.reader)
    transport: asyncio.Transport = writer.transport
    if stream.closed or transport.is_closing():
        return None
    stream.closed = True
    early = bytes(reader._buffer)  # noqa: SLF001 - the stream would give it to Hypercorn
    reader._buffer.clear()  # noqa: SLF001 - see above
    writer._transport = _Gone()  # noqa: SLF001 - the writer would close the connection
    transport.get_protocol().connection_lost(None)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    return transport, early


def _owner(method: Any, kind: type[T]) -> T:
    """Whose method it is."""
    owner = method.__self__
    assert isinstance(owner, kind)
    return owner


class _Gone:
    """The transport Hypercorn has afterwards."""

    def is_closing(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Nothing: the client left."""

    def close(self) -> None:
        """Nothing: it is closed."""

    def write(self, data: bytes) -> None:
        """Nothing: nobody reads it."""

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        return default


class _Stream(WSStream):
    """An upgrade that closes its connection where Hypercorn itself refuses it; else it would stay open for ever, with no deadline."""

    async def _send_error_response(self, status_code: int) -> None:
        await super()._send_error_response(status_code)
        self.closed = True
        await self.send(StreamClosed(stream_id=self.stream_id))


class _WithoutSockets(H2Protocol):
    """HTTP/2 without WebSocket (RFC 8441): a browser that is not offered it makes an HTTP/1.1 connection for its socket."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        settings = self.connection.local_settings
        settings[SettingCodes.ENABLE_CONNECT_PROTOCOL] = 0
        settings.acknowledge()


cast("Any", hypercorn.protocol).H2Protocol = _WithoutSockets
cast("Any", hypercorn.protocol.h11).WSStream = _Stream


async def _no_upgrade() -> NoReturn:
    raise BadInput(ErrorCode.BAD_REQUEST, "This address speaks WebSocket.")


async def _refuse(error: FanlightError, send: Send) -> None:
    body, status, headers = answer(error)
    REFUSED.labels(str(status)).inc()
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    raw += [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": raw})
    await send({"type": "websocket.http.response.body", "body": body, "more_body": False})


def _switching(key: bytes) -> bytes:
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"


def _key(headers: Headers) -> bytes:
    keys = [value for name, value in headers if name == b"sec-websocket-key"]
    return keys[0] if len(keys) == 1 else b""


def _all(headers: Headers, wanted: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in headers if name == wanted]
