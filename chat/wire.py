"""WebSocket framing as a server sees it (RFC 6455 section 5), without any extension. Pure: bytes in, events out."""

from collections.abc import Iterator
from dataclasses import dataclass

from chat.protocol import LONGEST_FRAME, Close

LONGEST_CONTROL = 125
"""Bytes of a control frame's payload (section 5.5)."""

_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_FIN, _RESERVED, _OPCODE, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_MAY_BE_SENT = frozenset({*range(1000, 1004), *range(1007, 1015)})
"""Codes a peer may give (section 7.4.1 and its registry); and 3000 to 4999."""


class Violation(Exception):
    """The peer does not keep to the protocol: the connection is closed with ``code``."""

    def __init__(self, code: Close, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Text:
    """A whole message."""

    text: str


@dataclass(frozen=True, slots=True)
class Ping:
    """To be answered by a pong of the same payload."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Filler:
    """A frame that says nothing yet: a pong, or a fragment. It is told so that it can be counted."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The peer closes; ``code`` is what is answered. Nothing after it is read."""

    code: int


Event = Text | Ping | Filler | Goodbye


class Reader:
    """Takes a connection apart into events; ``longest`` is how many bytes a message may have from now on.

    Never holds more than one message and one frame's beginning.
    """

    __slots__ = ("_buffer", "_fragments", "longest")

    def __init__(self, longest: int = LONGEST_FRAME) -> None:
        self.longest = longest
        self._buffer = b""
        self._fragments: bytearray | None = None

    def feed(self, data: bytes) -> Iterator[Event]:
        """What is complete with ``data``, one by one; who stops to listen never feeds again.

        Raises:
            Violation: From the iterator.
        """
        data = self._buffer + data if self._buffer else data
        self._buffer = b""
        position = 0
        while (head := _head(data, position)) is not None:
            first, start, length = head
            self._check(first, length)
            end = start + length
            if len(data) < end:
                break
            payload = _unmasked(data[start - 4 : start], data[start:end])
            position = end
            yield self._event(first, payload)
        self._buffer = data[position:]

    def _check(self, first: int, length: int) -> None:
        """Refuse a frame by its head, before its payload is waited for."""
        opcode = first & _OPCODE
        if first & _RESERVED:
            raise Violation(Close.PROTOCOL, "No extension was agreed on.")
        if opcode >= _CLOSE:
            if opcode > _PONG or not first & _FIN or length > LONGEST_CONTROL:
                raise Violation(Close.PROTOCOL, "That is no control frame.")
            return
        if opcode > _BINARY or (opcode == _CONTINUATION) is (self._fragments is None):
            raise Violation(Close.PROTOCOL, "That frame does not belong here.")
        if opcode == _BINARY:
            raise Violation(Close.NOT_TEXT, "This socket speaks text.")
        if length + len(self._fragments or b"") > self.longest:
            raise Violation(Close.TOO_LARGE, f"A message has at most {self.longest} bytes.")

    def _event(self, first: int, payload: bytes) -> Event:
        opcode = first & _OPCODE
        if opcode == _PING:
            return Ping(payload)
        if opcode == _PONG:
            return Filler()
        if opcode == _CLOSE:
            return Goodbye(_goodbye(payload))
        if not first & _FIN:
            self._fragments = (self._fragments or bytearray()) + payload
            return Filler()
        whole = payload if self._fragments is None else bytes(self._fragments + payload)
        self._fragments = None
        return Text(_decoded(whole))


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame of a server; the reason is cut to what fits."""
    payload = code.to_bytes(2, "big") + reason.encode()[: LONGEST_CONTROL - 2].decode(errors="ignore").encode()
    return bytes((_FIN | _CLOSE, len(payload))) + payload


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping."""
    return bytes((_FIN | _PONG, len(payload))) + payload


def _head(data: bytes, position: int) -> tuple[int, int, int] | None:
    """A frame's first byte, where its payload starts and how long that is; None while that can't be told."""
    if len(data) < position + 2:
        return None
    first, second = data[position], data[position + 1]
    if not second & _MASKED:
        raise Violation(Close.PROTOCOL, "A client masks its frames.")
    length, start = second & _LENGTH, position + 2
    if length > LONGEST_CONTROL:
        width = 2 if length == LONGEST_CONTROL + 1 else 8
        if len(data) < start + width:
            return None
        length = int.from_bytes(data[start : start + width], "big")
        start += width
        if length >> 63 or length <= (LONGEST_CONTROL if width == 2 else 0xFFFF):
            raise Violation(Close.PROTOCOL, "That is no length.")
    return first, start + 4, length


def _unmasked(mask: bytes, payload: bytes) -> bytes:
    length = len(payload)
    pad = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(pad, "little")).to_bytes(length, "little")


def _goodbye(payload: bytes) -> int:
    if not payload:
        return Close.NORMAL
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not (code in _MAY_BE_SENT or 3000 <= code <= 4999):
        raise Violation(Close.PROTOCOL, "That is no reason to close.")
    _decoded(payload[2:])
    return code


def _decoded(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise Violation(Close.NOT_UTF8, "Text is UTF-8.") from None
