"""The life of one broadcast: follows the channel's sessions, feeds the packager, says how it stands, and knows when it is over."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import structlog

from ingest.frames import Control, Dropped, End, Silence, Tracks
from storage.bus.messages import BroadcastInfo, InitEvent, TrackInfo
from storage.bus.redis import Bus, Fence
from storage.bus.topics import broadcast_key, init_key
from storage.clock import Clock
from storage.model.broadcast import ENDS_BROADCAST, BroadcastState
from storage.model.errors import Conflict, Unavailable
from storage.model.ids import ChannelName, SessionId, new_broadcast_id, new_object_folder
from storage.model.media import AccessUnit
from storage.model.rendition import RenditionName
from storage.node import Tasks
from storage.opening import Storage
from storage.settings import Settings
from transcoder.archive import Archive
from transcoder.checkpoint import Checkpoint, decode_checkpoint
from transcoder.entry import Entry
from transcoder.follower import SessionFollower
from transcoder.hls.window import LiveWindow
from transcoder.lane import Lane, Timing
from transcoder.packager import Packager
from transcoder.publisher import Publisher
from transcoder.retained import Retained

TICK = 0.05
SILENT_AFTER = 2.0
POSTER_EVERY = 30.0
FIRST_POSTER = 1.0
_TRY_AGAIN = 0.2
_STARVED = 0.2
_DRAIN = 3.0
_STORE_DRAIN = 60.0
_WISH_EVERY = 0.2
_BLOBS_AT_ONCE = 8
_SECOND_NS = 1_000_000_000
_log = structlog.get_logger(__name__)


class JobEnd(StrEnum):
    """Why a job is over."""

    ENDED = "ended"
    """The publisher left, or nobody came back in time."""
    NOTHING = "nothing"
    """The publisher went before there was anything to show."""
    STOPPED = "stopped"
    """We were told to stop; another worker goes on."""
    SUPERSEDED = "superseded"
    """Another worker has the lease."""


@dataclass(slots=True)
class Counters:
    """For the service's metrics."""

    units: int = 0
    dropped: int = 0
    parts: int = 0
    reconnects: int = 0
    given_up: int = 0
    live: bool = False


