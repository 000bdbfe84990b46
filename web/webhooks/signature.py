"""Signatures by Standard Webhooks 1.0: the receiver can tell that a request is ours, whole and fresh. Pure."""

import base64
import hmac
import secrets

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> bytes:
    """A webhook's secret."""
    return secrets.token_bytes(_BYTES)


def shown(secret: bytes) -> str:
    """The secret as its owner keeps it."""
    return PREFIX + base64.b64encode(secret).decode()


def headers(secret: bytes, identifier: str, unix_seconds: int, body: bytes) -> dict[str, str]:
    """The three headers of a delivery."""
    signed = f"{identifier}.{unix_seconds}.".encode() + body
    mac = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    return {"webhook-id": identifier, "webhook-timestamp": str(unix_seconds), "webhook-signature": f"v1,{mac}"}
