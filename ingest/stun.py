"""STUN messages as ICE needs them (RFC 8489): read without ever raising, written small. Pure."""

import hmac
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

BINDING_REQUEST = 0x0001
BINDING_INDICATION = 0x0011
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
XOR_MAPPED_ADDRESS = 0x0020
PRIORITY = 0x0024
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029
ICE_CONTROLLING = 0x802A

_MAGIC = 0x2112A442
_MAGIC_BYTES = _MAGIC.to_bytes(4, "big")
_FINGERPRINT_XOR = 0x5354554E
_HEAD = struct.Struct(">HHI12s")
_ATTRIBUTE = struct.Struct(">HH")
_LONGEST = 1280
_MOST_ATTRIBUTES = 32

Address = tuple[str, int] | tuple[str, int, int, int]
"""A datagram's source as the socket names it: IP address as text, UDP port and, on an IPv6 socket, flow and scope."""


@dataclass(frozen=True, slots=True)
class StunMessage:
    """A well-formed message. ``signed`` is how many bytes MESSAGE-INTEGRITY covers, 0 without one.

    Attributes behind MESSAGE-INTEGRITY are not in ``attributes`` (RFC 8489 section 14.5); of a repeated one the first counts.
    """

    kind: int
    transaction: bytes
    attributes: Mapping[int, bytes]
    signed: int
    data: bytes

    @property
    def username(self) -> tuple[str, str]:
        """The receiver's and the sender's user fragment (RFC 8445 section 7.2.2), empty where USERNAME does not say."""
        local, _, remote = self.attributes.get(USERNAME, b"").decode("ascii", "replace").partition(":")
        return local, remote

    def authentic(self, password: str) -> bool:
        """Whether MESSAGE-INTEGRITY was made with ``password`` (RFC 8489 section 14.5)."""
        if not self.signed:
            return False
        return hmac.compare_digest(_integrity(self.data[: self.signed], password), self.attributes[MESSAGE_INTEGRITY])


def parse(data: bytes) -> StunMessage | None:
    """The message in a datagram, or None when it is none or a broken one. A FINGERPRINT may be missing but not wrong."""
    size = len(data)
    if not 20 <= size <= _LONGEST:
        return None
    kind, length, magic, transaction = _HEAD.unpack_from(data)
    if kind & 0xC000 or magic != _MAGIC or length & 3 or length + 20 != size:
        return None
    read = _attributes(data)
    return None if read is None else StunMessage(kind, transaction, *read, data)


def _attributes(data: bytes) -> tuple[dict[int, bytes], int] | None:
    size = len(data)
    attributes: dict[int, bytes] = {}
    signed = 0
    offset = 20
    for _ in range(_MOST_ATTRIBUTES):
        if offset == size:
            return attributes, signed
        name, width = _ATTRIBUTE.unpack_from(data, offset)
        end = offset + 4 + width
        if end > size:
            return None
        if name == FINGERPRINT:
            if width != 4 or end != size or data[offset + 4 : end] != _fingerprint(data[:offset], size - 20):
                return None
        elif not signed:
            attributes.setdefault(name, data[offset + 4 : end])
            if name == MESSAGE_INTEGRITY:
                if width != 20:
                    return None
                signed = offset
        offset = end + (-width & 3)
    return None


def success(request: StunMessage, address: Address, password: str) -> bytes:
    """The answer to a binding request that came from ``address``: 64 bytes, 76 with IPv6."""
    return _write(BINDING_SUCCESS, request.transaction, [(XOR_MAPPED_ADDRESS, _xor_address(address, request.transaction))], password)


def role_conflict(request: StunMessage, password: str) -> bytes:
    """The answer 487 that makes a full agent take the controlling role (RFC 8445 section 7.3.1.1)."""
    return _write(BINDING_ERROR, request.transaction, [(ERROR_CODE, b"\0\0\x04\x57Role Conflict")], password)


def request(transaction: bytes, attributes: Mapping[int, bytes], password: str) -> bytes:
    """A signed binding request, as a controlling agent sends it."""
    return _write(BINDING_REQUEST, transaction, list(attributes.items()), password)


def _write(kind: int, transaction: bytes, attributes: list[tuple[int, bytes]], password: str) -> bytes:
    body = b"".join(_ATTRIBUTE.pack(name, len(value)) + value + bytes(-len(value) & 3) for name, value in attributes)
    message = _HEAD.pack(kind, len(body), _MAGIC, transaction) + body
    message += _ATTRIBUTE.pack(MESSAGE_INTEGRITY, 20) + _integrity(message, password)
    length = len(message) - 20 + 8
    return message[:2] + length.to_bytes(2, "big") + message[4:] + _ATTRIBUTE.pack(FINGERPRINT, 4) + _fingerprint(message, length)


def _integrity(covered: bytes, password: str) -> bytes:
    length = (len(covered) - 20 + 24).to_bytes(2, "big")
    return hmac.digest(password.encode(), covered[:2] + length + covered[4:], "sha1")


def _fingerprint(covered: bytes, length: int) -> bytes:
    crc = zlib.crc32(covered[:2] + length.to_bytes(2, "big") + covered[4:])
    return (crc ^ _FINGERPRINT_XOR).to_bytes(4, "big")


def _xor_address(address: Address, transaction: bytes) -> bytes:
    host = ip_address(address[0])
    # A dual-stack socket writes an IPv4 peer as ::ffff:a.b.c.d.
    host = getattr(host, "ipv4_mapped", None) or host
    port = (address[1] ^ (_MAGIC >> 16)).to_bytes(2, "big")
    mask = _MAGIC_BYTES if isinstance(host, IPv4Address) else _MAGIC_BYTES + transaction
    family = b"\0\x01" if isinstance(host, IPv4Address) else b"\0\x02"
    return family + port + bytes(a ^ b for a, b in zip(host.packed, mask, strict=True))


def mapped_address(message: StunMessage) -> Address | None:
    """The address in XOR-MAPPED-ADDRESS (RFC 8489 section 14.2)."""
    value = message.attributes.get(XOR_MAPPED_ADDRESS, b"")
    if len(value) not in (8, 20):
        return None
    port = int.from_bytes(value[2:4], "big") ^ (_MAGIC >> 16)
    packed = bytes(a ^ b for a, b in zip(value[4:], _MAGIC_BYTES + message.transaction, strict=False))
    return str(IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed)), port
