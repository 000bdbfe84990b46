"""The keys a process knows, in memory: which of them vouch for a token now, and the one it signs with."""

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storage.clock import Clock, utc_now
from storage.model.errors import ErrorCode, Unavailable
from storage.model.token import PublicKey, TokenType, is_accepted


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key to sign with, and its name."""

    kid: str
    private: Ed25519PrivateKey


class KeyRing:
    """Filled by whoever reads keys (:mod:`storage.signing`, :mod:`storage.announced_keys`); asking it never waits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._keys: dict[str, tuple[PublicKey, Ed25519PublicKey]] = {}
        self._signing: SigningKey | None = None
        self.revision = 0
        """Grows whenever other keys vouch than before: what was found good by the old ones must be looked at again."""

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """All that are known."""
        return tuple(key for key, _ in self._keys.values())

    def replace(self, keys: Iterable[PublicKey], signing: SigningKey | None = None) -> None:
        """Know these keys and no others; what is no Ed25519 key is left out."""
        found = {}
        for key in keys:
            try:
                found[key.kid] = (key, Ed25519PublicKey.from_public_bytes(key.public))
            except (ValueError, UnsupportedAlgorithm):
                continue
        if [key for key, _ in found.values()] != list(self.keys):
            self.revision += 1
        self._keys = found
        self._signing = signing

    def verifying(self, kid: str, kind: TokenType) -> Ed25519PublicKey | None:
        """The key of that name, if it vouches for tokens of that type now."""
        known = self._keys.get(kid)
        if known is None or not is_accepted(known[0], kind, utc_now(self._clock)):
            return None
        return known[1]

    @property
    def signing(self) -> SigningKey:
        """The key to sign with. Raises ``Unavailable(DATABASE_UNAVAILABLE)``; this process could not read any yet, or only verifies."""
        if self._signing is None:
            raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE, "The signing keys could not be read yet.")
        return self._signing
