"""An ICE-lite agent (RFC 8445 section 2.5): answers connectivity checks, never sends one. Pure: no I/O, no clock, no randomness.

The peer proves an address by a check from it that is signed with the password only it was told. Nothing else makes an
address valid: not the candidates of an offer, not a datagram's source. An ICE restart is a second pair of credentials;
the first keeps working until a check with the second has come (RFC 8445 section 9).
"""

from dataclasses import dataclass

from ingest import stun
from ingest.stun import Address, StunMessage

MOST_ADDRESSES = 16
"""Addresses a peer may have valid at a time; beyond that the oldest that is not selected is forgotten."""


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """A user fragment (4 to 256 characters) and a password (22 to 256), RFC 8839 section 5.4."""

    ufrag: str
    password: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check means: a reply for its source, whether that source is valid now, the user fragment that ceased to be
    ours, and the address that was forgotten for the new one.
    """

    reply: bytes | None = None
    valid: bool = False
    retired: str = ""
    evicted: Address | None = None


_IGNORED = Verdict()


class IceAgent:
    """The server's side of one peer. ``selected`` is where to send; ``addresses`` are all valid ones, oldest first."""

    def __init__(self, local: IceCredentials, remote: IceCredentials) -> None:
        self.local = local
        self.remote = remote
        self.addresses: dict[Address, int] = {}
        self.selected: Address | None = None
        self._former: IceCredentials | None = None
        self._nominated = -1

    @property
    def ufrags(self) -> tuple[str, ...]:
        """The user fragments under which checks may come."""
        return (self.local.ufrag,) if self._former is None else (self._former.ufrag, self.local.ufrag)

    def restart(self, local: IceCredentials, remote: IceCredentials) -> str:
        """Begin an ICE restart; return the user fragment that stops working now, empty unless two restarts overlap."""
        dropped = "" if self._former is None else self.local.ufrag
        self._former = self._former or self.local
        self.local, self.remote = local, remote
        return dropped

    def receive(self, message: StunMessage, source: Address) -> Verdict:
        """Judge a message. Whatever is not a signed binding request for us is ignored: a stranger gets no reply at all."""
        if message.kind != stun.BINDING_REQUEST:
            return _IGNORED
        ufrag = message.username[0]
        credentials = self.local if ufrag == self.local.ufrag else self._former
        if credentials is None or credentials.ufrag != ufrag or not message.authentic(credentials.password):
            return _IGNORED
        if stun.ICE_CONTROLLED in message.attributes:
            return Verdict(reply=stun.role_conflict(message, credentials.password))
        retired = ""
        if credentials is self.local and self._former is not None:
            retired, self._former, self._nominated = self._former.ufrag, None, -1
        evicted = self._validate(message, source)
        return Verdict(stun.success(message, source, credentials.password), True, retired, evicted)

    def heard(self, source: Address) -> None:
        """Authentic media came from a valid address: the peer sends there now, so we do too."""
        if source in self.addresses:
            self.selected = source

    def _validate(self, message: StunMessage, source: Address) -> Address | None:
        # FFmpeg 8.0 sends no PRIORITY although RFC 8445 section 7.1.1 demands it.
        priority = int.from_bytes(message.attributes.get(stun.PRIORITY, b"")[:4], "big")
        self.addresses[source] = priority
        nominates = stun.USE_CANDIDATE in message.attributes
        # With aggressive nomination every check nominates and the highest priority wins; with regular nomination there is one.
        if self.selected is None or (nominates and priority >= self._nominated):
            self.selected = source
        if nominates:
            self._nominated = max(self._nominated, priority)
        if len(self.addresses) <= MOST_ADDRESSES:
            return None
        oldest = next(address for address in self.addresses if address not in (self.selected, source))
        del self.addresses[oldest]
        return oldest