class Job:
    """One channel's broadcast, new or taken over. ``fence`` proves that we hold the channel's lease."""

    def __init__(self, channel: ChannelName, fence: Fence | None, settings: Settings, storage: Storage, clock: Clock) -> None:
        self._channel = channel
        self._fence = fence
        self._settings = settings
        self._storage = storage
        self._bus: Bus = storage.bus
        self._clock = clock
        self._timing = Timing(settings.part_target, settings.segment_target, settings.target_duration)
        self._packager: Packager
        self._publisher: Publisher
        self._archive: Archive
        self._retained: Retained
        self._entry: Entry
        self._sessions = SessionFollower(channel, settings.secret, storage.bus, clock, self)
        self._over: asyncio.Future[JobEnd] | None = None
        self._heard = 0.0
        self._alone_since = 0.0
        self._wished = 0.0
        self._poster_due = 0.0
        self._end_reason = ""
        self._ticked_ns = 0
        self.counters = Counters()

    async def run(self, stop: asyncio.Event) -> JobEnd:
        """Run the broadcast to its end, or until ``stop`` is set."""
        self._over = asyncio.get_running_loop().create_future()
        now = self._clock.monotonic()
        self._heard = self._alone_since = now
        while not await self._prepared() and not stop.is_set():
            await self._clock.sleep(_TRY_AGAIN)
        if stop.is_set():
            return JobEnd.STOPPED
        if self._entry.state is BroadcastState.INTERRUPTED:
            self._heard = now - 2 * SILENT_AFTER
        structlog.contextvars.bind_contextvars(channel=self._channel, broadcast=self._entry.info.broadcast)
        try:
            async with Tasks(f"broadcast {self._channel}") as tasks:
                tasks.start("announce", self._announce())
                tasks.start("archive", self._archive.run())
                tasks.start("sessions", self._sessions.run())
                tasks.start("time", self._keep_time())
                tasks.start("entry", self._entry.run())
                stopping = tasks.start("stop", stop.wait())
                await asyncio.wait({self._over, stopping}, return_when=asyncio.FIRST_COMPLETED)
                end = self._over.result() if self._over.done() else JobEnd.STOPPED
                self._sessions.close()
                await self._leave(end)
        finally:
            self._sessions.close()
        _log.info("job_over", reason=end, units=self.counters.units, dropped=self.counters.dropped)
        return end

    # Beginning and end.

    async def _prepared(self) -> bool:
        try:
            await self._prepare()
        except Unavailable as error:
            _log.warning("bus_away", channel=self._channel, reason=error.detail)
            return False
        return True

    async def _prepare(self) -> None:
        """Take over the channel's broadcast where there is one, else begin a new one."""
        info = await self._bus.read(broadcast_key(self._channel), BroadcastInfo)
        entries = await self._bus.window(info.broadcast) if info and info.state is not BroadcastState.ENDED else []
        point = decode_checkpoint(entries[-1][1].checkpoint) if entries else None
        settings = self._settings
        same = info is not None and (info.part_target, info.target_duration) == (settings.part_target, settings.target_duration)
        if info is None or point is None or not same:
            started = self._clock.unix_ns() // 1_000_000
            point, entries = None, []
            info = BroadcastInfo(
                channel=self._channel,
                broadcast=new_broadcast_id(),
                folder=new_object_folder(),
                state=BroadcastState.STARTING,
                started_ms=started,
                part_target=settings.part_target,
                target_duration=settings.target_duration,
                window=settings.window,
                hold_back=settings.hold_back,
            )
        self._open_parts(info, point)
        for entry, batch in entries:
            self._retained.note(batch.events, {})
            self._retained.announced(entry)
            self._archive.announced(batch)
        if entries:
            await self._recover_bytes()
            _log.info("broadcast_taken_over", channel=self._channel, broadcast=info.broadcast)
        else:
            _log.info("broadcast_begins", channel=self._channel, broadcast=info.broadcast)

    def _open_parts(self, info: BroadcastInfo, point: Checkpoint | None) -> None:
        settings, seconds = self._settings, info.window
        target = info.target_duration
        self._retained = Retained(info.broadcast, seconds=seconds + 2 * target, hot=7 * target)
        self._archive = Archive(
            self._storage.objects,
            self._clock,
            self._channel,
            info.folder,
            window=LiveWindow(seconds=seconds, part_target=settings.part_target),
            stored=self._stored,
        )
        self._publisher = Publisher(
            self._bus,
            self._clock,
            info.broadcast,
            fence=self._fence,
            retained=self._retained,
            archive=self._archive,
            blob_ttl=10.0 * target,
        )
        self._packager = Packager(self._timing, info.broadcast, info.started_ms, point)
        self._entry = Entry(self._bus, self._clock, info, packager=self._packager, archive=self._archive, turned=self._turned)

    def _stored(self, rendition: RenditionName, msn: int) -> None:
        self._publisher.stored(rendition, msn)

    async def _recover_bytes(self) -> None:
        """What the worker before us did not get into the object store, as far as the bus still has it."""
        broadcast = self._entry.info.broadcast
        keys = self._retained.incomplete_bytes()
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), _BLOBS_AT_ONCE):
            some = keys[start : start + _BLOBS_AT_ONCE]
            values = await self._bus.blobs(some)
            found |= {key: data for key, data in zip(some, values, strict=True) if data is not None}
        for rendition, segment in self._retained.supply(found):
            data = segment.whole
            assert data is not None
            self._archive.segment(rendition, segment.msn, data)
        inits = [init_key(broadcast, event.rendition, event.init) for event in self._retained.again()[0] if isinstance(event, InitEvent)]
        for key, data in zip(inits, await self._bus.blobs(inits), strict=True):
            if data is not None:
                self._retained.inits[key] = data

    async def _leave(self, end: JobEnd) -> None:
        """Say the last word, with a deadline."""
        if end is JobEnd.SUPERSEDED:
            return
        if end is JobEnd.ENDED:
            self._packager.finish()
            self._collect()
        with suppress(TimeoutError, Unavailable, Conflict):
            async with asyncio.timeout(_DRAIN):
                while not self._publisher.idle:
                    await self._clock.sleep(0.02)
                if end is JobEnd.ENDED:
                    await self._entry.end(self._end_reason)
                elif end is JobEnd.NOTHING:
                    await self._entry.withdraw()
        if end is JobEnd.ENDED:
            await self._store_the_rest()

    async def _store_the_rest(self) -> None:
        """Wait for a store that is slow or away, but not longer than until the channel's next session."""
        limit = self._clock.monotonic() + _STORE_DRAIN
        while not self._archive.idle and self._clock.monotonic() < limit:
            await self._clock.sleep(0.1)
            with suppress(Unavailable):
                if await self._sessions.successor():
                    return

    def _turned(self) -> None:
        """The channel was closed, or opened: what follows is another broadcast, in a folder nobody was told of before."""
        _log.info("channel_closed_or_opened", channel=self._channel)
        self._end(JobEnd.ENDED if self._packager.started else JobEnd.NOTHING)

    def _end(self, reason: JobEnd) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(reason)

    async def _announce(self) -> None:
        try:
            await self._publisher.run()
        except Conflict:
            _log.warning("superseded", channel=self._channel)
            self._end(JobEnd.SUPERSEDED)

    # Sessions: what the follower tells.

    def suits(self, tracks: Sequence[TrackInfo]) -> bool:
        """See :class:`transcoder.follower.Listener`."""
        if self._packager.suits(tracks):
            return True
        _log.info("session_needs_another_broadcast", channel=self._channel)
        self._end(JobEnd.ENDED)
        return False

    def resume_point(self, session: SessionId) -> dict[int, int]:
        """See :class:`transcoder.follower.Listener`."""
        return self._packager.resume_point(session)

    def frames(self, frames: Sequence[AccessUnit | Control], session: SessionId) -> None:
        """See :class:`transcoder.follower.Listener`."""
        now = self._now_ns()
        for frame in frames:
            match frame:
                case AccessUnit():
                    self.counters.units += 1
                    self._packager.unit(frame, now)
                    self._heard = self._alone_since = now / _SECOND_NS
                case Tracks():
                    self._packager.open(session, frame.tracks, now)
                case Dropped():
                    self.counters.dropped += frame.count
                    _log.warning("units_dropped", kind=frame.kind, count=frame.count)
                case End():
                    _log.info("session_ended", session=session, reason=frame.reason)
                    self._sessions.end()
                    self._end_reason = str(frame.reason)
                    if frame.reason in ENDS_BROADCAST:
                        self._end(JobEnd.ENDED if self._packager.started else JobEnd.NOTHING)
                case Silence() | _:
                    # Silence is told by what does not come.
                    pass
        if now - self._ticked_ns >= TICK * _SECOND_NS:
            self._tick(now)
        self._collect()

    def gone(self) -> None:
        """See :class:`transcoder.follower.Listener`."""
        self._alone_since = self._clock.monotonic()
        self._packager.close()

    def failed(self, defect: Exception) -> None:
        """See :class:`transcoder.follower.Listener`."""
        if self._over is not None and not self._over.done():
            self._over.set_exception(defect)

    # Time.

    def _now_ns(self) -> int:
        return int(self._clock.monotonic() * _SECOND_NS)

    async def _keep_time(self) -> None:
        starved = False
        while True:
            # While pictures are passed through, what comes keeps the time, and only its absence must be noticed.
            pause = 2 * TICK if self._packager.lane is Lane.PASSTHROUGH else TICK
            asked = self._clock.monotonic()
            await self._clock.sleep(pause)
            if self._clock.monotonic() - asked > pause + _STARVED and not starved:
                # What came meanwhile is read first: we were late, not the source.
                starved = True
                continue
            starved = False
            if self._now_ns() - self._ticked_ns >= TICK * _SECOND_NS:
                self._tick(self._now_ns())
                self._collect()
            now = self._clock.monotonic()
            self._watch(now)
            self.counters.live = self._packager.started and self._entry.state is not BroadcastState.ENDED
            self.counters.reconnects = self._sessions.reconnects
            self.counters.given_up = self._archive.given_up
            if self._packager.started and now >= self._poster_due:
                self._poster(now)

    def _tick(self, now_ns: int) -> None:
        self._ticked_ns = now_ns
        self._packager.tick(now_ns)

    def _watch(self, now: float) -> None:
        if self._entry.state is BroadcastState.LIVE and now - self._heard > SILENT_AFTER:
            self._entry.set_state(BroadcastState.INTERRUPTED)
        elif self._entry.state is BroadcastState.INTERRUPTED and now - self._heard < TICK * 4:
            self._entry.set_state(BroadcastState.LIVE)
        hold = self._settings.hold if self._packager.started else SILENT_AFTER * 5
        if now - self._alone_since > hold:
            self._end(JobEnd.ENDED if self._packager.started else JobEnd.NOTHING)

    def _collect(self) -> None:
        """Hand over what the packager has, and its wish for a keyframe."""
        taken = self._packager.take()
        if taken is not None:
            outbox, checkpoint = taken
            self.counters.parts += len(outbox.blobs)
            self._publisher.offer(outbox, checkpoint)
            if outbox.blobs and self._entry.state is BroadcastState.STARTING:
                self._entry.set_state(BroadcastState.LIVE)
        now = self._clock.monotonic()
        if self._sessions.connected and now - self._wished > _WISH_EVERY and self._packager.catch_keyframe_wish():
            self._wished = now
            self._sessions.want_keyframe()

    def _poster(self, now: float) -> None:
        first = self._poster_due == 0.0
        self._poster_due = now + (FIRST_POSTER if first else POSTER_EVERY)
        if first or self._packager.lane is Lane.NONE or self._entry.state is not BroadcastState.LIVE:
            return
        data = self._packager.poster()
        if data:
            # Random in a name that is never listed: the number also tells two workers of one broadcast apart.
            key = self._archive.poster(self._clock.unix_ns() // _SECOND_NS, data)
            self._entry.show(key)
