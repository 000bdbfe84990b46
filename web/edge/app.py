"""The edge's RSGI application: one look in a dictionary for almost every request, the long way for the rest."""

from collections.abc import Awaitable, Generator, Iterator
from functools import lru_cache
from typing import cast

import structlog

from storage.model.errors import BadInput, ErrorCode, FanlightError, NotFound, Unavailable
from web.edge import answers
from web.edge.answering import Answering, Stream, Wait
from web.edge.answers import Answer, CacheRules, Playlist, problem
from web.edge.edge import Edge
from web.edge.follower import Follower
from web.edge.gate import Left
from web.edge.metrics import Counters, expose
from web.edge.ranges import ranged
from web.edge.routes import (
    InitRequest,
    MediaRequest,
    MultivariantRequest,
    OperationsRequest,
    PartRequest,
    PosterRequest,
    Request,
    SegmentRequest,
    parse,
)
from web.edge.rsgi import Exchange, RequestHeaders, Scope
from web.edge.siblings import Siblings

log = structlog.get_logger()


class _Done:
    """An awaitable for what is done already, shared by all."""

    def __await__(self) -> Generator[None, None, None]:
        return cast("Generator[None, None, None]", _NOTHING)


_NOTHING: Iterator[None] = iter(())
DONE = _Done()


class Application:
    """Serves one edge. ``target_duration``, in seconds, is for how long errors may be cached: they may have no broadcast to ask.

    ``siblings`` are the other workers of its port, if there are any.
    """

    def __init__(self, edge: Edge, *, target_duration: int, siblings: Siblings | None = None) -> None:
        self.counters = Counters()
        self._siblings = siblings
        self._edge = edge
        self._hot = edge.hot
        self._answering = Answering(edge)
        self._rules = CacheRules(target_duration)

    def metrics(self) -> bytes:
        """What this process counts."""
        return expose(self._edge, self.counters)

    def __rsgi__(self, scope: Scope, exchange: Exchange) -> Awaitable[None]:
        """Answer a request (RSGI 1.x). Most are answered when this returns; only the others get a coroutine."""
        entry = self._hot.get(scope.path)
        if entry is not None and scope.method == "GET":
            headers = scope.headers
            if isinstance(entry, Answer):
                if "range" not in headers:
                    self.counters.media += 1
                    exchange.response_bytes(200, entry.headers, entry.body)
                    return DONE
            else:
                known = entry.known.get(scope.query_string)
                if known is not None:
                    self.counters.playlists += 1
                    entry.audience.saw(viewer(headers, scope))
                    answer = known.gzipped if accepts_gzip(headers.get("accept-encoding")) else known.plain
                    exchange.response_bytes(200, answer.headers, answer.body)
                    return DONE
        self.counters.slow += 1
        return self._slowly(scope, exchange)

    def _slowly(self, scope: Scope, exchange: Exchange) -> Awaitable[None]:
        try:
            if scope.method == "OPTIONS":
                exchange.response_empty(204, answers.PREFLIGHT)
                return DONE
            request = _parse(scope)
        except FanlightError as error:
            self._refuse(scope, exchange, error)
            return DONE
        if isinstance(request, MediaRequest | PartRequest):
            return self._when_there(request, scope, exchange)
        return self._otherwise(request, scope, exchange)

    async def _when_there(self, request: MediaRequest | PartRequest, scope: Scope, exchange: Exchange) -> None:
        """A playlist or part, waited for if need be. Thousands of these wait at the same time: there is as little in here as can be."""
        deadline = 0.0
        try:
            while True:
                follower = self._edge.following(request.channel) or await self._edge.follow(request.channel)
                found = self._look(follower, request, scope)
                if not isinstance(found, Wait):
                    break
                deadline = deadline or self._edge.clock.monotonic() + found.patience
                client = exchange.client_disconnect()
                future = found.gate.enter(found.key, client, deadline)
                try:
                    outcome = await future
                finally:
                    found.gate.leave(found.key, client, deadline, future)
                if isinstance(outcome, Answer | Playlist):
                    found = outcome
                    break
                if _is_over(outcome):
                    # RSGI wants an answer even where nobody is left to read it.
                    exchange.response_empty(499, [])
                    return
            _finish(scope, exchange, found or await self._answering.part_elsewhere(request))
        except Exception as error:
            self._refuse(scope, exchange, error)

    def _look(self, follower: Follower, request: MediaRequest | PartRequest, scope: Scope) -> Playlist | Answer | Wait | None:
        if isinstance(request, PartRequest):
            return self._answering.part(follower, request)
        follower.audience.saw(viewer(scope.headers, scope))
        return self._answering.media(follower, request, scope.query_string)

    async def _otherwise(self, request: Request, scope: Scope, exchange: Exchange) -> None:
        try:
            answer = await self._answer(request)
            if isinstance(answer, Stream):
                if scope.method == "GET" and "range" not in scope.headers:
                    await self._stream(exchange, answer)
                    return
                answer = Answer(200, answer.headers, await answer.load.whole())
            _finish(scope, exchange, answer)
        except Exception as error:
            self._refuse(scope, exchange, error)

    async def _answer(self, request: Request) -> Answer | Playlist | Stream:
        match request:
            case MultivariantRequest():
                return await self._answering.multivariant(request)
            case SegmentRequest():
                return await self._answering.segment(request)
            case InitRequest():
                return await self._answering.init(request)
            case PosterRequest():
                return await self._answering.poster(request)
            case OperationsRequest():
                return await self._operations(request)
            case _:
                raise NotFound(ErrorCode.NOT_FOUND, "There is nothing at this address.")

    @staticmethod
    async def _stream(exchange: Exchange, stream: Stream) -> None:
        transport = exchange.response_stream(200, [*stream.headers, ("content-length", str(stream.load.size))])
        try:
            async for chunk in stream.load.read():
                await transport.send_bytes(chunk)
        except (FanlightError, RuntimeError):
            # The head is out: all that is left is to break off, which a client tells by the length. Or the client did, and Granian says so.
            return

    async def _operations(self, request: OperationsRequest) -> Answer:
        text = [("content-type", "text/plain; charset=utf-8"), ("cache-control", CacheRules.NEVER)]
        if request is OperationsRequest.HEALTH:
            return Answer(200, text, b"ok\n")
        if request is OperationsRequest.METRICS:
            found = await self._siblings.everybody(self.metrics()) if self._siblings else self.metrics()
            return Answer(200, [("content-type", "text/plain; version=0.0.4"), text[1]], found)
        try:
            await self._edge.bus.ping()
        except Unavailable as error:
            return problem(error, CacheRules.NEVER)
        return Answer(200, text, b"ready\n")

    def _refuse(self, scope: Scope, exchange: Exchange, error: Exception) -> None:
        if not isinstance(error, FanlightError):
            log.error("edge.request_failed", path=scope.path, exc_info=error)
            answer = problem(Unavailable(ErrorCode.INTERNAL, "This edge has a defect."), CacheRules.NEVER)
        elif error.code is ErrorCode.METHOD_NOT_ALLOWED:
            answer = problem(error, CacheRules.NEVER, ("allow", "GET, HEAD, OPTIONS"))
        else:
            answer = problem(error, self._rules.blocking_error if "_HLS_" in scope.query_string else self._rules.plain_error)
        self.counters.errors[answer.status] = self.counters.errors.get(answer.status, 0) + 1
        _respond(scope, exchange, answer)


