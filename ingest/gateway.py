"""A web process's way to the ingest nodes: choose one for a new session, find the one an old session lives on."""

from contextlib import suppress
from typing import TypeVar

from storage.bus.messages import (
    Call,
    EndCall,
    EndReply,
    NodeInfo,
    PublishCall,
    PublishReply,
    Reply,
    StatisticsCall,
    StopInfo,
    TrickleCall,
    TrickleReply,
)
from storage.bus.redis import Bus
from storage.bus.topics import node_key, stopped_key
from storage.clock import Clock
from storage.model.errors import ErrorCode, FanlightError, NotFound, Refused, Unavailable
from storage.model.ids import ChannelName, NodeId, SessionId, node_of

CALL_DEADLINE = 2.0
PUBLISH_DEADLINE = 3.5
"""Seconds until a session must be open. The studio gives up a POST after 4 s, OBS after 8 s."""
NODE_WAIT = 2.0
"""Seconds a POST waits for an ingest node to come up, or to come back."""
_LOOK_EVERY = 0.1
_SHORTEST_CALL = 0.5
_NODES = node_key(NodeId(""))

T = TypeVar("T")


class Gateway:
    """Hands WHIP requests to ingest nodes over the bus."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock

    async def stop(self, channel: ChannelName, session: SessionId | None, *, seconds: int) -> None:
        """End a channel's session, and let nobody publish to it for so many seconds.

        Raises:
            Unavailable: ``BUS_UNAVAILABLE``.
        """
        if seconds:
            until_ms = self._clock.unix_ns() // 1_000_000 + seconds * 1000
            await self._bus.register(stopped_key(channel), StopInfo(channel=channel, until_ms=until_ms), ttl=seconds)
        if session is not None:
            # It may have ended by itself meanwhile.
            with suppress(NotFound):
                await self.end(channel, session)

    async def publish(self, channel: ChannelName, offer: str, key_digest: bytes, *, by: str = "") -> PublishReply:
        """Open a session on the least loaded node; a node that is full or gone is passed over, one that is about to come waited for.

        Raises:
            BadInput: ``BAD_SDP``, ``UNSUPPORTED_CODEC``.
            Refused: ``PUBLISHING_STOPPED``.
            Unavailable: ``NO_INGEST_NODE``, ``INGEST_FULL``, ``BUS_UNAVAILABLE``.
        """
        stopped = await self._bus.read(stopped_key(channel), StopInfo)
        if stopped is not None:
            seconds = max(1, round(stopped.until_ms / 1000 - self._clock.unix_ns() / 1_000_000_000))
            raise Refused(ErrorCode.PUBLISHING_STOPPED, f"An operator stopped this broadcast; try again in {seconds} s.", seconds=seconds)
        began = self._clock.monotonic()
        call = PublishCall(channel=channel, offer=offer, key_digest=key_digest, by=by)
        tried: set[NodeId] = set()
        failure = Unavailable(ErrorCode.NO_INGEST_NODE, "No ingest node is up.", retry_after=2.0)
        while True:
            nodes = await self._nodes()
            free = [node for node in nodes if node.sessions < node.capacity and node.node not in tried]
            left = PUBLISH_DEADLINE - (self._clock.monotonic() - began)
            if free and left >= _SHORTEST_CALL:
                node = min(free, key=lambda node: node.sessions / node.capacity).node
                tried.add(node)
                try:
                    return _expected(await self._bus.call(node, call, deadline=min(CALL_DEADLINE, left)), PublishReply)
                except Unavailable as error:
                    failure = error
                continue
            if all(node.sessions >= node.capacity for node in nodes) and nodes:
                raise Unavailable(ErrorCode.INGEST_FULL, "Every ingest node has all the sessions it can take.", retry_after=5.0)
            if left <= PUBLISH_DEADLINE - NODE_WAIT or failure.code is ErrorCode.INGEST_FULL:
                raise failure
            await self._clock.sleep(_LOOK_EVERY)

    async def _nodes(self) -> list[NodeInfo]:
        """Those that take sessions; one without room for any has not opened its port yet."""
        found = await self._bus.read_all(_NODES, NodeInfo)
        return [node for node in found if "ingest" in node.roles and not node.draining and node.capacity]

    async def trickle(self, channel: ChannelName, session: SessionId, fragment: str, if_match: str | None) -> TrickleReply:
        """Hand a fragment to its session.

        Raises:
            NotFound: ``SESSION_NOT_FOUND``.
            BadInput: ``BAD_SDP``, ``PRECONDITION_REQUIRED``.
            Conflict: ``PRECONDITION_FAILED``.
            Unavailable: ``BUS_UNAVAILABLE``.
        """
        node = await self._home(session)
        return _expected(
            await self._call(node, TrickleCall(session=session, channel=channel, fragment=fragment, if_match=if_match)), TrickleReply
        )

    async def end(self, channel: ChannelName, session: SessionId) -> None:
        """End a session.

        Raises:
            NotFound: ``SESSION_NOT_FOUND``.
            Unavailable: ``BUS_UNAVAILABLE``.
        """
        _expected(await self._call(await self._home(session), EndCall(session=session, channel=channel)), EndReply)

    async def find(self, session: SessionId) -> None:
        """See whether there is such a session.

        Raises:
            NotFound: ``SESSION_NOT_FOUND``.
            Unavailable: ``BUS_UNAVAILABLE``.
        """
        await self._call(await self._home(session), StatisticsCall(session=session))

    async def _home(self, session: SessionId) -> NodeId:
        node = node_of(session)
        if not node or len(session) > 128 or await self._bus.read(node_key(node), NodeInfo) is None:
            raise NotFound(ErrorCode.SESSION_NOT_FOUND, "There is no such session, or it is over.")
        return node

    async def _call(self, node: NodeId, question: Call) -> Reply:
        return await self._bus.call(node, question, deadline=CALL_DEADLINE)


def _expected(reply: Reply, kind: type[T]) -> T:
    if not isinstance(reply, kind):
        raise FanlightError(ErrorCode.INTERNAL, "The ingest node gave an answer that does not fit.")
    return reply
