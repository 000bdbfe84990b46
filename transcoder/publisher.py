"""Announces a broadcast on the bus: bytes and events in one step, and all of it again when the bus lost its data."""

import asyncio
from contextlib import suppress

import structlog

from storage.bus.messages import InitEvent, StoredEvent, WindowBatch, WindowEvent
from storage.bus.redis import Bus, Fence
from storage.bus.topics import init_key
from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.model.ids import BroadcastId
from storage.model.rendition import RenditionName
from transcoder.archive import Archive
from transcoder.rendition import Outbox
from transcoder.retained import Retained

QUEUE = 64
"""Announcements waiting while the bus is away; beyond that they are dropped and everything retained is announced anew."""
INIT_TTL = 600.0
_INIT_REFRESH = 120.0
_RETRY = 0.1
_LOOK = 0.5
_log = structlog.get_logger(__name__)


class Publisher:
    """One broadcast's announcements, in order. ``blob_ttl`` is in seconds. Counts ``batches`` and ``renewals``.

    :meth:`run` raises ``Conflict`` when another worker has taken over.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        broadcast: BroadcastId,
        *,
        fence: Fence | None,
        retained: Retained,
        archive: Archive,
        blob_ttl: float,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._broadcast = broadcast
        self._fence = fence
        self._retained = retained
        self._archive = archive
        self._blob_ttl = blob_ttl
        self._queue: list[tuple[tuple[WindowEvent, ...], dict[str, bytes]]] = []
        self._stored: list[StoredEvent] = []
        self._checkpoint = b""
        self._wake = asyncio.Event()
        self._generation = ""
        self._everything = False
        self._announcing = False
        self._looked = float("-inf")
        self._inits_at = float("-inf")
        self.batches = 0
        self.renewals = 0

    @property
    def idle(self) -> bool:
        """Whether everything offered is announced."""
        return not (self._queue or self._stored or self._everything or self._announcing)

    def offer(self, outbox: Outbox, checkpoint: bytes) -> None:
        """Announce this, and the checkpoint with it."""
        events = tuple(outbox.events)
        for rendition, segment in self._retained.note(events, outbox.blobs):
            if (data := segment.whole) is not None:
                self._archive.segment(rendition, segment.msn, data)
        for event in events:
            if isinstance(event, InitEvent):
                data = outbox.inits[init_key(self._broadcast, event.rendition, event.init)]
                self._archive.init(event.rendition, event.init, data)
        self._retained.inits |= outbox.inits
        self._checkpoint = checkpoint
        if self._everything:
            pass
        elif len(self._queue) >= QUEUE:
            self._queue.clear()
            self._everything = True
        else:
            # Init segments travel as blobs of the batch that names them and are then kept alive by us.
            self._queue.append((events, outbox.blobs | outbox.inits))
        self._wake.set()

    def stored(self, rendition: RenditionName, msn: int) -> None:
        """A segment can be read from the object store; said with what comes next."""
        event = StoredEvent(rendition=rendition, msn=msn)
        self._retained.note((event,), {})
        self._stored.append(event)

    async def run(self) -> None:
        """Announce until cancelled.

        Raises:
            Conflict: ``STORE_CONFLICT``; another worker announces this broadcast.
        """
        away = False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self._look()
                await self._announce()
            except Unavailable as error:
                if not away:
                    _log.warning("bus_away", broadcast=self._broadcast, reason=error.detail)
                away = True
                await self._clock.sleep(_RETRY)
                self._wake.set()
            else:
                if away:
                    _log.info("bus_back", broadcast=self._broadcast)
                away = False

    async def _look(self) -> None:
        """Notice a bus that lost its data, at most every half second; keep init segments alive."""
        now = self._clock.monotonic()
        if now - self._looked < _LOOK and self._generation:
            return
        generation = await self._bus.generation()
        self._looked = now
        if self._generation and generation != self._generation:
            self._everything = True
        self._generation = generation
        if now - self._inits_at > _INIT_REFRESH:
            await self._keep_inits(now)

    async def _keep_inits(self, now: float) -> None:
        for key, data in list(self._retained.inits.items()):
            await self._bus.put_blob(key, data, ttl=INIT_TTL)
        self._inits_at = now

    async def _announce(self) -> None:
        self._announcing = True
        try:
            await self._announce_all()
        finally:
            self._announcing = False

    async def _announce_all(self) -> None:
        if self._everything:
            await self._announce_everything()
        if not self._queue and not self._stored:
            return
        queue, stored = self._queue, self._stored
        self._queue, self._stored = [], []
        events = tuple(event for entry, _ in queue for event in entry) + tuple(stored)
        blobs = {key: data for _, entry in queue for key, data in entry.items()}
        try:
            await self._append(events, blobs)
        except Unavailable:
            self._queue, self._stored = queue + self._queue, stored + self._stored
            raise
        if any(isinstance(event, InitEvent) for event in events):
            await self._keep_inits(self._clock.monotonic())

    async def _announce_everything(self) -> None:
        _log.warning("announcing_everything", broadcast=self._broadcast)
        await self._keep_inits(self._clock.monotonic())
        self._queue.clear()
        self._stored.clear()
        self._everything = False
        events, blobs = self._retained.again()
        try:
            # One by one, each within a deadline of its own: together they are too much for one.
            for key, data in blobs.items():
                await self._bus.put_blob(key, data, ttl=self._blob_ttl)
            await self._append(events, {})
        except Unavailable:
            self._everything = True
            raise
        self.renewals += 1

    async def _append(self, events: tuple[WindowEvent, ...], blobs: dict[str, bytes]) -> None:
        batch = WindowBatch(events=events, checkpoint=self._checkpoint)
        entry = await self._bus.append(self._broadcast, batch, blobs, blob_ttl=self._blob_ttl, fence=self._fence)
        self.batches += 1
        self._archive.announced(batch)
        first = self._retained.announced(entry)
        if first is not None:
            await self._bus.trim(self._broadcast, first)
