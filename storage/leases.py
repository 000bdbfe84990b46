"""Leases: who may do a thing that only one may do, kept as long as a block runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from storage.bus.redis import Bus, Fence
from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.node import Tasks

_log = structlog.get_logger(__name__)


class Lease:
    """A lease we hold until :attr:`lost` is set.

    While the bus is away nobody else can take it, so that alone is no loss; and if it was taken while only we could not see
    the bus, writes that show :attr:`fence` are refused. A bus that comes back without its data gets the lease back, same token.
    """

    def __init__(self, name: str, token: int) -> None:
        self.fence = Fence(name, token)
        self.lost = asyncio.Event()

    @property
    def token(self) -> int:
        """Greater than that of any holder before."""
        return self.fence.token


@asynccontextmanager
async def hold(bus: Bus, clock: Clock, name: str, holder: str, *, ttl: float) -> AsyncIterator[Lease | None]:
    """Hold a lease while the block runs, renewed three times in ``ttl`` seconds; None if somebody else has it.

    Raises:
        Unavailable: ``BUS_UNAVAILABLE``, at the start only.
    """
    generation = await bus.generation()
    token = await bus.acquire(name, holder, ttl=ttl)
    if token is None:
        yield None
        return
    lease = Lease(name, token)
    try:
        async with Tasks(f"lease {name}") as tasks:
            tasks.start("renew", _renew(bus, clock, lease, holder=holder, ttl=ttl, generation=generation))
            yield lease
    finally:
        if not lease.lost.is_set():
            with suppress(Unavailable):
                await bus.release(name, holder)


async def _renew(bus: Bus, clock: Clock, lease: Lease, *, holder: str, ttl: float, generation: str) -> None:
    while True:
        await clock.sleep(ttl / 3)
        with suppress(Unavailable):
            if not await bus.renew(lease.fence.lease, holder, ttl=ttl, token=lease.token, generation=generation):
                _log.warning("lease_lost", lease=lease.fence.lease, holder=holder)
                lease.lost.set()
                return
            # From now on only a newer generation means that the data were lost once more.
            generation = await bus.generation()
