"""Secrets: stream keys and the short-lived tokens nodes show each other."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

import jwt

from storage.clock import Clock
from storage.model.errors import ErrorCode, Refused
from storage.model.ids import SessionId

RELAY_TOKEN_LIFE = 60
"""Seconds; a token is made for one connection and shown at once."""

LEEWAY = 30
"""Seconds the clocks of two nodes may differ."""

API_TOKEN = "flt_"  # noqa: S105 - how one starts
"""How a personal API token starts, so that it is told from a signed one, and found by whoever scans for leaked secrets."""

LONGEST_API_TOKEN = 64

_ALGORITHM = "HS256"
_RELAY = "fanlight-relay"


def new_stream_key() -> str:
    """A stream key: ``fl_`` and 160 random bits in lower-case base 32."""
    return "fl_" + base64.b32encode(secrets.token_bytes(20)).decode().lower()


def new_api_token() -> str:
    """A personal API token: :data:`API_TOKEN` and 200 random bits in lower-case base 32."""
    return API_TOKEN + base64.b32encode(secrets.token_bytes(25)).decode().lower()


def new_session_secret() -> str:
    """What a browser proves its session with: 256 random bits."""
    return secrets.token_urlsafe(32)


def new_one_time_token() -> str:
    """A token for a link that works once: 192 random bits."""
    return secrets.token_urlsafe(24)


def new_call_invite() -> str:
    """What lets its holder enter a call: 192 random bits in 32 characters."""
    return secrets.token_urlsafe(24)


def digest(key: str) -> bytes:
    """The SHA-256 of a key: all that is kept of it."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def is_one_of(candidate: bytes, digests: Iterable[bytes]) -> bool:
    """Whether a digest is among others, in a time that does not tell how close it came or whether there were any."""
    found = hmac.compare_digest(candidate, bytes(len(candidate)))
    for known in digests:
        found |= hmac.compare_digest(candidate, known)
    return found


def relay_token(secret: str, session: SessionId, clock: Clock) -> str:
    """A token to read one session's feed with, good for a minute."""
    claims = {"aud": _RELAY, "sub": session, "exp": clock.unix_ns() // 1_000_000_000 + RELAY_TOKEN_LIFE}
    return jwt.encode(claims, _signing_key(secret), algorithm=_ALGORITHM)


def check_relay_token(secret: str, token: str, session: SessionId, clock: Clock) -> None:
    """Check a token made by :func:`relay_token` with the same ``secret``.

    Raises:
        Refused: ``KEY_REFUSED``; it is for something else, over, or not ours.
    """
    try:
        claims = jwt.decode(
            token,
            _signing_key(secret),
            algorithms=[_ALGORITHM],
            audience=_RELAY,
            # The time comes from the clock we are given, not from the library's.
            options={"require": ["aud", "sub", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        over = clock.unix_ns() // 1_000_000_000 > int(claims["exp"]) + LEEWAY
    except (jwt.PyJWTError, ArithmeticError, ValueError, TypeError):
        raise Refused(ErrorCode.KEY_REFUSED, "The token is not valid.") from None
    if over or claims["sub"] != session:
        raise Refused(ErrorCode.KEY_REFUSED, "The token is not valid.")


def _signing_key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), _RELAY.encode(), "sha256")
