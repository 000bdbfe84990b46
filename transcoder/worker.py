"""``python -m transcoder.worker``: one broadcast in a process of its own, started by :mod:`transcoder.service`.

One line of JSON on standard input says what to do, so that a spare process can wait warm; the end of standard input means
that the service is gone. Standard output carries a line of JSON with counters twice a second: a sign of life.
"""

import asyncio
import contextlib
import dataclasses
import gc
import os
import resource
import sys
from pathlib import Path
from typing import Any

import msgspec

from storage import log
from storage.bus.redis import Fence
from storage.clock import SystemClock
from storage.model.ids import ChannelName
from storage.node import Tasks, run
from storage.opening import open_storage
from storage.settings import Settings
from transcoder.job import Counters, Job, JobEnd

LIFE_SIGN = 0.5
DRAIN = 65.0
"""Seconds a worker may take to leave: the object store may need a minute to take a recording's end. Its service is less patient."""
ORPHAN = 15.0
"""Seconds a worker goes on without its service; by then another one has its lease, or there is none."""
MEMORY = 2 * 1024**3
"""Bytes of address space; a worker that passes 1080p through or encodes it needs a quarter of it."""
DESCRIPTORS = 256
SUPERSEDED_STATUS = 3
"""Exit status that says that another worker has the lease."""


class WorkerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is to do. ``settings`` holds secrets, so it travels through a pipe and nowhere else."""

    channel: ChannelName
    lease: str
    token: int
    settings: Settings


class LifeSign(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says twice a second; counts since its start. ``live`` where parts must come, whatever the source does."""

    units: int = 0
    dropped: int = 0
    parts: int = 0
    reconnects: int = 0
    given_up: int = 0
    live: bool = False


def encode_config(config: WorkerConfig) -> bytes:
    """One line for a worker's standard input."""
    return msgspec.json.encode(config, enc_hook=str) + b"\n"


def decode_config(line: bytes) -> WorkerConfig:
    """What :func:`encode_config` wrote."""

    def decode(kind: type[Any], value: object) -> object:
        return Path(str(value)) if issubclass(kind, Path) else value

    return msgspec.json.decode(line, type=WorkerConfig, dec_hook=decode)


def main() -> int:
    """Wait for the line, then be a worker. Returns the exit status."""
    line = bytearray()
    while not line.endswith(b"\n"):
        data = os.read(0, 65_536)
        if not data:
            return 0
        line += data
    config = decode_config(bytes(line))
    log.configure(level=config.settings.log_level, form=config.settings.log_format)
    gc.freeze()
    _limit_resources()
    ends: list[JobEnd] = []
    status = run(lambda stop: _work(config, stop, ends), drain=DRAIN)
    return SUPERSEDED_STATUS if ends == [JobEnd.SUPERSEDED] else status


def _limit_resources() -> None:
    """What comes in is a stranger's: a decoder gone wild takes this process with it, not the machine."""
    limits = {resource.RLIMIT_AS: MEMORY, resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: DESCRIPTORS}
    for kind, limit in limits.items():
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


async def _work(config: WorkerConfig, stop: asyncio.Event, ends: list[JobEnd]) -> None:
    clock = SystemClock()
    loop = asyncio.get_running_loop()
    loop.add_reader(0, lambda: None if os.read(0, 65_536) else _gone(loop, stop))
    async with open_storage(config.settings, clock) as storage, Tasks("worker") as tasks:
        job = Job(config.channel, Fence(config.lease, config.token), config.settings, storage, clock)
        os.set_blocking(1, False)
        tasks.start("life sign", _say_alive(job.counters, clock))
        ends.append(await job.run(stop))


def _gone(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """The service died. Until another took the lease, viewers are better off with us."""
    loop.remove_reader(0)
    loop.call_later(ORPHAN, stop.set)


async def _say_alive(counters: Counters, clock: SystemClock) -> None:
    while True:
        sign = LifeSign(**dataclasses.asdict(counters))
        # A service that does not read is not waited for.
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(1, msgspec.json.encode(sign) + b"\n")
        await clock.sleep(LIFE_SIGN)


if __name__ == "__main__":
    sys.exit(main())
