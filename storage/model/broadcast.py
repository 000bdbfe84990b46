"""A broadcast's states and its legal transitions, and the reasons why a publisher's session ends."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class BroadcastState(StrEnum):
    """What viewers are told of a broadcast."""

    STARTING = "starting"
    LIVE = "live"
    INTERRUPTED = "interrupted"
    ENDED = "ended"


TRANSITIONS: Mapping[BroadcastState, frozenset[BroadcastState]] = MappingProxyType(
    {
        # The first playable part is announced, or the publisher goes before one was.
        BroadcastState.STARTING: frozenset({BroadcastState.LIVE, BroadcastState.ENDED}),
        # Media silence for two seconds, or the publisher's session ended.
        BroadcastState.LIVE: frozenset({BroadcastState.INTERRUPTED, BroadcastState.ENDED}),
        # A publisher of the same channel is back, or the hold time is over.
        BroadcastState.INTERRUPTED: frozenset({BroadcastState.LIVE, BroadcastState.ENDED}),
        BroadcastState.ENDED: frozenset(),
    }
)


class IllegalTransition(Exception):
    """A state change the table does not know: a defect, never a user's fault."""

    def __init__(self, old: BroadcastState, new: BroadcastState) -> None:
        super().__init__(f"{old} -> {new}")
        self.old = old
        self.new = new


def advance(old: BroadcastState, new: BroadcastState) -> BroadcastState:
    """The new state, or :class:`IllegalTransition`."""
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(old, new)
    return new


class PublishEnd(StrEnum):
    """Why a publisher's session is over. None of these is a fault; a fault is an exception."""

    PUBLISHER_LEFT = "publisher_left"
    """DELETE: the broadcast ends at once. (An RTCP BYE or DTLS close is no such word: browsers say it when a page is reloaded.)"""
    SILENT = "silent"
    """No media for five seconds, or DTLS was closed: the broadcast is held for a publisher to come back."""
    REPLACED = "replaced"
    """Another session of the same channel took over."""
    CONNECT_TIMEOUT = "connect_timeout"
    """ICE and DTLS were not done ten seconds after the answer."""
    DTLS_FAILED = "dtls_failed"
    """The peer's certificate does not have the fingerprint its offer named, or it broke off the handshake."""
    REVOKED = "revoked"
    """What it was allowed by (a stream key, an account) is no longer good, or the owner or an operator stopped it."""
    DRAINED = "drained"
    """The node is going away; the publisher may reconnect elsewhere."""


ENDS_BROADCAST = frozenset({PublishEnd.PUBLISHER_LEFT, PublishEnd.REVOKED})
"""Endings after which nobody is expected back. All others hold the broadcast open for ``FANLIGHT_HOLD`` seconds."""
