"""The workers that share an edge's port: whichever is asked for metrics has those of all of them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

DEADLINE = 1.0
"""Seconds a sibling has to tell its numbers; without them the others' are told alone."""
LONGEST = 4_194_304


@dataclass(frozen=True, slots=True)
class Siblings:
    """Worker ``number`` of ``count``. ``name`` is random: the workers of an edge find each other by it, as Linux's abstract sockets."""

    name: str
    number: int
    count: int

    @asynccontextmanager
    async def telling(self, own: Callable[[], bytes]) -> AsyncIterator[None]:
        """Tell siblings who ask our own numbers while the block runs."""

        async def tell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                writer.write(own())
                async with asyncio.timeout(DEADLINE):
                    await writer.drain()
            except (TimeoutError, ConnectionError):
                pass
            finally:
                writer.close()

        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self._address(self.number))
        async with await asyncio.start_unix_server(tell, sock=listening):
            yield

    async def everybody(self, own: bytes) -> bytes:
        """Our own numbers and those of our siblings that answer, told apart by the label ``worker``."""
        others = [number for number in range(self.count) if number != self.number]
        answers = await asyncio.gather(*(self._ask(number) for number in others))
        found = {self.number: own} | {number: text for number, text in zip(others, answers, strict=True) if text}
        return merge({str(number): found[number] for number in sorted(found)})

    async def _ask(self, number: int) -> bytes:
        asking = socket.socket(socket.AF_UNIX)
        asking.setblocking(False)
        try:
            async with asyncio.timeout(DEADLINE):
                await asyncio.get_running_loop().sock_connect(asking, self._address(number))
                reader, writer = await asyncio.open_unix_connection(sock=asking, limit=LONGEST)
                try:
                    return await reader.read(-1)
                finally:
                    writer.close()
        except (TimeoutError, OSError):
            asking.close()
            return b""

    def _address(self, number: int) -> bytes:
        return f"\0fanlight-edge-{self.name}-{number}".encode()


class _Merged(Collector):
    def __init__(self, families: Mapping[str, Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return list(self._families.values())


def merge(texts: Mapping[str, bytes]) -> bytes:
    """One exposition of several, by worker. Nothing is added up: Prometheus does that, and knows which worker was restarted."""
    families: dict[str, Metric] = {}
    for worker, text in texts.items():
        for family in text_string_to_metric_families(text.decode()):
            merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                merged.add_sample(sample.name, {"worker": worker, **sample.labels}, sample.value)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Merged(families))
    return generate_latest(registry)
