"""Worker processes as the service sees them: started warm, watched for signs of life, stopped with a deadline."""

import asyncio
import sys
from contextlib import suppress

import msgspec
import structlog

from storage.clock import Clock
from transcoder.worker import LifeSign, WorkerConfig, encode_config

SILENCE = 3.0
"""Seconds without a sign of life after which a worker is killed."""
STUCK = 8.0
"""Seconds without a part, though there should be, after which a worker is killed."""
STOP_DEADLINE = 4.5
_log = structlog.get_logger(__name__)
_decode = msgspec.json.Decoder(LifeSign).decode


class WorkerProcess:
    """One worker. ``sign`` is the newest sign of life."""

    def __init__(self, process: asyncio.subprocess.Process, clock: Clock) -> None:
        self._process = process
        self._clock = clock
        self._alive_at = self._moved_at = clock.monotonic()
        self.sign = LifeSign()

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
        self._alive_at = self._moved_at = self._clock.monotonic()
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
                self._alive_at = self._clock.monotonic()
                if sign.parts != self.sign.parts or not sign.live:
                    self._moved_at = self._alive_at
                self.sign = sign

    async def _watch(self, config: WorkerConfig) -> None:
        while True:
            await self._clock.sleep(0.5)
            now = self._clock.monotonic()
            if now - self._alive_at > SILENCE or now - self._moved_at > STUCK:
                _log.error("worker_hangs", channel=config.channel, pid=self.pid, silent=round(now - self._alive_at, 1))
                self.kill()
                return
