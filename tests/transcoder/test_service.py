import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from storage.bus.messages import BroadcastInfo
from storage.bus.redis import Bus
from storage.bus.topics import broadcast_key
from storage.clock import SystemClock
from storage.model.broadcast import BroadcastState, PublishEnd
from storage.model.channel import Visibility
from storage.model.errors import NotFound
from storage.model.rendition import RenditionName
from storage.objects import keys
from tests.fixtures.valkey import Valkey
from tests.transcoder.media import arriving, audio_units, every, steady, video_units
from tests.transcoder.station import BOTH, CHANNEL, BusViewer, Station, settings_for, transcoder
from transcoder.patience import SILENCE
from transcoder.process import WorkerProcess
from transcoder.service import TranscoderService
from transcoder.worker import WorkerConfig, encode_config

pytestmark = pytest.mark.real_time

Leaks = Callable[[], Counter[str]]


def assert_whole(viewer: BusViewer) -> None:
    """Every frame from the first keyframe a worker found on: a worker that starts late begins at the newest."""
    pictures = viewer.pictures()
    assert len(pictures) >= 120
    assert max(after[0] - before[0] for before, after in pairwise(pictures)) < 0.04


async def warm(service: TranscoderService) -> None:
    """The spare worker has everything loaded and waits for work: it sleeps, and has used no processor for a second."""
    loaded = 0.2  # an interpreter alone has used less
    quiet = used = 0.0
    async with asyncio.timeout(30):
        while quiet < 1:
            await asyncio.sleep(0.1)
            spare = service._spare
            if spare is None or not spare.running:
                continue
            process = psutil.Process(spare.pid)
            before, used = used, sum(process.cpu_times()[:2])
            quiet = quiet + 0.1 if used == before > loaded and process.status() == psutil.STATUS_SLEEPING else 0.0


async def test_a_broadcast_from_its_first_unit_to_its_recording(no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus) -> None:
    settings = settings_for(tmp_path, valkey.url)
    video = video_units(steady(30, 7), keyframe=every(2.0))
    arrivals = arriving(video, audio_units(7))
    viewer = BusViewer(bus)
    async with Station(bus, tmp_path).open() as station, transcoder(settings) as (service, storage):
        await warm(service)
        began = station.clock.monotonic()
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(viewer.watch())
            await station.play(arrivals)
        viewer.check()
        assert_whole(viewer)
        assert viewer.video.discontinuities == []
        assert viewer.video.parts[0].at / 1e9 - began < 5
        async with asyncio.timeout(10):
            while (info := await bus.read(broadcast_key(CHANNEL), BroadcastInfo)) is None or info.state is not BroadcastState.ENDED:
                await asyncio.sleep(0.05)
        assert {rendition.name for rendition in info.renditions} == set(RenditionName)
        text = ""
        async with asyncio.timeout(10):
            while "ENDLIST" not in text:
                await asyncio.sleep(0.05)
                playlist = keys.media_playlist_object(CHANNEL, info.folder, RenditionName.VIDEO)
                text = (await storage.objects.get(playlist)).decode()
        assert text.count("#EXTINF") == len(viewer.video.segments)
        stored = await storage.objects.get(keys.segment_object(CHANNEL, info.folder, RenditionName.VIDEO, 0))
        assert stored == b"".join(seen.data for seen in viewer.video.of(0))
        assert (await storage.objects.get(info.poster))[:2] == b"\xff\xd8"
        assert info.folder in (await storage.objects.get(keys.channel_playlist_object(CHANNEL))).decode()
    assert no_leaks() is not None


