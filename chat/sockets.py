"""How the rooms see sockets, and the socket's shell the rooms: the seam between ``chat.socket`` and ``chat.rooms``."""

from typing import Protocol

from chat.protocol import ClientFrame, Close, ServerFrame, encode
from storage.model.account import Actor

_SHORT, _MEDIUM = 125, 0xFFFF
_TEXT = 0x81


class Prepared:
    """A frame made once for many sockets.

    ``payload`` is JSON, ``wire`` the same as bytes of an unmasked text frame (RFC 6455 section 5.2).
    """

    __slots__ = ("payload", "wire")

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.wire = _header(len(payload)) + payload


def prepared(frame: ServerFrame) -> Prepared:
    """A frame for many."""
    return Prepared(encode(frame))


def _header(length: int) -> bytes:
    if length <= _SHORT:
        return bytes((_TEXT, length))
    if length <= _MEDIUM:
        return bytes((_TEXT, 126)) + length.to_bytes(2, "big")
    return bytes((_TEXT, 127)) + length.to_bytes(8, "big")


class Socket(Protocol):
    """One client's connection after its ``hello``. Nothing here waits: what a client does not read closes it, see ``Close.SLOW``."""

    @property
    def identifier(self) -> int:
        """Unlike any other of this process."""

    @property
    def actor(self) -> Actor:
        """Who it is now; a stranger without an account where it had no ticket."""

    def tell(self, frame: ServerFrame) -> None:
        """Send a frame to this socket alone."""

    def pass_on(self, frame: Prepared) -> None:
        """Send a frame that many get."""

    def in_call(self, seated: bool) -> None:
        """Whether longer frames, and more of them, are taken from now on: of somebody who has a seat in a call."""

    def close(self, code: Close, detail: str, *, retry_after: float = 0) -> None:
        """Say ``bye`` and close; what was told before still goes out."""


class Frames(Protocol):
    """What becomes of a socket's frames. Implemented by the rooms, called by the shell."""

    async def received(self, socket: Socket, frame: ClientFrame) -> None:
        """A request came (never ``hello`` or ``ping``). One of a socket at a time, in order; a FanlightError becomes ``refused``."""

    async def changed(self, socket: Socket) -> None:
        """The socket's account changed (its name, role or state): what it may do is asked anew."""

    def closed(self, socket: Socket) -> None:
        """The socket is gone."""
