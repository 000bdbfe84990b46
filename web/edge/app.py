"""The edge's RSGI application: one look in a dictionary for almost every request, the long way for the rest."""

import asyncio
from collections.abc import Coroutine
from typing import NamedTuple

import structlog

from storage.bus.messages import ChannelInfo
from storage.model.errors import BadInput, ErrorCode, FanlightError, NotFound, Refused, Unavailable
from web.edge import answers
from web.edge.answering import Answering, Stream, Wait
from web.edge.answers import Answer, CacheRules, Playlist, problem
from web.edge.doors import shown_token
from web.edge.edge import Edge
from web.edge.follower import Follower
from web.edge.gate import Held, Left
from web.edge.manner import Manner, accepts_gzip, manner
from web.edge.metrics import Counters, expose
from web.edge.private import PrivateExchange
from web.edge.routes import (
    ChannelRequest,
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


class Visit(Held[Answer | Playlist]):
    """A request for a playlist or part that may have to wait, and all that is kept of it while it does."""

    __slots__ = ("_application", "deadline", "exchange", "how", "request")

    def __init__(self, application: "Application", request: MediaRequest | PartRequest, how: Manner, exchange: Exchange) -> None:
        self._application = application
        self.request = request
        self.how = how
        self.exchange = exchange
        self.deadline = 0.0

    def answer(self, outcome: Answer | Playlist | Left) -> None:
        """See :class:`Held`."""
        self._application.resume(self, outcome)


class Knock(NamedTuple):
    """A request before its channel's door. ``client`` is whom to count, if anybody."""

    request: ChannelRequest
    how: Manner
    exchange: Exchange
    client: int | None
    token: str | None


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
        self._working: set[asyncio.Task[None]] = set()

    def metrics(self) -> bytes:
        """What this process counts."""
        return expose(self._edge, self.counters)

    def at_once(self, scope: Scope, exchange: Exchange) -> bool:
        """Answer a request if one look is enough, as it is for almost all. Called in Granian's own thread, one at a time.

        Beside the event loop's thread, that is: what is touched here is touched by single operations on dictionaries and sets,
        and counted in counters of its own.
        """
        entry = self._hot.get(scope.path)
        if entry is None or scope.method != "GET":
            return False
        headers = scope.headers
        if isinstance(entry, Answer):
            if "range" in headers:
                return False
            self.counters.media += 1
            exchange.response_bytes(200, entry.headers, entry.body)
            return True
        known = entry.known.get(scope.query_string)
        if known is None:
            return False
        self.counters.playlists += 1
        entry.audience.saw(viewer(headers, scope))
        answer = known.gzipped if accepts_gzip(headers.get("accept-encoding")) else known.plain
        exchange.response_bytes(200, answer.headers, answer.body)
        return True

    def begin(self, scope: Scope, exchange: Exchange) -> None:
        """Answer, hold or start to work on a request that :meth:`at_once` did not answer. Called in the event loop."""
        self.counters.slow += 1
        headers = scope.headers
        how = manner(scope, headers)
        try:
            if scope.method == "OPTIONS":
                exchange.response_empty(204, answers.PREFLIGHT)
                return
            request = _parse(scope, how)
            client = viewer(headers, scope) if isinstance(request, MediaRequest) else None
            if isinstance(request, OperationsRequest):
                self._start(self._otherwise(request, how, exchange))
                return
            knock = Knock(request, how, exchange, client, shown_token(headers))
            about = self._edge.doors.known(request.channel)
            if about is None:
                self._start(self._when_known(knock))
            else:
                self._admit(knock, about)
        except Exception as error:
            self._refuse(how, exchange, error)

    async def _when_known(self, knock: Knock) -> None:
        try:
            self._admit(knock, await self._edge.doors.learn(knock.request.channel))
        except Exception as error:
            self._refuse(knock.how, knock.exchange, error)

    def _admit(self, knock: Knock, about: ChannelInfo | None) -> None:
        """Let a request through its channel's door."""
        request, how, exchange, client, token = knock
        try:
            if not self._edge.doors.admit(about, token):
                exchange = PrivateExchange(exchange)
        except Refused as refused:
            self._refuse(how, PrivateExchange(exchange), refused)
            return
        if isinstance(request, MediaRequest | PartRequest):
            self._visit(Visit(self, request, how, exchange), client)
        else:
            self._start(self._otherwise(request, how, exchange))

    def resume(self, visit: Visit, outcome: Answer | Playlist | Left) -> None:
        """A visit's wait is over."""
        try:
            if isinstance(outcome, Answer | Playlist):
                visit.how.finish(visit.exchange, outcome)
            elif outcome is Left.RETRY:
                # Later: whoever settles the gate may be in the middle of replacing what is to be looked at.
                self._start(self._visit_slowly(visit, None))
            elif outcome is Left.CLIENT_GONE:
                # RSGI wants an answer even where nobody is left to read it.
                visit.exchange.response_empty(499, [])
            else:
                late = Unavailable(ErrorCode.MEDIA_LATE, "What was asked for did not come in time.")
                self._refuse(visit.how, visit.exchange, late)
        except Exception as error:
            self._refuse(visit.how, visit.exchange, error)

    def _visit(self, visit: Visit, client: int | None) -> None:
        """A playlist or part: answered or held here and now if its channel is followed already."""
        follower = self._edge.following(visit.request.channel)
        if follower is None or self._look(visit, follower, client):
            self._start(self._visit_slowly(visit, client))

    async def _visit_slowly(self, visit: Visit, client: int | None) -> None:
        try:
            follower = await self._edge.follow(visit.request.channel)
            if self._look(visit, follower, client):
                visit.how.finish(visit.exchange, await self._answering.part_elsewhere(visit.request))
        except Exception as error:
            self._refuse(visit.how, visit.exchange, error)

    def _look(self, visit: Visit, follower: Follower, client: int | None) -> bool:
        """Answer or hold. If it is to be got from elsewhere, True."""
        request = visit.request
        if isinstance(request, PartRequest):
            found: Playlist | Answer | Wait | None = self._answering.part(follower, request)
        else:
            if client is not None:
                follower.audience.saw(client)
            found = self._answering.media(follower, request, visit.how.query)
        if found is None:
            return True
        if isinstance(found, Wait):
            visit.deadline = visit.deadline or self._edge.clock.monotonic() + found.patience
            found.gate.enter(found.key, visit, visit.exchange.client_disconnect, visit.deadline)
        else:
            visit.how.finish(visit.exchange, found)
        return False

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _otherwise(self, request: Request, how: Manner, exchange: Exchange) -> None:
        try:
            answer = await self._answer(request)
            if isinstance(answer, Stream):
                if not how.head and how.range is None:
                    await self._stream(exchange, answer)
                    return
                answer = Answer(200, answer.headers, await answer.load.whole())
            how.finish(exchange, answer)
        except Exception as error:
            self._refuse(how, exchange, error)

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

    def _refuse(self, how: Manner, exchange: Exchange, error: Exception) -> None:
        if not isinstance(error, FanlightError):
            log.error("edge.request_failed", exc_info=error)
            answer = problem(Unavailable(ErrorCode.INTERNAL, "This edge has a defect."), CacheRules.NEVER)
        elif error.code is ErrorCode.METHOD_NOT_ALLOWED:
            answer = problem(error, CacheRules.NEVER, ("allow", "GET, HEAD, OPTIONS"))
        else:
            answer = problem(error, self._rules.blocking_error if "_HLS_" in how.query else self._rules.plain_error)
        self.counters.errors[answer.status] = self.counters.errors.get(answer.status, 0) + 1
        how.respond(exchange, answer)


def _parse(scope: Scope, how: Manner) -> Request:
    if scope.method not in {"GET", "HEAD"}:
        raise BadInput(ErrorCode.METHOD_NOT_ALLOWED, "Only GET, HEAD and OPTIONS work here.")
    return parse(scope.path, how.query)


def viewer(headers: RequestHeaders, scope: Scope) -> int:
    """A cheap key of who asks: the address (a proxy's word for it, if there is one) and the player's name. Only ever counted."""
    return hash((headers.get("x-forwarded-for") or scope.client.rpartition(":")[0], headers.get("user-agent")))