async def test_a_channel_closed_while_live_goes_on_in_a_folder_nobody_was_told_of(
    no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus
) -> None:
    seen: dict[bool | None, BroadcastInfo] = {}
    async with Station(bus, tmp_path).open() as station, transcoder(settings_for(tmp_path, valkey.url)) as (service, storage):
        await warm(service)

        async def on_air(is_open: bool) -> BroadcastInfo:
            while True:
                info = await bus.read(broadcast_key(CHANNEL), BroadcastInfo)
                if info is not None and info.state is BroadcastState.LIVE and info.is_open is is_open:
                    return info
                await asyncio.sleep(0.05)

        async def guessed() -> str:
            with suppress(NotFound):
                return (await storage.objects.get(keys.channel_playlist_object(CHANNEL))).decode()
            return ""

        async def close() -> None:
            seen[True] = await on_air(True)
            while seen[True].folder not in await guessed():
                await asyncio.sleep(0.05)
            await station.let_in(Visibility.FOLLOWERS)
            seen[False] = await on_air(False)
            while await guessed():
                await asyncio.sleep(0.05)

        async with asyncio.timeout(40), asyncio.TaskGroup() as group:
            group.create_task(close())
            await station.play(arriving(video_units(steady(30, 12), keyframe=every(2.0)), audio_units(12)))
    assert seen[True].broadcast != seen[False].broadcast
    assert seen[True].folder != seen[False].folder
    assert len(seen[False].folder) == 32
    assert no_leaks() is not None


async def test_a_killed_worker_is_replaced_without_a_missing_number(no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus) -> None:
    settings = settings_for(tmp_path, valkey.url)
    video = video_units(steady(30, 12), keyframe=every(2.0))
    arrivals = arriving(video, audio_units(12))
    viewer = BusViewer(bus)
    async with Station(bus, tmp_path).open() as station, transcoder(settings) as (service, _):
        await warm(service)
        async with asyncio.timeout(40), asyncio.TaskGroup() as group:
            group.create_task(viewer.watch())

            async def kill() -> None:
                for wait in (3.1, 4.3):
                    await asyncio.sleep(wait)
                    os.kill(service.workers[CHANNEL].pid, signal.SIGKILL)

            group.create_task(kill())
            await station.play(arrivals)
    viewer.check()
    # Nothing is lost: the ring had it all.
    assert_whole(viewer)
    assert viewer.video.discontinuities == []
    assert max(viewer.waits(RenditionName.VIDEO)) < 5
    _, samples = viewer.sound()
    assert abs(len(samples) / 48_000 - len(viewer.pictures()) / 30) < 0.1
    assert no_leaks() is not None


async def test_a_bus_that_loses_everything_gets_it_back(no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus) -> None:
    settings = settings_for(tmp_path, valkey.url)
    video = video_units(steady(30, 12), keyframe=every(2.0))
    arrivals = arriving(video, audio_units(12))
    viewer = BusViewer(bus)
    async with Station(bus, tmp_path).open() as station, transcoder(settings) as (service, _):
        await warm(service)
        async with asyncio.timeout(40), asyncio.TaskGroup() as group:
            group.create_task(viewer.watch())

            async def restart() -> None:
                await asyncio.sleep(5)
                await asyncio.to_thread(valkey.restart_empty)

            group.create_task(restart())
            await station.play(arrivals)
    viewer.check()
    assert_whole(viewer)
    assert max(viewer.waits(RenditionName.VIDEO)) < 6
    assert viewer.video.discontinuities == []
    assert no_leaks() is not None


async def test_a_publisher_who_vanishes_and_comes_back_finds_the_broadcast(
    no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus
) -> None:
    settings = settings_for(tmp_path, valkey.url)
    first = arriving(video_units(steady(30, 4), keyframe=every(2.0)), audio_units(4))
    second = arriving(video_units(steady(30, 4), keyframe=every(2.0)), audio_units(4))
    viewer = BusViewer(bus)
    states = set()
    async with Station(bus, tmp_path).open() as station, transcoder(settings) as (service, _):
        await warm(service)
        async with asyncio.timeout(40), asyncio.TaskGroup() as group:
            group.create_task(viewer.watch())
            await station.play(first, end=PublishEnd.SILENT)
            for _ in range(30):
                await asyncio.sleep(0.1)
                info = await bus.read(broadcast_key(CHANNEL), BroadcastInfo)
                states.add(info.state if info else None)
            assert BroadcastState.INTERRUPTED in states
            await station.play(second)
    viewer.check()
    assert len(viewer.video.discontinuities) == 2
    pictures = viewer.pictures()
    assert max(after[0] - before[0] for before, after in pairwise(pictures)) < 0.41
    assert max(viewer.waits(RenditionName.VIDEO)) < 3
    assert no_leaks() is not None


