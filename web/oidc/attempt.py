"""One try to sign in with a provider, between leaving for it and coming back: sealed into a cookie of the browser that left."""

import hmac
import secrets

import msgspec

from storage.clock import Clock
from storage.model.errors import BadInput, ErrorCode
from storage.sealing import Sealer

LIFE = 600
"""Seconds a person may take at the provider."""

LONGEST = 2048
"""Characters of the sealed cookie."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """``state`` binds the answer to this browser, ``nonce`` the ID token to this try, ``verifier`` the code to us (RFC 7636).

    ``account`` is who was signed in when they left, to whom the provider's word is then added. ``expires`` is in Unix seconds.
    """

    provider: str
    state: str
    nonce: str
    verifier: str
    next: str
    account: str
    expires: int


def new_attempt(provider: str, next_path: str, account: str, clock: Clock) -> Attempt:
    """A try with secrets of its own."""
    return Attempt(
        provider=provider,
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        next=local_path(next_path),
        account=account,
        expires=clock.unix_ns() // 1_000_000_000 + LIFE,
    )


def seal(attempt: Attempt, sealer: Sealer) -> str:
    """The cookie's value."""
    return sealer.seal(msgspec.json.encode(attempt), "attempt").hex()


def unseal(cookie: str | None, provider: str, state: str, sealer: Sealer, clock: Clock) -> Attempt:
    """The try this answer belongs to.

    Raises:
        BadInput: ``EXTERNAL_SIGN_IN_FAILED``; this browser did not leave for that provider with that state, or long ago.
    """
    plain = None
    if cookie and len(cookie) <= LONGEST:
        try:
            plain = sealer.open(bytes.fromhex(cookie), "attempt")
        except ValueError:
            plain = None
    attempt = msgspec.json.decode(plain, type=Attempt) if plain is not None else None
    if (
        attempt is None
        or attempt.provider != provider
        or not hmac.compare_digest(attempt.state.encode(), state.encode("utf-8", "replace"))
        or clock.unix_ns() // 1_000_000_000 > attempt.expires
    ):
        raise BadInput(ErrorCode.EXTERNAL_SIGN_IN_FAILED, "This sign-in was not begun here, or it took too long. Begin again.")
    return attempt


def local_path(wanted: str) -> str:
    """A path of this site to go to afterwards, never another site's address; ``/`` for everything else."""
    plain = wanted.isascii() and wanted.isprintable() and len(wanted) <= 500
    return wanted if plain and wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"
