"""A publisher's session: from the answer to the end, and why it ended."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ingest import preconditions, state
from ingest.answer import AcceptedMedia, LocalEnd, write_restart
from ingest.fragment import parse_fragment
from ingest.peer import DtlsRefused, Peer, new_credentials
from ingest.port import MediaPort
from ingest.receiver import Reception
from ingest.state import Observation, SessionState
from storage.bus.messages import SessionInfo, StatisticsReply, TrackInfo, TrickleReply
from storage.clock import Clock
from storage.model.broadcast import PublishEnd
from storage.model.ids import ChannelName, NodeId, SessionId

POLL = 0.05
"""Seconds between two looks at the reception: feedback leaves and silence is noticed with this grain."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """What a session is known by. Of two sessions of a channel the one with the greater ``order`` wins, whenever it ``began``."""

    session: SessionId
    channel: ChannelName
    node: NodeId
    relay: str
    order: int
    began_ms: int
    by: str = ""


class Session:
    """One publisher. ``on_change`` is called whenever ``state`` changed; ``etag`` names the ICE generation."""

    def __init__(
        self,
        who: Identification,
        *,
        accepted: tuple[AcceptedMedia, ...],
        local: LocalEnd,
        peer: Peer,
        reception: Reception,
        port: MediaPort,
        clock: Clock,
        on_change: Callable[["Session"], None],
    ) -> None:
        self.who = who
        self.state = SessionState.CONNECTING
        self.etag = new_etag()
        self.peer = peer
        self.reception = reception
        self._accepted = accepted
        self._local = local
        self._port = port
        self._clock = clock
        self._on_change = on_change
        self._ended: asyncio.Future[PublishEnd] = asyncio.get_running_loop().create_future()

    async def run(self) -> PublishEnd:
        """Connect, receive until the end, leave nothing behind; return why it ended. The port has admitted the peer already.

        Raises:
            Exception: what the reception raised, which is a defect.
        """
        try:
            async with asyncio.TaskGroup() as group:
                life = group.create_task(self._live(), name=f"session {self.who.session}")
                reason = await self._ended
                life.cancel()
        finally:
            self._port.dismiss(self.peer)
            await self.peer.close()
            self._change(SessionState.ENDED)
        if self.peer.fault is not None:
            raise self.peer.fault
        return reason

    @property
    def over(self) -> bool:
        """Whether it ended or is about to."""
        return self._ended.done()

    def end(self, reason: PublishEnd) -> None:
        """End the session; the first reason counts."""
        if not self._ended.done():
            self._ended.set_result(reason)

    def trickle(self, text: str, if_match: str | None) -> TrickleReply:
        """Take a fragment: candidates, which an ICE-lite agent has no use for, or new credentials, which restart ICE.

        Raises:
            BadInput: ``BAD_SDP``, ``PRECONDITION_REQUIRED``.
            Conflict: ``PRECONDITION_FAILED``.
        """
        preconditions.check(if_match, self.etag)
        remote = parse_fragment(text)
        agent = self.peer.agent
        if remote is None or remote == agent.remote:
            return TrickleReply()
        local = new_credentials()
        if dropped := agent.restart(local, remote):
            self._port.retire(dropped)
        self._port.admit(self.peer)
        self.etag = new_etag()
        end = LocalEnd(
            credentials=local,
            fingerprint=self._local.fingerprint,
            addresses=self._local.addresses,
            port=self._local.port,
            origin=self._local.origin,
        )
        return TrickleReply(fragment=write_restart(end, self._accepted[0].media.mid), etag=self.etag)

    def info(self) -> SessionInfo:
        """The session as the bus knows it."""
        return SessionInfo(
            session=self.who.session,
            channel=self.who.channel,
            node=self.who.node,
            relay=self.who.relay,
            tracks=self.tracks,
            started_ms=self.who.began_ms,
            silent=self.state is SessionState.SILENT,
            by=self.who.by,
        )

    @property
    def tracks(self) -> tuple[TrackInfo, ...]:
        """The negotiated tracks."""
        negotiated = (one.track() for one in self._accepted)
        return tuple(TrackInfo(kind=track.kind, codec=track.codec, channels=track.channels) for track in negotiated)

    def statistics(self) -> StatisticsReply:
        """How it is doing."""
        seen = self.reception.statistics(self.peer.now_ns())
        return StatisticsReply(
            connected=self.peer.connected,
            bitrate=seen.bitrate,
            packets=seen.packets,
            lost=seen.lost,
            recovered=seen.recovered,
            frames=seen.frames,
            frames_given_up=seen.frames_given_up,
            keyframes=seen.keyframes,
            rtt=seen.rtt,
            width=seen.width,
            height=seen.height,
            frame_rate=seen.frame_rate,
            codec=seen.codec,
            nacks=seen.nacks,
            plis=seen.plis,
        )

    async def _live(self) -> None:
        try:
            async with asyncio.timeout(state.CONNECT_TIMEOUT):
                await self.peer.connect()
        except TimeoutError:
            _log.info(
                "session_not_connected", session=self.who.session, validated=bool(self.peer.agent.addresses), alert=self.peer.last_alert
            )
            self.end(PublishEnd.CONNECT_TIMEOUT)
            return
        except DtlsRefused as error:
            _log.warning("session_dtls_refused", session=self.who.session, reason=str(error))
            self.end(PublishEnd.DTLS_FAILED)
            return
        self._change(SessionState.LIVE)
        connected = self._clock.monotonic()
        self.reception.request_keyframe()
        while not self._ended.done():
            self._look(self._clock.monotonic() - connected)
            await self._clock.sleep(POLL)

    def _look(self, age: float) -> None:
        now = self.peer.now_ns()
        self.peer.refill(POLL)
        self.peer.report(now)
        silent_for = min(self.reception.silent_for(now), age)
        seen = Observation(silent_for=silent_for, said_goodbye=self.reception.said_goodbye, closed=self.peer.gone)
        found, reason = state.judge(seen)
        if reason is not None or self.peer.fault is not None:
            self.end(reason or PublishEnd.SILENT)
        else:
            self._change(found)

    def _change(self, found: SessionState) -> None:
        if found is not self.state:
            self.state = found
            self.peer.idle = found is not SessionState.LIVE
            self._on_change(self)


def new_etag() -> str:
    """A strong entity tag for an ICE generation."""
    return f'"{secrets.token_hex(8)}"'
