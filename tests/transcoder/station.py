"""An ingest node in small: the real relay and ring in front of synthetic publishers, played at real time, and a viewer on the bus."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from prometheus_client import CollectorRegistry

from ingest.feed import Feed
from ingest.relay import RelayServer
from ingest.track import NegotiatedTrack
from storage.bus.messages import BroadcastInfo, ChannelInfo, InitEvent, NodeInfo, PartEvent, SessionInfo, TrackInfo
from storage.bus.redis import Bus
from storage.bus.topics import broadcast_key, channel_key, init_key, part_key, session_key
from storage.clock import SystemClock
from storage.model.broadcast import PublishEnd
from storage.model.channel import Visibility
from storage.model.errors import Unavailable
from storage.model.ids import BroadcastId, ChannelId, ChannelName, NodeId, SessionId
from storage.model.media import Codec, TrackKind
from storage.model.rendition import RenditionName
from storage.node import Node
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.transcoder.media import START_NS, Arrival
from tests.transcoder.viewer import Viewer
from transcoder.service import TranscoderService, open_transcoder

CHANNEL = ChannelName("test")
SECRET = "s" * 40
BOTH = (
    NegotiatedTrack(kind=TrackKind.AUDIO, codec=Codec.OPUS, payload_types={111: "media"}, channels=2),
    NegotiatedTrack(kind=TrackKind.VIDEO, codec=Codec.H264, payload_types={102: "media"}),
)


def settings_for(folder: Path, url: str) -> Settings:
    return Settings(data=folder / "data", redis_url=url, secret=SECRET, hold=6.0)


class Station:
    """Plays sessions into a relay at real time. ``wishes`` counts requests for keyframes."""

    def __init__(self, bus: Bus, folder: Path) -> None:
        self.clock = SystemClock()
        self.bus = bus
        self.path = folder / "relay.sock"
        self.feeds: dict[SessionId, Feed] = {}
        self.wishes = 0
        self.number = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Station"]:
        await self.let_in(Visibility.PUBLIC)
        async with RelayServer(self.feeds.get, SECRET, self.clock).serve(path=self.path):
            yield self

    async def let_in(self, visibility: Visibility) -> None:
        """Say who may watch, as the web role does."""
        about = ChannelInfo(channel=CHANNEL, id=ChannelId("c"), title="", visibility=visibility)
        await self.bus.register(channel_key(CHANNEL), about, ttl=600)

    def _wish(self) -> None:
        self.wishes += 1

    async def play(
        self, arrivals: Sequence[Arrival], tracks: tuple[NegotiatedTrack, ...] = BOTH, *, end: PublishEnd | None = PublishEnd.PUBLISHER_LEFT
    ) -> SessionId:
        """Deliver units when they come, shifted to now; then end the session, or vanish (``end`` None)."""
        self.number += 1
        session = SessionId(f"ingest-1.{self.number}")
        feed = self.feeds[session] = Feed(tracks, self._wish)
        info = SessionInfo(
            session=session,
            channel=CHANNEL,
            node=NodeId("ingest-1"),
            relay=f"unix:{self.path}",
            tracks=tuple(TrackInfo(kind=track.kind, codec=track.codec, channels=track.channels) for track in tracks),
            started_ms=self.clock.unix_ns() // 1_000_000,
        )
        registering = asyncio.create_task(self._keep_registered(info))
        try:
            await self._deliver(feed, arrivals)
        finally:
            registering.cancel()
        if end is not None:
            feed.end(end)
        with suppress(Unavailable):
            await self.bus.forget(session_key(CHANNEL))
            await self.bus.announce_change(CHANNEL)
        return session

    async def _deliver(self, feed: Feed, arrivals: Sequence[Arrival]) -> None:
        began = self.clock.monotonic()
        # Capture times on this machine's clock, as an ingest node gives them.
        shift = self.clock.unix_ns() - START_NS - arrivals[0].at
        for arrival in arrivals:
            wait = began + (arrival.at - arrivals[0].at) / 1e9 - self.clock.monotonic()
            if wait > 0.001:
                await asyncio.sleep(wait)
            feed.append(replace(arrival.unit, capture_ns=arrival.unit.capture_ns + shift))

    async def _keep_registered(self, info: SessionInfo) -> None:
        first = True
        while True:
            with suppress(Unavailable):
                await self.bus.register(session_key(CHANNEL), info, ttl=5.0)
                if first:
                    await self.bus.announce_change(CHANNEL)
                first = False
            await asyncio.sleep(1.0)


@asynccontextmanager
async def transcoder(settings: Settings) -> AsyncIterator[tuple[TranscoderService, Storage]]:
    clock = SystemClock()
    async with open_storage(settings, clock) as storage:
        node = Node(NodeInfo(node=NodeId("transcoder-1"), roles=("transcoder",), host="127.0.0.1", started_ms=0), storage.bus, clock)
        async with open_transcoder(settings, storage, clock, node, registry=CollectorRegistry()) as service:
            yield service, storage


class BusViewer(Viewer):
    """Follows the channel's broadcast on the bus. ``waits`` are the seconds between announcements of new parts, per rendition."""

    def __init__(self, bus: Bus) -> None:
        super().__init__()
        self.bus = bus
        self.clock = SystemClock()
        self.info: BroadcastInfo | None = None
        self.broadcast = BroadcastId("")
        self._known: dict[RenditionName, tuple[int, int]] = dict.fromkeys(RenditionName, (-1, 0))
        self._complete: dict[RenditionName, int] = dict.fromkeys(RenditionName, -1)

    async def watch(self) -> None:
        """Until the broadcast ended."""
        entry = "0"
        while not self.ended:
            try:
                if self.info is None:
                    self.info = await self.bus.read(broadcast_key(CHANNEL), BroadcastInfo)
                    if self.info is None:
                        await asyncio.sleep(0.02)
                        continue
                    self.broadcast = self.info.broadcast
                async for entries in self.bus.follow(self.broadcast, after=entry):
                    for identifier, batch in entries:
                        entry = identifier
                        await self._batch(batch.events)
                    if self.ended:
                        return
            except Unavailable:
                entry = "0"
                await asyncio.sleep(0.05)

    async def _batch(self, events: Sequence[object]) -> None:
        before = dict(self._known), dict(self._complete)
        try:
            await self._take_new(events)
        except Unavailable:
            # Not taken, so they are new when they are read again.
            self._known, self._complete = before
            raise

    async def _take_new(self, events: Sequence[object]) -> None:
        fresh = [event for event in events if self._is_new(event)]
        names = {}
        for event in fresh:
            if isinstance(event, InitEvent):
                names[init_key(self.broadcast, event.rendition, event.init)] = init_key(BroadcastId("b"), event.rendition, event.init)
            elif isinstance(event, PartEvent):
                key = part_key(self.broadcast, event.rendition, event.msn, event.part)
                names[key] = part_key(BroadcastId("b"), event.rendition, event.msn, event.part)
        found = await self.bus.blobs(list(names))
        blobs = {}
        for key, data in zip(names, found, strict=True):
            assert data is not None, f"{key} was announced but is not there"
            blobs[names[key]] = data
        self.take(fresh, blobs, int(self.clock.monotonic() * 1e9))  # type: ignore[arg-type]

    def _is_new(self, event: object) -> bool:
        match event:
            case PartEvent():
                known = self._known[event.rendition]
                if (event.msn, event.part) <= known:
                    return False
                self._known[event.rendition] = (event.msn, event.part)
                return True
            case InitEvent():
                return event.init not in self.renditions[event.rendition].inits
            case _ if hasattr(event, "duration"):
                if event.msn <= self._complete[event.rendition]:  # type: ignore[attr-defined]
                    return False
                self._complete[event.rendition] = event.msn  # type: ignore[attr-defined]
                return True
        return True

    def waits(self, name: RenditionName) -> list[float]:
        parts = self.renditions[name].parts
        return [(after.at - before.at) / 1e9 for before, after in pairwise(parts)]
