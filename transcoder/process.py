"""Worker processes as the service sees them: started warm, watched for signs of life, stopped with a deadline."""

import asyncio
import sys
from contextlib import suppress

import msgspec
import structlog

from storage.clock import Clock
from transcoder.patience import Patience, fair, usage
from transcoder.worker import LifeSign, WorkerConfig, encode_config

LOOK = 0.5
"""Seconds between two looks at a worker."""
STOP_DEADLINE = 4.5
_log = structlog.get_logger(__name__)
_decode = msgspec.json.Decoder(LifeSign).decode


class WorkerProcess:
    """One worker. ``sign`` is the newest sign of life; ``hung`` says that it was killed because there were none."""

    def __init__(self, process: asyncio.subprocess.Process, clock: Clock) -> None:
        self._process = process
        self._clock = clock
        self._patience = Patience()
        self.sign = LifeSign()
        self.hung = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def stdin(self) -> asyncio.StreamWriter | None:
        """Where it is told what to do; its end tells it that we are gone."""
        return self._process.stdin

    @property
    def running(self) -> bool:
        """Whether it has not exited."""
        return self._process.returncode is None

    @staticmethod
    async def spare(clock: Clock) -> "WorkerProcess":
        """Start one that waits for work."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "transcoder.worker", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        return WorkerProcess(process, clock)

    async def work(self, config: WorkerConfig) -> int:
        """Give it work and wait until it exits; a worker that gives no sign of life is killed. Returns its exit status."""
        assert self._process.stdin is not None
        with suppress(ConnectionError):
            self._process.stdin.write(encode_config(config))
            await self._process.stdin.drain()
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen())
            watching = group.create_task(self._watch(config))
            status = await self._process.wait()
            watching.cancel()
            listening.cancel()
        return status

    async def stop(self) -> None:
        """Tell it to stop, and make it after a while."""
        if not self.running:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_DEADLINE):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()

    async def dismiss(self) -> None:
        """Let a spare go: the end of its standard input."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self.stop()

    def kill(self) -> None:
        """End it the hard way."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            with suppress(msgspec.MsgspecError):
                sign = _decode(line)
                self._patience.heard(moved=sign.parts != self.sign.parts or not sign.live)
                self.sign = sign

    async def _watch(self, config: WorkerConfig) -> None:
        looked, before = self._clock.monotonic(), usage(self.pid)
        while not self._patience.over:
            await self._clock.sleep(LOOK)
            now, after = self._clock.monotonic(), usage(self.pid)
            wall = now - looked
            self._patience.passed(wall, fair(wall, wall - LOOK, before, after))
            looked, before = now, after
        self.hung = True
        silent, waited = round(self._patience.silent, 1), round(self._patience.waited, 1)
        _log.error("worker_hangs", channel=config.channel, pid=self.pid, silent=silent, waited=waited, stuck=round(self._patience.stuck, 1))
        self.kill()
