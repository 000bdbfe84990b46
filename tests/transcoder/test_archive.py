import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from storage.bus.messages import BroadcastInfo, EndEvent, PartEvent, RenditionInfo, SegmentEvent, WindowBatch, WindowEvent
from storage.clock import SystemClock
from storage.model.broadcast import BroadcastState
from storage.model.errors import ErrorCode, NotFound, Unavailable
from storage.model.ids import BroadcastId, ChannelName, ObjectFolder
from storage.model.rendition import RenditionName
from storage.node import Tasks
from storage.objects import keys
from storage.objects.files import FileStore
from transcoder import archive as module
from transcoder.archive import Archive
from transcoder.hls.window import LiveWindow

CHANNEL, FOLDER = ChannelName("c"), ObjectFolder("f")
INFO = BroadcastInfo(
    channel=CHANNEL,
    broadcast=BroadcastId("b"),
    folder=FOLDER,
    is_open=True,
    state=BroadcastState.LIVE,
    started_ms=0,
    part_target=0.4,
    target_duration=3,
    window=60,
    renditions=(RenditionInfo(name=RenditionName.VIDEO, codecs="avc1.42C01F", bandwidth=9, average_bandwidth=8, width=2, height=2),),
)


class FaultyStore(FileStore):
    """A folder whose writes can be slow or fail, as a bucket's can."""

    failing = False
    delay = 0.0
    at_once = 0
    most_at_once = 0

    async def put(
        self, key: str, data: bytes, *, content_type: str, cache_control: str, only_if_absent: bool = False, only_if_etag: str | None = None
    ) -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.delay)
            if self.failing:
                raise Unavailable(ErrorCode.STORE_UNAVAILABLE, "out of order")
            return await super().put(
                key, data, content_type=content_type, cache_control=cache_control, only_if_absent=only_if_absent, only_if_etag=only_if_etag
            )
        finally:
            self.at_once -= 1


class Rig:
    def __init__(self, folder: Path) -> None:
        self.store = FaultyStore(folder)
        self.stored: list[int] = []
        self.archive = Archive(
            self.store,
            SystemClock(),
            CHANNEL,
            FOLDER,
            window=LiveWindow(seconds=60, part_target=0.4),
            stored=lambda _, msn: self.stored.append(msn),
        )
        self.archive.describe(INFO)

    def segment(self, msn: int) -> None:
        part = PartEvent(
            rendition=RenditionName.VIDEO,
            msn=msn,
            part=0,
            duration=2.0,
            size=3,
            independent=True,
            init=0,
            program_ms=1_700_000_000_000 + msn * 2000,
        )
        whole = SegmentEvent(rendition=RenditionName.VIDEO, msn=msn, duration=2.0, size=3)
        self.announce(part, whole)
        self.archive.segment(RenditionName.VIDEO, msn, b"seg")

    def announce(self, *events: WindowEvent) -> None:
        self.archive.announced(WindowBatch(events=events))

    async def playlist(self) -> str:
        try:
            return (await self.store.get(keys.media_playlist_object(CHANNEL, FOLDER, RenditionName.VIDEO))).decode()
        except NotFound:
            return ""

    async def until(self, condition: object, seconds: float = 10) -> None:
        assert callable(condition)
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)


@asynccontextmanager
async def rig(folder: Path) -> AsyncIterator[Rig]:
    made = Rig(folder)
    async with Tasks("test") as tasks:
        tasks.start("archive", made.archive.run())
        yield made
    await made.store.close()


async def test_a_playlist_lists_a_segment_only_when_it_can_be_read(tmp_path: Path) -> None:
    async with rig(tmp_path) as made:
        made.store.failing = True
        made.segment(0)
        await asyncio.sleep(0.2)
        assert "0.m4s" not in await made.playlist()
        made.store.failing = False
        await made.until(lambda: made.stored == [0])
        await made.until(lambda: made.archive.idle)
        assert "0.m4s" in await made.playlist()
        assert await made.store.get(keys.segment_object(CHANNEL, FOLDER, RenditionName.VIDEO, 0)) == b"seg"
        assert b"video/media.m3u8" in await made.store.get(keys.multivariant_playlist_object(CHANNEL, FOLDER))
        assert b"f/video/media.m3u8" in await made.store.get(keys.channel_playlist_object(CHANNEL))


async def test_no_address_that_could_be_guessed_leads_to_a_closed_channels_broadcast(tmp_path: Path) -> None:
    async with rig(tmp_path) as made:
        made.segment(0)
        await made.until(lambda: made.stored == [0])
        await made.until(lambda: made.archive.idle)
        before = await made.store.get(keys.channel_playlist_object(CHANNEL))
        made.archive.describe(msgspec.structs.replace(INFO, is_open=None))
        made.segment(1)
        await made.until(lambda: made.stored == [0, 1])
        await made.until(lambda: made.archive.idle)
        # While nobody knows whether the channel is open, nothing is said, and nothing is taken back.
        assert await made.store.get(keys.channel_playlist_object(CHANNEL)) == before
        made.archive.describe(msgspec.structs.replace(INFO, is_open=False))
        await made.until(lambda: made.archive.idle)
        with pytest.raises(NotFound):
            await made.store.get(keys.channel_playlist_object(CHANNEL))
        assert b"0.m4s" in (await made.playlist()).encode()


async def test_a_slow_store_is_written_to_several_times_at_once(tmp_path: Path) -> None:
    async with rig(tmp_path) as made:
        made.store.delay = 0.3
        for msn in range(12):
            made.segment(msn)
        await made.until(lambda: len(made.stored) == 12)
        assert made.store.most_at_once > module.WRITERS - 1


async def test_what_another_worker_wrote_is_stored(tmp_path: Path) -> None:
    async with rig(tmp_path) as made:
        key = keys.segment_object(CHANNEL, FOLDER, RenditionName.VIDEO, 0)
        await made.store.put(key, b"seg", content_type="video/iso.segment", cache_control="")
        made.segment(0)
        await made.until(lambda: made.stored == [0])


async def test_a_store_that_is_away_too_long_costs_the_oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUEUE", 10)
    async with rig(tmp_path) as made:
        made.store.failing = True
        for msn in range(30):
            made.segment(msn)
            await asyncio.sleep(0)
        assert made.archive.waiting <= 10 + module.WRITERS
        assert made.archive.given_up >= 10
        made.store.failing = False
        await made.until(lambda: 29 in made.stored)


async def test_the_end_is_written_and_only_a_few_stills_are_kept(tmp_path: Path) -> None:
    async with rig(tmp_path) as made:
        made.segment(0)
        posters = [made.archive.poster(number, b"jpg") for number in range(6)]
        await made.until(lambda: made.archive.waiting == 0)
        made.announce(EndEvent())
        await made.until(lambda: made.archive.idle)
        assert "ENDLIST" in await made.playlist()
        with pytest.raises(NotFound):
            await made.store.get(posters[0])
        assert await made.store.get(posters[-1]) == b"jpg"


async def test_it_is_not_idle_while_a_playlist_is_being_written(tmp_path: Path) -> None:
    async with rig(tmp_path) as made:
        made.segment(0)
        await made.until(lambda: made.archive.idle)
        made.store.delay = 0.5
        made.announce(EndEvent())
        await asyncio.sleep(0.2)
        assert not made.archive.idle
        await made.until(lambda: made.archive.idle)
        assert "ENDLIST" in await made.playlist()
