"""A web process's way to the ingest nodes: choose one for a new session, find the one an old session lives on."""

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
    TrickleCall,
    TrickleReply,
)
from storage.bus.redis import Bus
from storage.bus.topics import node_key
from storage.model.errors import ErrorCode, FanlightError, NotFound, Unavailable
from storage.model.ids import ChannelName, NodeId, SessionId, node_of

CALL_DEADLINE = 2.0
"""Seconds. OBS gives up a POST after 8 s."""
_MOST_NODES_TRIED = 3
_NODES = node_key(NodeId(""))

T = TypeVar("T")


class Gateway:
    """Hands WHIP requests to ingest nodes over the bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def publish(self, channel: ChannelName, offer: str, key_digest: bytes) -> PublishReply:
        """Open a session on the least loaded node; a node that is full or gone is passed over.

        Raises:
            BadInput: ``BAD_SDP``, ``UNSUPPORTED_CODEC``.
            Unavailable: ``NO_INGEST_NODE``, ``INGEST_FULL``, ``BUS_UNAVAILABLE``.
        """
        nodes = [node for node in await self._bus.read_all(_NODES, NodeInfo) if "ingest" in node.roles and not node.draining]
        if not nodes:
            raise Unavailable(ErrorCode.NO_INGEST_NODE, "No ingest node is up.", retry_after=2.0)
        free = sorted((node for node in nodes if node.sessions < node.capacity), key=lambda node: node.sessions / node.capacity)
        failure = Unavailable(ErrorCode.INGEST_FULL, "Every ingest node has all the sessions it can take.", retry_after=5.0)
        for node in free[:_MOST_NODES_TRIED]:
            try:
                reply = await self._call(node.node, PublishCall(channel=channel, offer=offer, key_digest=key_digest))
            except Unavailable as error:
                failure = error
            else:
                return _expected(reply, PublishReply)
        raise failure

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
