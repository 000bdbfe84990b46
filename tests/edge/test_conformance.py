"""The conformance checker watches the edge serve a made-up broadcast in real time: nothing may be broken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.conformance.hls import watch
from tests.edge.process import EdgeProcess
from tests.edge.publisher import Publisher

pytestmark = pytest.mark.real_time


@asynccontextmanager
async def on_air(publisher: Publisher, seconds: float) -> AsyncIterator[asyncio.Task[None]]:
    """Broadcast in real time while the block runs."""
    async with asyncio.TaskGroup() as tasks:
        live = tasks.create_task(publisher.live(seconds))
        yield live
        live.cancel()


async def test_a_live_broadcast_breaks_no_rule(edge: EdgeProcess, publisher: Publisher) -> None:
    await publisher.segments(16)
    async with on_air(publisher, 60):
        report = await watch(f"{edge.url}{publisher.index}", seconds=9, jitter=4)
    assert report.low_latency
    assert report.parts > 40
    assert report.segments > 10
    assert not report.broken, str(report)


async def test_a_broadcast_that_ends_breaks_no_rule(edge: EdgeProcess, publisher: Publisher) -> None:
    await publisher.segments(2)
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch(f"{edge.url}{publisher.index}", seconds=30, jitter=4))
        await publisher.live(5.2)
        await publisher.end()
    report = watching.result()
    assert report.ended
    assert not report.broken, str(report)


@pytest.mark.parametrize("window", [20.0])
async def test_a_sliding_window_with_a_discontinuity_and_a_gap_breaks_no_rule(
    edge: EdgeProcess, publisher: Publisher, window: float
) -> None:
    publisher.window = window
    await publisher.announce()
    await publisher.segments(12)
    async with on_air(publisher, 60):
        report = await watch(f"{edge.url}{publisher.index}", seconds=7, jitter=4)
    assert not report.broken, str(report)
