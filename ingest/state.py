"""The life of a publisher's session, judged from media, never from ICE. Pure: times are given."""

from dataclasses import dataclass
from enum import StrEnum

from storage.model.broadcast import PublishEnd

CONNECT_TIMEOUT = 10.0
"""Seconds from the answer to the end of the DTLS handshake."""
SILENT_AFTER = 2.0
"""Seconds without media until viewers are told."""
REAPED_AFTER = 5.0
"""Seconds without media until the session is over."""


class SessionState(StrEnum):
    """What a session is doing."""

    CONNECTING = "connecting"
    LIVE = "live"
    SILENT = "silent"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of a connected session at one moment.

    ``silent_for`` in seconds since its last media packet or since it connected; ``said_goodbye``: RTCP BYE for every track;
    ``closed``: the peer closed DTLS.
    """

    silent_for: float
    said_goodbye: bool = False
    closed: bool = False


def judge(seen: Observation) -> tuple[SessionState, PublishEnd | None]:
    """The state of a connected session and, when that is ``ENDED``, why.

    Neither an RTCP BYE nor a closed DTLS association says that the publisher means to end its broadcast: Firefox sends the
    one and Chromium the other when their page is reloaded. Only a DELETE does, and it may come after either: the reference client
    whip-whep closes its peer connection first. So the session stays to be found until it is reaped.
    """
    if seen.silent_for >= REAPED_AFTER:
        return SessionState.ENDED, PublishEnd.SILENT
    if seen.closed or seen.said_goodbye or seen.silent_for >= SILENT_AFTER:
        return SessionState.SILENT, None
    return SessionState.LIVE, None
