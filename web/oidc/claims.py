"""What a provider's ID token must say (OpenID Connect Core 1.0 section 3.1.3.7). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from storage.model.errors import BadInput, ErrorCode
from web.oidc.provider import Provider

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Asymmetric ones only: nothing that could be signed with our client secret, and never ``none``."""

LEEWAY = 30
OLDEST = 600
"""Seconds since a token was issued."""
LONGEST = 16_384


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a provider vouches for: ``subject`` is theirs for ever, ``name`` and ``email`` are only said."""

    subject: str
    name: str
    email: str | None


def read_id_token(token: str, keys: Mapping[str, Any], provider: Provider, nonce: str, now: int) -> Person:
    """Check an ID token against the provider's keys (RFC 7517). ``now`` is in Unix seconds.

    Raises:
        BadInput: ``EXTERNAL_SIGN_IN_FAILED``.
    """
    try:
        claims = _claims(token, keys, provider)
        _check(claims, provider, nonce, now)
        subject = str(claims["sub"])
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, ArithmeticError):
        raise BadInput(ErrorCode.EXTERNAL_SIGN_IN_FAILED, f"The answer of {provider.label} is not valid. Begin again.") from None
    email = claims.get("email") if claims.get("email_verified") is True else None
    name = claims.get("preferred_username") or claims.get("name") or ""
    return Person(subject, name if isinstance(name, str) else "", email if isinstance(email, str) else None)


def _claims(token: str, keys: Mapping[str, Any], provider: Provider) -> dict[str, Any]:
    if len(token) > LONGEST:
        raise ValueError
    header = jwt.get_unverified_header(token)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS or "crit" in header:
        raise ValueError
    return jwt.decode(
        token,
        _key(keys, header.get("kid"), algorithm),
        algorithms=[algorithm],
        issuer=provider.issuer,
        audience=provider.client_id,
        # The time comes from the clock we are given, not from the library's.
        options={"require": ["iss", "sub", "aud", "exp", "iat"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )


def _check(claims: Mapping[str, Any], provider: Provider, nonce: str, now: int) -> None:
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    fresh = int(claims["exp"]) + LEEWAY > now and now - OLDEST < int(claims["iat"]) < now + LEEWAY
    ours = claims.get("azp", None if several else provider.client_id) == provider.client_id
    subject = claims["sub"]
    if not (fresh and ours and claims.get("nonce") == nonce and isinstance(subject, str) and 0 < len(subject) <= 255):
        raise ValueError


def _key(keys: Mapping[str, Any], kid: object, algorithm: str) -> jwt.PyJWK:
    fitting = [key for key in keys.get("keys", ()) if key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm]
    if kid is not None:
        fitting = [key for key in fitting if key.get("kid") == kid]
    if len(fitting) != 1:
        raise ValueError
    return jwt.PyJWK(fitting[0], algorithm=algorithm)


def has_key(keys: Mapping[str, Any], token: str) -> bool:
    """Whether the key that a token names is among these; one that isn't may have been made since they were read."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError:
        return True
    return kid is None or any(key.get("kid") == kid for key in keys.get("keys", ()))


def name_from(said: str) -> str:
    """An account's name made of what a provider calls somebody; ``viewer`` where nothing is left of it."""
    letters = re.sub(r"[^a-z0-9_-]+", "-", said.partition("@")[0].lower()).strip("-_")
    return letters[:24].strip("-_") or "viewer"
