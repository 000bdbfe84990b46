"""The server's clock. Times are Unix milliseconds."""

import msgspec


class ServerTime(msgspec.Struct, frozen=True, kw_only=True):
    """The server's clock, for a page that wants to know how far its own is off."""

    unix_ms: int
