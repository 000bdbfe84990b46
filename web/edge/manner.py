"""How a request wants its answer, apart from what it asks for: all that is kept of one while it is held."""

from dataclasses import dataclass
from functools import lru_cache

from web.edge.answers import Answer, Playlist
from web.edge.ranges import ranged
from web.edge.routes import LONGEST_QUERY
from web.edge.rsgi import Exchange, RequestHeaders, Scope


@dataclass(frozen=True, slots=True)
class Manner:
    """The answer's head only, compressed, a range of it; and the query as it came."""

    head: bool
    gzip: bool
    range: str | None
    query: str

    def finish(self, exchange: Exchange, answer: Answer | Playlist) -> None:
        """Answer with what was asked for."""
        if isinstance(answer, Playlist):
            answer = answer.gzipped if self.gzip else answer.plain
        elif self.range is not None and ("accept-ranges", "bytes") in answer.headers:
            answer = ranged(answer, self.range)
        self.respond(exchange, answer)

    def respond(self, exchange: Exchange, answer: Answer) -> None:
        """Answer with exactly this."""
        if self.head:
            exchange.response_empty(answer.status, [*answer.headers, ("content-length", str(len(answer.body)))])
        else:
            exchange.response_bytes(answer.status, answer.headers, answer.body)


def manner(scope: Scope, headers: RequestHeaders) -> Manner:
    """How this request wants its answer. Usual ones are shared: viewers ask for the same in the same way."""
    query, wanted = scope.query_string, headers.get("range")
    head, gzip = scope.method == "HEAD", accepts_gzip(headers.get("accept-encoding"))
    return _shared(head, gzip, query) if wanted is None and len(query) <= LONGEST_QUERY else Manner(head, gzip, wanted, query)


@lru_cache(maxsize=512)
def _shared(head: bool, gzip: bool, query: str) -> Manner:
    return Manner(head, gzip, None, query)


@lru_cache(maxsize=256)
def accepts_gzip(header: str | None) -> bool:
    """Whether an ``Accept-Encoding`` header allows gzip (RFC 9110 section 12.5.3)."""
    weights = {}
    for item in (header or "").lower().split(","):
        coding, _, parameters = item.partition(";")
        weight = parameters.replace(" ", "").removeprefix("q=") or "1"
        weights[coding.strip()] = weight.rstrip("0").rstrip(".") not in {"0", ""}
    return weights.get("gzip", weights.get("*", False))
