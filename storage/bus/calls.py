"""Questions to one node and their answers, over two lists: at most once, under a deadline, never more than a bounded number waiting."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from storage.bus.connection import Connection
from storage.bus.messages import Call, ErrorReply, Reply
from storage.bus.scripts import CALL
from storage.bus.topics import calls_key, reply_key
from storage.clock import Clock
from storage.model.errors import BadInput, Conflict, ErrorCode, FanlightError, NotFound, Refused, Unavailable
from storage.model.ids import NodeId

MOST_WAITING = 256
"""Calls a node may have in its list; more are refused at once."""

MOST_ANSWERING = 32
"""Calls a node works on at a time; more stay in its list."""

REPLY_LIFE_MS = 10_000

_POLL = 1.0
_KINDS: dict[str, type[FanlightError]] = {kind.__name__: kind for kind in (BadInput, Refused, NotFound, Conflict)}
_log = structlog.get_logger(__name__)


class _Request(msgspec.Struct, frozen=True, array_like=True):
    identifier: str
    call: Call


_encode = msgspec.msgpack.Encoder().encode
_decode_request = msgspec.msgpack.Decoder(_Request).decode
_reply_decoder: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


async def call(connection: Connection, node: NodeId, question: Call, *, deadline: float) -> Reply:
    """See :meth:`storage.bus.redis.Bus.call`."""
    identifier = secrets.token_hex(16)
    request = _encode(_Request(identifier, question))
    if not await connection.run(CALL, [calls_key(node)], [MOST_WAITING, round(deadline * 1000), request], tries=1):
        raise Unavailable(ErrorCode.BUS_UNAVAILABLE, "Too many requests wait for the node.")
    answer = await connection.wait(deadline, "BLPOP", reply_key(identifier), deadline)
    if not isinstance(answer, list) or not isinstance(answer[1], bytes):
        raise Unavailable(ErrorCode.BUS_UNAVAILABLE, "The node did not answer in time.")
    try:
        reply = _reply_decoder.decode(answer[1])
    except msgspec.MsgspecError as error:
        raise Unavailable(ErrorCode.BUS_UNAVAILABLE, "The node's answer could not be understood.") from error
    if isinstance(reply, ErrorReply):
        raise _error(reply)
    return reply


def _error(reply: ErrorReply) -> FanlightError:
    code = ErrorCode(reply.code) if reply.code in ErrorCode.__members__.values() else ErrorCode.INTERNAL
    kind = _KINDS.get(reply.kind)
    return kind(code, reply.detail) if kind else Unavailable(code, reply.detail)


class CallServer:
    """Takes calls from a node's list and hands them to ``answer``; runs until cancelled and outlives losses of the bus."""

    def __init__(self, connection: Connection, clock: Clock, node: NodeId, answer: Callable[[Call], Awaitable[Reply]]) -> None:
        self._connection = connection
        self._clock = clock
        self._key = calls_key(node)
        self._answer = answer
        self._slots = asyncio.Semaphore(MOST_ANSWERING)

    async def run(self) -> None:
        """Serve."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._slots.acquire()
                entry = None
                try:
                    entry = await self._next()
                finally:
                    if entry is None:
                        self._slots.release()
                if entry is not None:
                    tasks.create_task(self._serve(entry), name="bus-call")

    async def _next(self) -> bytes | None:
        try:
            popped = await self._connection.wait(_POLL, "BLPOP", self._key, _POLL)
        except Unavailable:
            await self._clock.sleep(0.1)
            return None
        if isinstance(popped, list) and isinstance(popped[1], bytes):
            return popped[1]
        return None

    async def _serve(self, entry: bytes) -> None:
        try:
            due, _, body = entry.partition(b" ")
            try:
                request = _decode_request(body)
                if await self._server_ms() > int(due):
                    return
            except (msgspec.MsgspecError, ValueError):
                _log.warning("call_not_understood", size=len(entry))
                return
            reply = await self._reply(request.call)
            key = reply_key(request.identifier)
            await self._connection.together(("RPUSH", key, _encode(reply)), ("PEXPIRE", key, REPLY_LIFE_MS))
        except Unavailable as error:
            _log.warning("call_not_answered", reason=error.detail)
        finally:
            self._slots.release()

    async def _reply(self, question: Call) -> Reply:
        try:
            return await self._answer(question)
        except FanlightError as error:
            return ErrorReply(kind=type(error).__name__, code=error.code, detail=error.detail)
        except Exception:
            _log.exception("call_failed", call=type(question).__name__)
            return ErrorReply(kind="FanlightError", code=ErrorCode.INTERNAL, detail="The node failed while it answered.")

    async def _server_ms(self) -> int:
        now = await self._connection.command("TIME")
        assert isinstance(now, list)
        seconds, micros = now
        assert isinstance(seconds, bytes)
        assert isinstance(micros, bytes)
        return int(seconds) * 1000 + int(micros) // 1000
