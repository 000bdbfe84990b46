"""What the studio asks about its session. Both answers are for who shows the stream key, the owner and moderators."""

from storage.access import Action
from storage.bus.messages import StatisticsCall, StatisticsReply
from storage.model.account import Actor
from storage.model.errors import ErrorCode, FanlightError, NotFound
from storage.model.ids import ChannelName, channel_name, node_of
from storage.opening import Storage
from web.api.route import BearerKey, Noun, Who
from web.api.views import latency_view
from web.directory import Directory
from web.schema.publishing import CurrentSession, SessionStatistics

CALL_SECONDS = 2.0

_ERRORS = (
    ErrorCode.CHANNEL_NAME_INVALID,
    ErrorCode.CHANNEL_NOT_FOUND,
    ErrorCode.NOT_ALLOWED,
    ErrorCode.SCOPE_REQUIRED,
    ErrorCode.SESSION_NOT_FOUND,
)

NOUN = Noun("publishing", "The session that publishes to a channel.")


class PublishingRoutes:
    """Health and id of the session that has a channel now."""

    def __init__(self, storage: Storage, directory: Directory) -> None:
        self._storage = storage
        self._directory = directory

    @NOUN.route("GET", "/channels/{name}/session/statistics", who=Who.KEY, errors=_ERRORS)
    async def statistics(self, name: str, key: BearerKey, actor: Actor) -> SessionStatistics:
        """How the session that publishes to a channel is doing."""
        channel = await self._channel(name, key, actor)
        info = self._directory.entry(channel).session
        if info is None:
            raise NotFound(ErrorCode.SESSION_NOT_FOUND, "Nobody publishes to this channel now.")
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

    @NOUN.route("GET", "/channels/{name}/session", who=Who.KEY, errors=_ERRORS)
    async def current(self, name: str, key: BearerKey, actor: Actor) -> CurrentSession:
        """The session that publishes to a channel."""
        session = self._directory.entry(await self._channel(name, key, actor)).session
        return CurrentSession(session=session.session if session else "")

    async def _channel(self, name: str, key: BearerKey, actor: Actor) -> ChannelName:
        if key:
            return (await self._storage.stream_keys.verify(channel_name(name), key)).channel.name
        return (await self._storage.access.require(actor, Action.STATISTICS, name)).channel.name
