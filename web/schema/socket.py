"""What opens a realtime socket."""

import msgspec


class SocketTicket(msgspec.Struct, frozen=True, kw_only=True):
    """``ticket`` goes into the socket's ``hello`` within 30 seconds, once; empty for a stranger. ``url`` is where the socket is."""

    ticket: str
    url: str
