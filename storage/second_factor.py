"""The second factor: time-based one-time passwords (RFC 6238, by pyotp) and recovery codes. Pure."""

import base64
import re
import secrets

import pyotp

from storage.secrets import digest

STEP = 30
"""Seconds a code is shown for."""

WINDOW = 1
"""Steps a person's clock may be off, either way."""

RECOVERY_CODES = 10


def new_secret() -> str:
    """160 random bits in base 32 (RFC 4226 section 4), for an authenticator."""
    return pyotp.random_base32()


def enrolment_uri(secret: str, account: str, issuer: str) -> str:
    """What an authenticator reads from a picture (Google's key URI format)."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def matching_step(secret: str, code: str, now: int, last_step: int) -> int | None:
    """The time step a code belongs to, or None if it is wrong, or not newer than the last one that was taken (RFC 6238 section 5.2).

    Args:
        secret: as given to the authenticator.
        code: as typed; spaces don't matter.
        now: Unix seconds.
        last_step: of the newest code taken before.
    """
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    totp = pyotp.TOTP(secret)
    matching = None
    for step in range(now // STEP - WINDOW, now // STEP + WINDOW + 1):
        # Every step is compared, so that the time it takes tells nothing.
        if secrets.compare_digest(totp.generate_otp(step), digits) and step > last_step:
            matching = step
    return matching


def new_recovery_codes() -> list[str]:
    """Codes for when the authenticator is lost, each good once: 50 random bits, like ``k3tqz-7m2xw``."""
    texts = (base64.b32encode(secrets.token_bytes(7)).decode().lower()[:10] for _ in range(RECOVERY_CODES))
    return [f"{text[:5]}-{text[5:]}" for text in texts]


def recovery_digest(account: str, code: str) -> bytes:
    """What is kept of a recovery code, as typed with or without its dash."""
    return digest(f"recovery:{account}:{re.sub(r'[^a-z2-7]', '', code.lower())}")