async def wait_for(condition: Callable[[], object], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_worker_that_hangs_is_replaced(no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus) -> None:
    video = video_units(steady(30, 12), keyframe=every(2.0))
    viewer = BusViewer(bus)
    async with Station(bus, tmp_path).open() as station, transcoder(settings_for(tmp_path, valkey.url)) as (service, _):
        await warm(service)
        async with asyncio.timeout(40), asyncio.TaskGroup() as group:
            group.create_task(viewer.watch())

            async def hang() -> None:
                await asyncio.sleep(4)
                os.kill(service.workers[CHANNEL].pid, signal.SIGSTOP)

            group.create_task(hang())
            await station.play(arriving(video, audio_units(12)))
    viewer.check()
    assert_whole(viewer)
    assert max(viewer.waits(RenditionName.VIDEO)) < 8
    assert no_leaks() is not None


@contextmanager
def starved(pid: int) -> Iterator[None]:
    """A process and its threads get next to nothing of one processor that others fill."""
    processor = min(os.sched_getaffinity(0))
    hogs = [
        subprocess.Popen([sys.executable, "-c", f"import os; os.sched_setaffinity(0, {{{processor}}})\nwhile True: pass"]) for _ in range(3)
    ]
    threads = [int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()]
    everywhere = os.sched_getaffinity(pid)
    try:
        for thread in threads:
            os.sched_setaffinity(thread, {processor})
            os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
        for thread in threads:
            with suppress(ProcessLookupError):
                os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
                os.sched_setaffinity(thread, everywhere)


@pytest.mark.alone
async def test_a_worker_that_gets_no_processor_is_not_taken_for_hung(no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus) -> None:
    video = video_units(steady(30, 14), keyframe=every(2.0))
    viewer = BusViewer(bus)
    async with Station(bus, tmp_path).open() as station, transcoder(settings_for(tmp_path, valkey.url)) as (service, _):
        await warm(service)
        async with asyncio.timeout(40), asyncio.TaskGroup() as group:
            group.create_task(viewer.watch())
            playing = group.create_task(station.play(arriving(video, audio_units(14))))
            await wait_for(lambda: CHANNEL in service.workers and service.workers[CHANNEL].sign.parts > 4)
            worker = service.workers[CHANNEL]
            with starved(worker.pid):
                await asyncio.sleep(6)
                parts = worker.sign.parts
            assert service.workers.get(CHANNEL) is worker
            await wait_for(lambda: worker.sign.parts > parts + 4)
            await playing
    viewer.check()
    assert not worker.hung
    assert max(viewer.waits(RenditionName.VIDEO)) > SILENCE, "the worker was not starved"
    assert no_leaks() is not None


async def test_a_channel_whose_workers_keep_dying_is_left_alone(no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus) -> None:
    video = video_units(steady(30, 20), keyframe=every(2.0))
    async with Station(bus, tmp_path).open() as station, transcoder(settings_for(tmp_path, valkey.url)) as (service, _):
        playing = asyncio.create_task(station.play(arriving(video)))
        killed: set[int] = set()
        while len(killed) < 3:
            await wait_for(lambda: CHANNEL in service.workers and service.workers[CHANNEL].pid not in killed)
            killed.add(service.workers[CHANNEL].pid)
            os.kill(service.workers[CHANNEL].pid, signal.SIGKILL)
        await wait_for(lambda: CHANNEL not in service.workers)
        await asyncio.sleep(2.5)
        assert CHANNEL not in service.workers
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
    assert no_leaks() is not None


async def test_a_worker_whose_lease_is_lost_says_nothing_more(no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus) -> None:
    video = video_units(steady(30, 12), keyframe=every(2.0))
    async with Station(bus, tmp_path).open() as station, transcoder(settings_for(tmp_path, valkey.url)) as (service, _):
        playing = asyncio.create_task(station.play(arriving(video, audio_units(12))))
        await wait_for(lambda: CHANNEL in service.workers and service.workers[CHANNEL].sign.parts > 4)
        await bus.release(f"transcode:{CHANNEL}", "transcoder-1")
        assert await bus.acquire(f"transcode:{CHANNEL}", "another", ttl=30) is not None
        info = await bus.read(broadcast_key(CHANNEL), BroadcastInfo)
        assert info is not None
        await wait_for(lambda: CHANNEL not in service.workers)
        before = len(await bus.window(info.broadcast))
        await asyncio.sleep(1.5)
        assert len(await bus.window(info.broadcast)) == before
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
    assert no_leaks() is not None


async def test_another_service_goes_on_with_the_broadcast_of_one_that_stopped(
    no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus
) -> None:
    settings = settings_for(tmp_path, valkey.url)
    video = video_units(steady(30, 12), keyframe=every(2.0))
    viewer = BusViewer(bus)
    async with Station(bus, tmp_path).open() as station, asyncio.timeout(40), asyncio.TaskGroup() as group:
        group.create_task(viewer.watch())
        async with transcoder(settings) as (service, _):
            await warm(service)
            playing = group.create_task(station.play(arriving(video, audio_units(12))))
            await wait_for(lambda: len(viewer.video.parts) > 6)
        async with transcoder(settings):
            await playing
            await wait_for(lambda: viewer.ended)
    viewer.check()
    assert_whole(viewer)
    assert viewer.video.discontinuities == []
    assert no_leaks() is not None


async def test_a_broadcast_nobody_comes_back_to_ends(no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus) -> None:
    viewer = BusViewer(bus)
    async with Station(bus, tmp_path).open() as station, transcoder(settings_for(tmp_path, valkey.url)) as (service, _):
        await warm(service)
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(viewer.watch())
            await station.play(arriving(audio_units(3)), BOTH[:1], end=None)
            ended = station.clock.monotonic()
        assert station.clock.monotonic() - ended > 5
        await wait_for(lambda: CHANNEL not in service.workers)
    assert viewer.video.parts == []
    waits = viewer.waits(RenditionName.AUDIO)
    assert max(waits) < 3
    assert no_leaks() is not None


async def test_a_service_that_is_killed_is_replaced_while_its_worker_goes_on(
    no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus
) -> None:
    settings = settings_for(tmp_path, valkey.url)
    video = video_units(steady(30, 16), keyframe=every(2.0))
    viewer = BusViewer(bus)
    orphan = await WorkerProcess.spare(SystemClock())
    token = await bus.acquire(f"transcode:{CHANNEL}", "a service that was killed", ttl=5)
    assert token is not None
    async with Station(bus, tmp_path).open() as station, asyncio.timeout(40), asyncio.TaskGroup() as group:
        group.create_task(viewer.watch())
        playing = group.create_task(station.play(arriving(video, audio_units(16))))
        await asyncio.sleep(0.3)
        assert orphan.stdin is not None
        orphan.stdin.write(encode_config(WorkerConfig(channel=CHANNEL, lease=f"transcode:{CHANNEL}", token=token, settings=settings)))
        await asyncio.sleep(2)
        orphan.stdin.close()
        async with transcoder(settings):
            await playing
            await wait_for(lambda: viewer.ended)
            await wait_for(lambda: not orphan.running)
    await orphan.stop()
    viewer.check()
    assert_whole(viewer)
    assert viewer.video.discontinuities == []
    assert no_leaks() is not None


async def test_a_bus_that_hangs_gets_everything_afterwards(no_leaks: Leaks, tmp_path: Path, valkey: Valkey, bus: Bus) -> None:
    video = video_units(steady(30, 12), keyframe=every(2.0))
    viewer = BusViewer(bus)
    settings = settings_for(tmp_path, valkey.url)
    async with (
        Station(bus, tmp_path).open() as station,
        transcoder(settings) as (service, _),
        asyncio.timeout(60),
        asyncio.TaskGroup() as group,
    ):
        await warm(service)
        group.create_task(viewer.watch())

        async def hang() -> None:
            await asyncio.sleep(4)
            os.kill(valkey.pid, signal.SIGSTOP)
            await asyncio.sleep(3)
            os.kill(valkey.pid, signal.SIGCONT)

        group.create_task(hang())
        await station.play(arriving(video, audio_units(12)))
    viewer.check()
    assert_whole(viewer)
    assert viewer.video.discontinuities == []
    assert no_leaks() is not None
