"""What the studio asks about its session. Both answers are the publisher's own and need the stream key."""

from quart import Blueprint, Response, request

from storage.bus.messages import StatisticsCall, StatisticsReply
from storage.model.errors import ErrorCode, FanlightError, NotFound, Refused
from storage.model.ids import channel_name, node_of
from storage.opening import Storage
from web.api.replies import json
from web.api.views import latency_view
from web.directory import Directory
from web.schema import CurrentSession, SessionStatistics

CALL_SECONDS = 2.0


def bearer(header: str | None) -> str:
    """The token of an ``Authorization: Bearer`` header (RFC 6750 section 2.1).

    Raises:
        Refused: ``KEY_MISSING``.
    """
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(ErrorCode.KEY_MISSING, "This needs the channel's stream key, as 'Authorization: Bearer KEY'.")
    return token.strip()


def sessions_blueprint(storage: Storage, directory: Directory) -> Blueprint:
    """Health of a session by its id, and the id of the session that has a channel now."""
    blueprint = Blueprint("sessions", __name__)

    @blueprint.get("/sessions/<session>/statistics")
    async def statistics(session: str) -> Response:
        key = bearer(request.headers.get("Authorization"))
        info = directory.session(session)
        if info is None:
            raise NotFound(ErrorCode.SESSION_NOT_FOUND, "There is no such session, or it is over.")
        await storage.channels.verify_key(info.channel, key)
        reply = await storage.bus.call(node_of(info.session), StatisticsCall(session=info.session), deadline=CALL_SECONDS)
        if not isinstance(reply, StatisticsReply):
            raise FanlightError(ErrorCode.INTERNAL, "The ingest node gave an answer that does not fit.")
        entry = directory.entry(info.channel)
        return json(
            SessionStatistics(
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
        )

    @blueprint.get("/channels/<name>/session")
    async def session_of(name: str) -> Response:
        channel = channel_name(name)
        await storage.channels.verify_key(channel, bearer(request.headers.get("Authorization")))
        session = directory.entry(channel).session
        return json(CurrentSession(session=session.session if session else ""))

    return blueprint
