"""Signed tokens (JWT, RFC 7519, hardened by RFC 8725): Ed25519 only, one type a door, and every refusal looks the same."""

import base64
import binascii
import json
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt

from storage.clock import Clock
from storage.key_ring import KeyRing
from storage.model.errors import ErrorCode, Refused
from storage.model.token import LEEWAY, LONGEST_LIFE, Claim, Token, TokenType

ISSUER = "fanlight"
LONGEST = 2048
"""Characters of a token; ours have about 400."""

_ALGORITHM = "EdDSA"
_REGISTERED = frozenset({"iss", "aud", "typ", "exp", "nbf", "iat", "sub", "jti"})
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]{85}[AQgw]")
# 86 characters hold four bits more than the 64 bytes of a signature: they are zero, or one token could be written in many ways.
_LEEWAY = int(LEEWAY.total_seconds())
_refused = "The token is not valid."


class Tokens:
    """Issues and reads tokens by the keys of a :class:`KeyRing`; nothing here waits for anything."""

    def __init__(self, keys: KeyRing, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._jws = jwt.PyJWS(algorithms=[_ALGORITHM])

    @property
    def revision(self) -> int:
        """See :attr:`KeyRing.revision`."""
        return self._keys.revision

    def issue(self, kind: TokenType, subject: str, seconds: float, **claims: Claim) -> str:
        """A token about ``subject``, good for ``seconds`` (at most :data:`LONGEST_LIFE`).

        Raises:
            Unavailable: ``DATABASE_UNAVAILABLE``; the keys could not be read yet.
        """
        life = min(timedelta(seconds=seconds), LONGEST_LIFE[kind])
        now = self._now()
        registered: dict[str, Claim] = {
            "iss": ISSUER,
            "aud": _audience(kind),
            "typ": kind,
            "exp": now + int(life.total_seconds()),
            "nbf": now,
            "iat": now,
            "sub": subject,
            "jti": secrets.token_urlsafe(12),
        }
        assert _REGISTERED.isdisjoint(claims)
        signing = self._keys.signing
        payload = json.dumps(registered | claims, separators=(",", ":")).encode()
        token = self._jws.encode(payload, signing.private, algorithm=_ALGORITHM, headers=_header(kind, signing.kid))
        assert len(token) <= LONGEST
        return token

    def read(self, kind: TokenType, token: str) -> Token:
        """Check a token.

        Raises:
            Refused: ``TOKEN_REFUSED``; it is over, not for this, or not ours. Nothing tells which.
        """
        try:
            claims = self._claims(kind, token)
            found = self._checked(kind, claims)
        except (jwt.PyJWTError, binascii.Error, ValueError, TypeError, KeyError, RecursionError, _NotOursError):
            raise Refused(ErrorCode.TOKEN_REFUSED, _refused) from None
        return found

    def _claims(self, kind: TokenType, token: str) -> dict[str, Any]:
        shape = _COMPACT.fullmatch(token) if len(token) <= LONGEST else None
        if shape is None:
            raise _NotOursError
        header = _object(shape[1])
        kid = header.get("kid")
        # Nothing in the header is a choice: what differs from what we would have written (jku, x5u, jwk, crit, zip) is not ours.
        if not isinstance(kid, str) or header != _header(kind, kid) | {"alg": _ALGORITHM}:
            raise _NotOursError
        key = self._keys.verifying(kid, kind)
        if key is None:
            raise _NotOursError
        self._jws.decode(token, key, algorithms=[_ALGORITHM])
        return _object(shape[2])

    def _checked(self, kind: TokenType, claims: Mapping[str, Any]) -> Token:
        if (claims["iss"], claims["aud"], claims["typ"]) != (ISSUER, _audience(kind), kind):
            raise _NotOursError
        expires, not_before, issued = (_whole(claims[name]) for name in ("exp", "nbf", "iat"))
        subject, identifier = (_text(claims[name]) for name in ("sub", "jti"))
        now = self._now()
        in_time = now < expires + _LEEWAY and not_before <= now + _LEEWAY and issued <= now + _LEEWAY
        if not in_time or expires - issued > LONGEST_LIFE[kind].total_seconds():
            raise _NotOursError
        others = {name: value for name, value in claims.items() if name not in _REGISTERED}
        return Token(kind, subject, identifier, issued, expires, others)

    def _now(self) -> int:
        return self._clock.unix_ns() // 1_000_000_000


class _NotOursError(Exception):
    """A token we would not have written."""


def _audience(kind: TokenType) -> str:
    return f"fanlight:{kind}"


def _header(kind: TokenType, kid: str) -> dict[str, str]:
    # RFC 8725 section 3.11: an explicit type.
    return {"typ": f"fanlight-{kind}+jwt", "kid": kid}


def _object(segment: str) -> dict[str, Any]:
    """A JSON object in base64url. A name that comes twice means one thing to one reader and another to the next: refused."""
    text = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode()
    found = json.loads(text, object_pairs_hook=_once)
    if not isinstance(found, dict):
        raise _NotOursError
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotOursError
    return found


def _whole(value: object) -> int:
    if type(value) is not int:
        raise _NotOursError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _NotOursError
    return value
