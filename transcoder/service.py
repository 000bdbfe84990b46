"""The transcoder role: one supervised worker process for each channel that has a publisher or a broadcast to go on with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge

from storage.bus.messages import BroadcastInfo, SessionInfo
from storage.clock import Clock
from storage.leases import Lease, hold
from storage.model.broadcast import BroadcastState
from storage.model.errors import Unavailable
from storage.model.ids import ChannelName
from storage.node import Node, Tasks
from storage.opening import Storage
from storage.settings import Settings
from transcoder.crashes import CRASHES, WINDOW, Crashes
from transcoder.process import WorkerProcess
from transcoder.worker import SUPERSEDED_STATUS, WorkerConfig

LEASE_TTL = 5.0
QUARANTINE = 120.0
"""Seconds a channel is left alone after too many crashes."""
_log = structlog.get_logger(__name__)


class TranscoderService:
    """Watches sessions and broadcasts, and keeps a worker for each whose lease we can get."""

    def __init__(
        self, settings: Settings, storage: Storage, clock: Clock, node: Node, tasks: Tasks, *, registry: CollectorRegistry
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._clock = clock
        self._node = node
        self._tasks = tasks
        self._running: dict[ChannelName, WorkerProcess | None] = {}
        self._quarantined: dict[ChannelName, float] = {}
        self._spare: WorkerProcess | None = None
        self._draining = False
        self._crashes = Counter("fanlight_transcoder_crashes_total", "Workers that ended without being told to.", registry=registry)
        self._hangs = Counter("fanlight_transcoder_hangs_total", "Of these, workers killed because they hung.", registry=registry)
        running = Gauge("fanlight_transcoder_workers", "Workers running.", registry=registry)
        running.set_function(lambda: len(self.workers))
        quarantined = Gauge("fanlight_transcoder_quarantined", "Channels left alone after repeated crashes.", registry=registry)
        quarantined.set_function(lambda: len(self._quarantined))
        parts = Gauge("fanlight_transcoder_parts", "Parts announced by the workers running now.", registry=registry)
        parts.set_function(lambda: sum(worker.sign.parts for worker in self.workers.values()))
        dropped = Gauge("fanlight_transcoder_dropped_units", "Units the workers running now did not get.", registry=registry)
        dropped.set_function(lambda: sum(worker.sign.dropped for worker in self.workers.values()))
        given_up = Gauge("fanlight_transcoder_objects_given_up", "Objects the store did not take in time.", registry=registry)
        given_up.set_function(lambda: sum(worker.sign.given_up for worker in self.workers.values()))
        self._collectors = (self._crashes, self._hangs, running, quarantined, parts, dropped, given_up)
        self._registry = registry

    @property
    def workers(self) -> dict[ChannelName, WorkerProcess]:
        """The workers running, by channel."""
        return {channel: worker for channel, worker in self._running.items() if worker is not None}

    async def run(self) -> None:
        """Watch until cancelled."""
        self._tasks.start("spare worker", self._keep_spare())
        async with self._storage.bus.changes(poll=1.0) as changes:
            async for channel in changes:
                await self._look(channel)

    async def drain(self) -> None:
        """Stop every worker; what they leave behind another node takes over."""
        self._draining = True
        spares = [self._spare.dismiss()] if self._spare else []
        await asyncio.gather(*(worker.stop() for worker in self.workers.values()), *spares)
        for collector in self._collectors:
            self._registry.unregister(collector)

    async def _look(self, hint: ChannelName | None) -> None:
        with suppress(Unavailable):
            for wanted in await self._wanted(hint):
                self._begin(wanted)

    async def _wanted(self, hint: ChannelName | None) -> set[ChannelName]:
        bus = self._storage.bus
        sessions = await bus.read_all("fl:session:", SessionInfo)
        broadcasts = await bus.read_all("fl:broadcast:", BroadcastInfo) if hint is None else []
        wanted = {session.channel for session in sessions}
        return wanted | {broadcast.channel for broadcast in broadcasts if broadcast.state is not BroadcastState.ENDED}

    def _begin(self, channel: ChannelName) -> None:
        if self._draining or channel in self._running:
            return
        until = self._quarantined.get(channel, 0.0)
        if until > self._clock.monotonic():
            return
        self._quarantined.pop(channel, None)
        self._running[channel] = None
        self._tasks.start(f"channel {channel}", self._supervise(channel))

    async def _supervise(self, channel: ChannelName) -> None:
        """Hold the channel's lease and keep a worker running until its broadcast is over."""
        name = f"transcode:{channel}"
        try:
            async with hold(self._storage.bus, self._clock, name, self._node.identifier, ttl=LEASE_TTL) as lease:
                if lease is not None:
                    await self._keep_worker(channel, name, lease)
        except Unavailable:
            pass
        finally:
            self._running.pop(channel, None)
        # A session that came while the last broadcast was put away has had its hint.
        await self._look(None)

    async def _keep_worker(self, channel: ChannelName, name: str, lease: Lease) -> None:
        config = WorkerConfig(channel=channel, lease=name, token=lease.token, settings=self._settings)
        crashes = Crashes()
        while not self._draining:
            worker = await self._take_spare()
            self._running[channel] = worker
            _log.info("worker_started", channel=channel, pid=worker.pid)
            status = await self._until_over(worker, config, lease)
            self._running[channel] = None
            if status in {0, SUPERSEDED_STATUS} or self._draining or lease.lost.is_set():
                _log.info("worker_over", channel=channel, pid=worker.pid, status=status)
                return
            now = self._clock.monotonic()
            crashes.add(now, hung=worker.hung)
            self._crashes.inc()
            self._hangs.inc(worker.hung)
            _log.error("worker_crashed", channel=channel, pid=worker.pid, status=status, hung=worker.hung)
            if crashes.too_many(now):
                self._quarantined[channel] = now + QUARANTINE
                reason = f"{CRASHES} crashes or {2 * CRASHES} hangs in {WINDOW:.0f} s"
                _log.error("channel_quarantined", channel=channel, reason=reason, seconds=QUARANTINE)
                return

    async def _until_over(self, worker: WorkerProcess, config: WorkerConfig, lease: Lease) -> int:
        async with asyncio.TaskGroup() as group:
            losing = group.create_task(self._stop_when_lost(worker, lease))
            try:
                return await worker.work(config)
            finally:
                losing.cancel()
                worker.kill()

    async def _stop_when_lost(self, worker: WorkerProcess, lease: Lease) -> None:
        await lease.lost.wait()
        await worker.stop()

    async def _take_spare(self) -> WorkerProcess:
        spare, self._spare = self._spare, None
        if spare is not None and spare.running:
            return spare
        return await WorkerProcess.spare(self._clock)

    async def _keep_spare(self) -> None:
        """Always one process that has everything loaded: a broadcast begins, or goes on after a crash, half a second sooner."""
        while not self._draining:
            if self._spare is None or not self._spare.running:
                self._spare = await WorkerProcess.spare(self._clock)
            await self._clock.sleep(0.5)


@asynccontextmanager
async def open_transcoder(
    settings: Settings, storage: Storage, clock: Clock, node: Node, *, registry: CollectorRegistry = REGISTRY
) -> AsyncIterator[TranscoderService]:
    """Be a transcoder until the block is left; then workers are stopped and leases given back."""
    async with Tasks("transcoder") as tasks:
        service = TranscoderService(settings, storage, clock, node, tasks, registry=registry)
        tasks.start("watch", service.run())
        try:
            yield service
        finally:
            await service.drain()
