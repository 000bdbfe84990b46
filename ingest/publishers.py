"""The publishing sessions of one ingest node: opened from offers, found by id, one live per channel."""

import asyncio
import dataclasses
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

import structlog

from ingest.answer import LocalEnd, accept, local_role, write_answer
from ingest.ice import IceAgent
from ingest.peer import Identity, Peer, PeerCounters, new_credentials
from ingest.port import MediaPort
from ingest.receiver import Reception
from ingest.sdp import parse_offer
from ingest.session import Identification, Session
from ingest.settling import Settling
from ingest.state import SessionState
from ingest.track import NegotiatedTrack
from storage.bus.messages import PublishReply
from storage.clock import Clock
from storage.model.broadcast import PublishEnd
from storage.model.errors import ErrorCode, NotFound, Unavailable
from storage.model.ids import ChannelName, NodeId, SessionId, new_session_id
from storage.model.media import AccessUnit
from storage.node import Tasks

MOST_CONNECTING = 4
"""Sessions of one channel that may wait for their publisher; with one more the oldest ends."""

_log = structlog.get_logger(__name__)


class Sink(Protocol):
    """Where a session's media goes: its feed. ``dropped`` counts the units its readers missed."""

    dropped: int

    def append(self, unit: AccessUnit) -> None:
        """Take a unit."""

    def silence(self, silent: bool) -> None:
        """The publisher went quiet, or is back."""

    def end(self, reason: PublishEnd) -> None:
        """No more units will come."""


