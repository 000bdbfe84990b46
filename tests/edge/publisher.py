"""A made-up transcoder worker: appends tiny but honest parts to a broadcast's window, one at a time or in real time."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from storage.bus.messages import (
    BroadcastInfo,
    ChannelInfo,
    EndEvent,
    InitEvent,
    PartEvent,
    RenditionInfo,
    SegmentEvent,
    StoredEvent,
    WindowBatch,
)
from storage.bus.messages import WindowEvent as Event
from storage.bus.redis import Bus
from storage.bus.topics import broadcast_key, channel_key, init_key, part_key
from storage.model.broadcast import BroadcastState
from storage.model.channel import Visibility
from storage.model.ids import BroadcastId, ChannelId, ChannelName, ObjectFolder, new_broadcast_id, new_object_folder
from storage.model.rendition import RenditionName
from storage.objects.keys import init_object, poster_object, segment_object
from storage.objects.store import ObjectStore
from tests.edge import boxes

DEMO = ChannelName("demo")
PART = 0.4
PARTS = 5
FRAMES = 12
START_MS = 1_763_800_000_000
VIDEO = RenditionInfo(
    name=RenditionName.VIDEO, codecs="avc1.42C01F", bandwidth=300_000, average_bandwidth=250_000, width=640, height=360, frame_rate=30.0
)
AUDIO = RenditionInfo(name=RenditionName.AUDIO, codecs="mp4a.40.2", bandwidth=150_000, average_bandwidth=128_000, channels=2)


@dataclass
class Publisher:
    bus: Bus
    objects: ObjectStore
    channel: ChannelName = DEMO
    broadcast: BroadcastId = field(default_factory=new_broadcast_id)
    secret: ObjectFolder = field(default_factory=new_object_folder)
    window: float = 60.0
    target_duration: int = 3
    store: bool = True
    filler: int = 40
    state: BroadcastState = BroadcastState.LIVE
    poster: str = ""
    visibility: Visibility = Visibility.PUBLIC
    msn: int = 0
    part_number: int = 0
    init: int = 0
    discontinuities: int = 0
    start_ms: int = START_MS
    log: list[tuple[WindowBatch, dict[str, bytes]]] = field(default_factory=list)
    bytes_of: dict[tuple[RenditionName, int, int], bytes] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Where the broadcast's video lies, on an edge."""
        return f"/hls/{self.channel}/video/{self.broadcast}"

    @property
    def index(self) -> str:
        return f"/hls/{self.channel}/index.m3u8"

    @property
    def media(self) -> str:
        return f"/hls/{self.channel}/video/media.m3u8"

    @property
    def audio(self) -> str:
        return f"/hls/{self.channel}/audio/media.m3u8"

    @property
    def info(self) -> BroadcastInfo:
        return BroadcastInfo(
            channel=self.channel,
            broadcast=self.broadcast,
            state=self.state,
            started_ms=self.start_ms,
            part_target=PART,
            target_duration=self.target_duration,
            window=self.window,
            renditions=(VIDEO, AUDIO),
            poster=self.poster,
            folder=self.secret,
        )

    async def announce(self, *, ttl: float = 30) -> None:
        about = ChannelInfo(channel=self.channel, id=ChannelId(f"id-of-{self.channel}"), title="", visibility=self.visibility)
        await self.bus.register(channel_key(self.channel), about, ttl=600)
        await self.bus.register(broadcast_key(self.channel), self.info, ttl=ttl)

    async def begin(self) -> None:
        await self.inits()
        await self.announce()

    async def inits(self) -> None:
        events: list[Event] = []
        blobs = {}
        for rendition in RenditionName:
            data = boxes.init(video=rendition is RenditionName.VIDEO)
            blobs[init_key(self.broadcast, rendition, self.init)] = data
            events.append(InitEvent(rendition=rendition, init=self.init))
            key = init_object(self.channel, self.secret, rendition, self.init)
            await self.objects.put(key, data, content_type="video/mp4", cache_control="public")
        await self.append(events, blobs)

    async def append(self, events: Iterable[Event], blobs: dict[str, bytes] | None = None) -> None:
        batch = WindowBatch(events=tuple(events))
        self.log.append((batch, blobs or {}))
        await self.bus.append(self.broadcast, batch, blobs or {}, blob_ttl=120)

    async def announce_again(self) -> None:
        """What a worker does after the bus lost its data."""
        for batch, blobs in self.log:
            await self.bus.append(self.broadcast, batch, blobs, blob_ttl=120)
        await self.announce()

    async def part(self, *, gap: bool = False, discontinuity: bool = False) -> None:
        """The next part of both renditions, in one batch; the segment is complete with its fifth and stored right after."""
        if discontinuity and self.part_number == 0:
            self.discontinuities += 1
        events: list[Event] = []
        blobs = {}
        last = self.part_number == PARTS - 1
        index = self.msn * PARTS + self.part_number
        for rendition in RenditionName:
            data = b"" if gap else self._fragment(rendition, index)
            if data:
                blobs[part_key(self.broadcast, rendition, self.msn, self.part_number)] = data
            self.bytes_of[rendition, self.msn, self.part_number] = data
            events.append(
                PartEvent(
                    rendition=rendition,
                    msn=self.msn,
                    part=self.part_number,
                    duration=PART,
                    size=len(data),
                    independent=self.part_number == 0 or rendition is RenditionName.AUDIO,
                    init=self.init,
                    program_ms=self.start_ms + 400 * index,
                    discontinuity=discontinuity and self.part_number == 0,
                    discontinuity_sequence=self.discontinuities,
                    gap=gap,
                )
            )
            if last:
                size = len(self.segment_bytes(rendition, self.msn))
                events.append(SegmentEvent(rendition=rendition, msn=self.msn, duration=PARTS * PART, size=size))
        await self.append(events, blobs)
        self.part_number += 1
        if last:
            if self.store:
                await self.stored(self.msn)
            self.msn, self.part_number = self.msn + 1, 0

    async def parts(self, count: int) -> None:
        for _ in range(count):
            await self.part()

    async def segments(self, count: int) -> None:
        await self.parts(count * PARTS)

    async def stored(self, msn: int) -> None:
        for rendition in RenditionName:
            key = segment_object(self.channel, self.secret, rendition, msn)
            await self.objects.put(key, self.segment_bytes(rendition, msn), content_type="video/iso.segment", cache_control="public")
        await self.append([StoredEvent(rendition=rendition, msn=msn) for rendition in RenditionName])

    async def end(self) -> None:
        await self.append([EndEvent()])
        self.state = BroadcastState.ENDED
        await self.announce()

    async def picture(self, data: bytes) -> None:
        self.poster = poster_object(self.channel, self.secret, 1)
        await self.objects.put(self.poster, data, content_type="image/jpeg", cache_control="public")
        await self.announce()

    async def live(self, seconds: float) -> None:
        """Parts in real time."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for count in range(1, round(seconds / PART) + 1):
            await self.part()
            if count % 2:
                await self.announce()
            await asyncio.sleep(max(0.0, began + count * PART - loop.time()))

    def segment_bytes(self, rendition: RenditionName, msn: int) -> bytes:
        return b"".join(self.bytes_of[rendition, msn, number] for number in range(PARTS))

    def _fragment(self, rendition: RenditionName, index: int) -> bytes:
        key = index % PARTS == 0 or rendition is RenditionName.AUDIO
        if rendition is RenditionName.VIDEO:
            return boxes.fragment(index + 1, index * 36_000, FRAMES, 3_000, key=key, filler=self.filler)
        return boxes.fragment(index + 1, index * 19_200, 20, 960, key=key)
