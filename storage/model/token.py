"""Signed tokens: what kinds there are, how long each may live, and the keys that vouch for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class TokenType(StrEnum):
    """What a token opens. A token of one type opens no other door."""

    ACCESS = "access"
    REFRESH = "refresh"
    SOCKET = "socket"
    PUBLISH = "publish"
    PLAYBACK = "playback"
    TURN = "turn"


LONGEST_LIFE: Mapping[TokenType, timedelta] = MappingProxyType(
    {
        TokenType.ACCESS: timedelta(minutes=10),
        TokenType.REFRESH: timedelta(days=14),
        TokenType.SOCKET: timedelta(seconds=30),
        TokenType.PUBLISH: timedelta(hours=12),
        TokenType.PLAYBACK: timedelta(minutes=5),
        TokenType.TURN: timedelta(hours=1),
    }
)
"""No token lives longer, whoever asks for one."""

Claim = str | int
"""What a token may say beyond the registered claims."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was checked: who it is about, its own id, and what else it says. Times are Unix seconds."""

    type: TokenType
    subject: str
    id: str
    issued: int
    expires: int
    claims: Mapping[str, Claim] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a signing key that anybody may have: 32 bytes of Ed25519 (RFC 8032)."""

    kid: str
    public: bytes
    created_at: datetime
    retired_at: datetime | None


PROPAGATION = timedelta(seconds=30)
"""How long a new key is only announced before it signs, so that every node knows it by then."""

LEEWAY = timedelta(seconds=30)
"""How far the clocks of two nodes may be apart."""


def is_accepted(key: PublicKey, kind: TokenType, now: datetime) -> bool:
    """Whether a token of a type may still be vouched for by ``key``: a retired one does until its last token of that type is over."""
    return key.retired_at is None or now < key.retired_at + PROPAGATION + LONGEST_LIFE[kind] + LEEWAY


def is_over(key: PublicKey, now: datetime) -> bool:
    """Whether a key vouches for nothing any more."""
    return not any(is_accepted(key, kind, now) for kind in TokenType)
