"""Encryption of what is kept in the database but must not be readable there: AES-256-GCM under a key made of ``FANLIGHT_SECRET``."""

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.model.errors import BadInput, ErrorCode

_NONCE = 12


class Sealer:
    """Seals for one purpose; what was sealed for another, or for another ``context`` (a record's id), does not open."""

    def __init__(self, secret: str, purpose: str) -> None:
        """Raises ``BadInput(SETTINGS_INVALID)`` without a secret."""
        if not secret:
            raise BadInput(ErrorCode.SETTINGS_INVALID, "FANLIGHT_SECRET is not set: what is kept encrypted needs it.")
        self._cipher = AESGCM(hmac.digest(secret.encode(), f"fanlight-sealed:{purpose}".encode(), "sha256"))

    def seal(self, plain: bytes, context: str) -> bytes:
        """``plain``, encrypted: 28 bytes longer."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes | None:
        """What :meth:`seal` was given, or None: it was sealed with another secret, or changed since."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except (InvalidTag, ValueError):
            return None
