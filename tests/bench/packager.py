"""CPU of a worker that passes a 2.5 Mbit/s 720p30 broadcast through: a recorded list of units, the real relay and bus, real time.

``python -m tests.bench.packager [seconds]`` prints one line per figure.
"""

import asyncio
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
from av.video.frame import VideoFrame

from storage.bus.redis import Bus
from storage.clock import SystemClock
from storage.model.media import AccessUnit
from tests.fixtures.valkey import Valkey
from tests.transcoder.media import arriving, audio_units, every, hum, plane, steady, video_units
from tests.transcoder.station import CHANNEL, BusViewer, Station, settings_for, transcoder

_noise = random.Random(1).randbytes(1 << 20)


def noisy(second: float, width: int, height: int) -> VideoFrame:
    """Moving stripes with a noisy band: about as hard as a talking head."""
    frame = plane(width, height, 90)
    target = frame.planes[0]
    stride = target.line_size
    at = int(second * 30) * 3571 % 500_000
    band = bytes(90 + (value >> 4) for value in _noise[at : at + stride * 64])
    row = bytes(60 + (x * 3 + int(second * 120)) % 120 for x in range(stride))
    target.update((band + row * height)[: target.buffer_size])
    return frame


def repeated(units: list[AccessUnit], turn: int, seconds: int, rate: int) -> Iterator[AccessUnit]:
    """The units once more, ``turn`` times ``seconds`` later."""
    for unit in units:
        yield replace(
            unit,
            sequence=len(units) * turn + unit.sequence,
            ticks=unit.ticks + turn * seconds * rate,
            capture_ns=unit.capture_ns + turn * seconds * 1_000_000_000,
        )


async def main(seconds: int) -> None:
    loop_seconds = 10
    options = {"b": "2500k", "maxrate": "2500k", "bufsize": "2500k", "preset": "ultrafast"}
    video = video_units(steady(30, loop_seconds), size=(1280, 720), keyframe=every(2.0), paint=noisy, options=options)
    rate = sum(len(unit.data) for unit in video) * 8 / loop_seconds
    rounds = -(-seconds // loop_seconds) + 1
    audio = audio_units(loop_seconds, tone=hum)
    long_video = [unit for turn in range(rounds) for unit in repeated(video, turn, loop_seconds, 90_000)]
    long_audio = [unit for turn in range(rounds) for unit in repeated(audio, turn, loop_seconds, 48_000)]
    with tempfile.TemporaryDirectory() as folder:
        server = Valkey(Path(folder))
        server.start()
        bus = Bus(server.url, SystemClock())
        try:
            async with Station(bus, Path(folder)).open() as station, transcoder(settings_for(Path(folder), server.url)) as (service, _):
                await asyncio.sleep(2)
                viewer = BusViewer(bus)
                async with asyncio.TaskGroup() as group:
                    watching = group.create_task(viewer.watch())
                    playing = group.create_task(station.play(arriving(long_video, long_audio)))
                    began = station.clock.monotonic()
                    while not viewer.video.parts:
                        await asyncio.sleep(0.01)
                    first = station.clock.monotonic() - began
                    await asyncio.sleep(5)
                    worker = psutil.Process(service.workers[CHANNEL].pid)
                    valkey = psutil.Process(server.pid)
                    before, wall = (sum(worker.cpu_times()[:2]), sum(valkey.cpu_times()[:2])), station.clock.monotonic()
                    await asyncio.sleep(seconds)
                    after, wall = (sum(worker.cpu_times()[:2]), sum(valkey.cpu_times()[:2])), station.clock.monotonic() - wall
                    memory = worker.memory_info().rss
                    playing.cancel()
                    watching.cancel()
            print(f"packager: bit rate of the picture           {rate / 1e6:.2f} Mbit/s")
            print(f"packager: first unit to first part seen     {first:.2f} s")
            print(f"packager: worker CPU, pass-through          {(after[0] - before[0]) / wall * 100:.2f} % of a core")
            print(f"packager: bus server CPU, with one reader   {(after[1] - before[1]) / wall * 100:.2f} % of a core")
            print(f"packager: worker memory                     {memory / 1e6:.0f} MB")
        finally:
            await bus.close()
            server.stop()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
