"""What we use of RSGI, typed: Granian's own annotations leave out that a disconnect is a future with callbacks."""

from typing import Protocol

from web.edge.gate import Departure


class RequestHeaders(Protocol):
    """Request headers by their lower-case name."""

    def __contains__(self, name: str, /) -> bool: ...

    def get(self, name: str, default: None = None, /) -> str | None:
        """A header's value."""


class Scope(Protocol):
    """A request. Every attribute is made anew when it is read."""

    @property
    def path(self) -> str:
        """Path, percent-decoding left to us."""

    @property
    def query_string(self) -> str:
        """What follows the question mark."""

    @property
    def method(self) -> str:
        """GET, HEAD, ..."""

    @property
    def client(self) -> str:
        """Address and port."""

    @property
    def headers(self) -> RequestHeaders:
        """Request headers."""


class Transport(Protocol):
    """A response's body on its way."""

    async def send_bytes(self, data: bytes) -> None:
        """Send a piece; returns when there is room for the next."""


class Exchange(Protocol):
    """Granian's side of a request: exactly one ``response_`` is called."""

    def client_disconnect(self) -> Departure:
        """A future that is done when the client goes before it was answered."""

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Answer without a body."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer whole."""

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Transport:
        """Answer in pieces."""


class Call(Protocol):
    """What Granian calls with: a request and its exchange, and a way to say that answering it failed."""

    @property
    def scope(self) -> Scope:
        """The request."""

    @property
    def proto(self) -> Exchange:
        """Where it is answered; lives for as long as somebody holds it, and answers 500 if nobody did."""

    def err(self, error: BaseException, /) -> None:
        """Answer 500 and log."""
