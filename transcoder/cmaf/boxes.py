"""Boxes of the ISO base media file format (ISO/IEC 14496-12 section 4.2)."""

import struct

_HEAD = struct.Struct(">I4s")
_FULL = struct.Struct(">I4sI")


def box(kind: bytes, *content: bytes) -> bytes:
    """A box with 32-bit size."""
    body = b"".join(content)
    return _HEAD.pack(8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    """A box with version and flags."""
    body = b"".join(content)
    return _FULL.pack(12 + len(body), kind, version << 24 | flags) + body
