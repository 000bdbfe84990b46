"""A bad path in user space: a UDP relay with a leaky bucket, delay and loss, between publishers and one media port."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

Address = tuple[str, int]


class BadPath(asyncio.DatagramProtocol):
    """``rate`` in bits a second (0: no limit) with ``queue`` seconds of drop-tail buffer, ``delay`` in seconds, ``loss`` a share of 1.

    All may be changed while it runs and hold for the way up; the way down is only delayed. ``dropped`` counts packets lost to
    chance or a full buffer.
    """

    def __init__(self, target: Address, *, rate: float = 0, delay: float = 0, loss: float = 0, queue: float = 0.3, seed: int = 1) -> None:
        self.target = target
        self.rate = rate
        self.delay = delay
        self.loss = loss
        self.queue = queue
        self.dropped = 0
        self.bytes = 0
        self._chance = random.Random(seed)
        self._free_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._ways: dict[Address, asyncio.DatagramTransport] = {}
        self._opening: dict[Address, list[bytes]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self._chance.random() < self.loss:
            self.dropped += 1
            return
        now = self._loop.time()
        wait = 0.0
        if self.rate:
            start = max(now, self._free_at)
            if start - now > self.queue:
                self.dropped += 1
                return
            self._free_at = start + (len(data) + 28) * 8 / self.rate
            wait = self._free_at - now
        self.bytes += len(data)
        self._loop.call_later(wait + self.delay, self._forward, data, addr)

    def _forward(self, data: bytes, source: Address) -> None:
        way = self._ways.get(source)
        if way is not None:
            if not way.is_closing():
                way.sendto(data)
        elif source in self._opening:
            self._opening[source].append(data)
        else:
            self._opening[source] = [data]
            self._tasks.append(self._loop.create_task(self._open(source)))

    async def _open(self, source: Address) -> None:
        way, _ = await self._loop.create_datagram_endpoint(lambda: _Back(self, source), remote_addr=self.target)
        self._ways[source] = way
        for data in self._opening.pop(source):
            way.sendto(data)

    def back(self, data: bytes, destination: Address) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            return
        if self.delay:
            self._loop.call_later(self.delay, self._send, data, destination)
        else:
            self._transport.sendto(data, destination)

    def _send(self, data: bytes, destination: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, destination)

    def close(self) -> None:
        assert self._transport is not None
        for transport in (self._transport, *self._ways.values()):
            transport.close()


class _Back(asyncio.DatagramProtocol):
    def __init__(self, path: BadPath, destination: Address) -> None:
        self._path = path
        self._destination = destination

    def datagram_received(self, data: bytes, addr: Address) -> None:
        del addr
        self._path.back(data, self._destination)


@asynccontextmanager
async def open_path(target: Address, **options: float) -> AsyncIterator[BadPath]:
    loop = asyncio.get_running_loop()
    _, path = await loop.create_datagram_endpoint(
        lambda: BadPath(target, **options),  # type: ignore[arg-type]
        local_addr=("127.0.0.1", 0),
    )
    try:
        yield path
    finally:
        path.close()
        # The loop closes the sockets in its next turn.
        await asyncio.sleep(0)
