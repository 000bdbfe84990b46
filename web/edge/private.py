"""Answers of closed channels: for who asked only, and kept by nobody."""

from web.edge.answers import Headers
from web.edge.gate import Departure
from web.edge.rsgi import Exchange, Transport

PRIVATE = "private, no-store"


class PrivateExchange:
    """An exchange that lets no cache keep what is answered."""

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def client_disconnect(self) -> Departure:
        """See :class:`Exchange`."""
        return self._exchange.client_disconnect()

    def response_empty(self, status: int, headers: Headers) -> None:
        """See :class:`Exchange`."""
        self._exchange.response_empty(status, _privately(headers))

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None:
        """See :class:`Exchange`."""
        self._exchange.response_bytes(status, _privately(headers), body)

    def response_stream(self, status: int, headers: Headers) -> Transport:
        """See :class:`Exchange`."""
        return self._exchange.response_stream(status, _privately(headers))


def _privately(headers: Headers) -> Headers:
    return [*((name, value) for name, value in headers if name != "cache-control"), ("cache-control", PRIVATE)]
