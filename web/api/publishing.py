"""What the studio asks about its session. Both answers are the publisher's own and need the stream key."""

from storage.bus.messages import StatisticsCall, StatisticsReply
from storage.model.errors import ErrorCode, FanlightError, NotFound
from storage.model.ids import channel_name, node_of
from storage.opening import Storage
from web.api.route import BearerKey, Noun, Who
from web.api.views import latency_view
from web.directory import Directory
from web.schema.publishing import CurrentSession, SessionStatistics

CALL_SECONDS = 2.0

NOUN = Noun("publishing", "The session that publishes to a channel.")


class PublishingRoutes:
    """Health of a session by its id, and the id of the session that has a channel now."""

    def __init__(self, storage: Storage, directory: Directory) -> None:
        self._storage = storage
        self._directory = directory

    @NOUN.route(
        "GET",
        "/sessions/{session}/statistics",
        who=Who.KEY,
        errors=(ErrorCode.SESSION_NOT_FOUND,),
    )
    async def statistics(self, session: str, key: BearerKey) -> SessionStatistics:
        """How a publishing session is doing."""
        info = self._directory.session(session)
        if info is None:
            raise NotFound(ErrorCode.SESSION_NOT_FOUND, "There is no such session, or it is over.")
        await self._storage.stream_keys.verify(info.channel, key)
        reply = await self._storage.bus.call(node_of(info.session), StatisticsCall(session=info.session), deadline=CALL_SECONDS)
        if not isinstance(reply, StatisticsReply):
            raise FanlightError(ErrorCode.INTERNAL, "The ingest node gave an answer that does not fit.")
        entry = self._directory.entry(info.channel)
        return SessionStatistics(
            connected=reply.connected,
            bitrate=reply.bitrate,
            packets=reply.packets,
            lost=reply.lost,
            recovered=reply.recovered,
            frames=reply.frames,
            frames_given_up=reply.frames_given_up,
            keyframes=reply.keyframes,
            rtt_ms=round(reply.rtt * 1000, 1),
            width=reply.width,
            height=reply.height,
            frame_rate=reply.frame_rate,
            codec=reply.codec,
            nacks=reply.nacks,
            plis=reply.plis,
            viewers=entry.viewers,
            latency=latency_view(entry.latency),
        )

    @NOUN.route(
        "GET",
        "/channels/{name}/session",
        who=Who.KEY,
        errors=(ErrorCode.CHANNEL_NAME_INVALID,),
    )
    async def current(self, name: str, key: BearerKey) -> CurrentSession:
        """The session that publishes to a channel."""
        channel = channel_name(name)
        await self._storage.stream_keys.verify(channel, key)
        session = self._directory.entry(channel).session
        return CurrentSession(session=session.session if session else "")