def _finish(scope: Scope, exchange: Exchange, answer: Answer | Playlist) -> None:
    if isinstance(answer, Playlist):
        answer = answer.gzipped if accepts_gzip(scope.headers.get("accept-encoding")) else answer.plain
    elif ("accept-ranges", "bytes") in answer.headers:
        answer = ranged(answer, scope.headers.get("range"))
    _respond(scope, exchange, answer)


def _is_over(outcome: Left) -> bool:
    """Whether nobody is left to answer; if it is to be tried again, False. Raises ``Unavailable(MEDIA_LATE)``."""
    if outcome is Left.LATE:
        raise Unavailable(ErrorCode.MEDIA_LATE, "What was asked for did not come in time.")
    return outcome is Left.CLIENT_GONE


def _parse(scope: Scope) -> Request:
    if scope.method not in {"GET", "HEAD"}:
        raise BadInput(ErrorCode.METHOD_NOT_ALLOWED, "Only GET, HEAD and OPTIONS work here.")
    return parse(scope.path, scope.query_string)


def _respond(scope: Scope, exchange: Exchange, answer: Answer) -> None:
    if scope.method == "HEAD":
        exchange.response_empty(answer.status, [*answer.headers, ("content-length", str(len(answer.body)))])
    else:
        exchange.response_bytes(answer.status, answer.headers, answer.body)


def viewer(headers: RequestHeaders, scope: Scope) -> int:
    """A cheap key of who asks: the address (a proxy's word for it, if there is one) and the player's name. Only ever counted."""
    return hash((headers.get("x-forwarded-for") or scope.client.rpartition(":")[0], headers.get("user-agent")))


@lru_cache(maxsize=256)
def accepts_gzip(header: str | None) -> bool:
    """Whether an ``Accept-Encoding`` header allows gzip (RFC 9110 section 12.5.3)."""
    weights = {}
    for item in (header or "").lower().split(","):
        coding, _, parameters = item.partition(";")
        weight = parameters.replace(" ", "").removeprefix("q=") or "1"
        weights[coding.strip()] = weight.rstrip("0").rstrip(".") not in {"0", ""}
    return weights.get("gzip", weights.get("*", False))
