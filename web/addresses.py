"""Where a browser finds the delivery edge and the realtime socket, and nothing else."""

import re
from urllib.parse import urlsplit

from storage.model.ids import ChannelName
from storage.settings import Settings

# A Host header comes from outside and ends in a Content-Security-Policy: names, IPv4 and bracketed IPv6 only.
_HOST = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


class Addresses:
    """The edge's base address: ``FANLIGHT_EDGE_URL``, or this server's own name with the edge's port.

    The socket's: ``FANLIGHT_CHAT_URL``, or this server itself.
    """

    def __init__(self, settings: Settings) -> None:
        self._configured = settings.edge_url.rstrip("/")
        self._port = settings.edge_port
        self._chat = settings.chat_url.rstrip("/")
        self._public = settings.public_url
        self._scheme = "https" if settings.tls_certificate else "http"
        self._fallback = urlsplit(settings.public_url).hostname or settings.host

    def edge(self, host: str) -> str:
        """Scheme, name and port of the edge for a page that was asked for as ``host`` (the request's ``Host`` header)."""
        if self._configured:
            return self._configured
        match = _HOST.fullmatch(host)
        return f"{self._scheme}://{match['name'] if match else self._fallback}:{self._port}"

    def edge_origin(self, host: str) -> str:
        """The edge as an origin, for a Content-Security-Policy."""
        parts = urlsplit(self.edge(host))
        return f"{parts.scheme}://{parts.netloc}"

    def socket(self, host: str) -> str:
        """The realtime socket for a page that was asked for as ``host``."""
        return f"{self.socket_origin(host)}/ws"

    def socket_origin(self, host: str) -> str:
        """Scheme and name of the realtime socket's server, for a Content-Security-Policy."""
        if self._chat:
            return f"ws{self._chat.removeprefix('http')}"
        match = _HOST.fullmatch(host)
        secure = self._scheme == "https" or self._public.startswith("https://")
        return f"{'wss' if secure else 'ws'}://{match[0] if match else self._fallback}"

    def playlist(self, host: str, channel: ChannelName) -> str:
        """The multivariant playlist of a channel."""
        return f"{self.edge(host)}/hls/{channel}/index.m3u8"

    def poster(self, host: str, channel: ChannelName, version: str) -> str:
        """The newest still picture of a channel; ``version`` changes with it, so that a page reloads it."""
        return f"{self.edge(host)}/hls/{channel}/poster.jpg?v={version}"