class Publishers:
    """Owner of the sessions. ``on_change`` hears of every channel whose live session changed.

    ``announce`` gives the addresses publishers are told to send to. ``open_sink`` makes the feed of a session when its offer
    is accepted; the publishers end it.
    """

    def __init__(
        self,
        tasks: Tasks,
        port: MediaPort,
        identity: Identity,
        clock: Clock,
        node: NodeId,
        *,
        announce: Callable[[], tuple[str, ...]],
        relay: str,
        capacity: int,
        open_sink: Callable[[SessionId, tuple[NegotiatedTrack, ...], Callable[[], None]], Sink],
        on_change: Callable[[Session], None],
    ) -> None:
        self.draining = False
        self.ends: Counter[PublishEnd] = Counter()
        self._tasks = tasks
        self._port = port
        self._identity = identity
        self._clock = clock
        self._node = node
        self._announce = announce
        self.relay = relay
        self._capacity = capacity
        self._open_sink = open_sink
        self._on_change = on_change
        self._sessions: dict[SessionId, Session] = {}
        self._sinks: dict[SessionId, Sink] = {}
        self._live: dict[ChannelName, Session] = {}
        self._rejected = PeerCounters()
        self._dropped = 0
        self._received: Counter[str] = Counter()
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def live(self) -> Iterable[Session]:
        """The session of every channel that has a connected one here."""
        return tuple(self._live.values())

    def open(self, channel: ChannelName, offer_text: str, *, order: int, by: str = "") -> PublishReply:
        """Open a session. ``order`` is the bus's token for it: of a channel's sessions on all nodes the one with the greatest wins.

        Raises:
            BadInput: ``BAD_SDP``, ``UNSUPPORTED_CODEC``.
            Unavailable: ``INGEST_FULL``.
        """
        if self.draining or len(self._sessions) >= self._capacity:
            raise Unavailable(ErrorCode.INGEST_FULL, "This ingest node takes no more sessions.", retry_after=5.0)
        offer = parse_offer(offer_text)
        accepted = accept(offer)
        tracks = tuple(one.track() for one in accepted)
        self._make_room(channel)
        identifier = new_session_id(self._node)
        began = self._clock.unix_ns() // 1_000_000
        who = Identification(session=identifier, channel=channel, node=self._node, relay=self.relay, order=order, began_ms=began, by=by)
        local = LocalEnd(
            credentials=new_credentials(),
            fingerprint=self._identity.fingerprint,
            addresses=self._announce(),
            port=self._port.number,
            origin=secrets.randbits(62),
        )
        session: Session

        def want_keyframe() -> None:
            session.reception.request_keyframe()

        sink = self._open_sink(identifier, tracks, want_keyframe)
        reception = Reception(tracks, ssrc=secrets.randbits(32), deliver=sink.append, settling=Settling())
        role = "client" if local_role(offer) == "active" else "server"
        agent = IceAgent(local.credentials, offer.credentials)
        peer = Peer(self._identity, agent, reception, self._port, self._clock, role=role, fingerprints=offer.fingerprints)
        session = Session(
            who,
            accepted=accepted,
            local=local,
            peer=peer,
            reception=reception,
            port=self._port,
            clock=self._clock,
            on_change=self._changed,
        )
        # FFmpeg sends a single check, and its datagram can overtake the task started here in the event loop.
        self._port.admit(peer)
        self._sessions[identifier] = session
        self._sinks[identifier] = sink
        running = self._tasks.start(f"session {identifier}", self._run(session))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        _log.info("session_opened", session=identifier, channel=channel, codecs=[str(track.codec) for track in tracks])
        return PublishReply(session=identifier, answer=write_answer(offer, accepted, local), etag=session.etag)

    def rejected(self) -> PeerCounters:
        """What was rejected since the start."""
        total = dataclasses.replace(self._rejected)
        for session in self._sessions.values():
            total.add(session.peer.counters)
        return total

    def dropped(self) -> int:
        """Units that readers of feeds missed since the start."""
        return self._dropped + sum(sink.dropped for sink in self._sinks.values())

    def received(self) -> Counter[str]:
        """What came and what became of it, since the start (:meth:`ingest.track.ReceptionStatistics.counters`)."""
        total = Counter(self._received)
        for session in self._sessions.values():
            total.update(session.reception.statistics(self._clock.unix_ns()).counters())
        return total

    def find(self, channel: ChannelName | None, session: SessionId) -> Session:
        """A session of a channel, or of any channel.

        Raises:
            NotFound: ``SESSION_NOT_FOUND``.
        """
        found = self._sessions.get(session)
        if found is None or found.over or channel not in (None, found.who.channel):
            raise NotFound(ErrorCode.SESSION_NOT_FOUND, "There is no such session, or it is over.")
        return found

    def live_session(self, channel: ChannelName) -> Session | None:
        """The connected session of a channel, if it is here."""
        return self._live.get(channel)

    async def drain(self, within: float) -> None:
        """Take no more sessions, end those there are and wait for that, at most ``within`` seconds."""
        self.draining = True
        for session in self._sessions.values():
            session.end(PublishEnd.DRAINED)
        if self._running:
            await asyncio.wait(self._running, timeout=within)

    def _make_room(self, channel: ChannelName) -> None:
        waiting = [one for one in self._sessions.values() if one.who.channel == channel and one.state is SessionState.CONNECTING]
        for one in waiting[: max(0, len(waiting) - MOST_CONNECTING + 1)]:
            one.end(PublishEnd.REPLACED)

    def _changed(self, session: Session) -> None:
        sink = self._sinks[session.who.session]
        channel = session.who.channel
        current = self._live.get(channel)
        if session.state is SessionState.ENDED:
            if current is session:
                del self._live[channel]
        elif current is not session:
            if current is not None and current.who.order > session.who.order:
                session.end(PublishEnd.REPLACED)
                return
            if current is not None:
                current.end(PublishEnd.REPLACED)
            self._live[channel] = session
        sink.silence(session.state is SessionState.SILENT)
        self._on_change(session)

    async def _run(self, session: Session) -> None:
        who = session.who
        reason = PublishEnd.SILENT
        try:
            reason = await session.run()
            _log.info("session_ended", session=who.session, channel=who.channel, reason=str(reason))
        except Exception:
            # One publisher's packets found a defect: its session ends, the others go on.
            _log.exception("session_failed", session=who.session, channel=who.channel)
        finally:
            del self._sessions[who.session]
            self.ends[reason] += 1
            self._rejected.add(session.peer.counters)
            self._received.update(session.reception.statistics(self._clock.unix_ns()).counters())
            sink = self._sinks.pop(who.session)
            sink.end(reason)
            self._dropped += sink.dropped
