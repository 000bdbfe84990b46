"""The edge's process: Granian in this process's own event loop, and the edge beside it."""

import asyncio
import multiprocessing.connection
import os
import resource
import secrets
import signal
from contextlib import AsyncExitStack, suppress
from functools import partial

from storage import log
from storage.announced_keys import AnnouncedKeys
from storage.clock import SystemClock
from storage.model.errors import ErrorCode, Unavailable
from storage.node import Tasks, open_node, run
from storage.opening import open_storage
from storage.settings import Settings
from web.edge.app import Application
from web.edge.edge import Edge
from web.edge.front import Front
from web.edge.siblings import Siblings
from web.leash import hold

GRACE = 2.0
"""Seconds open connections get when the process stops."""


def serve(settings: Settings) -> None:
    """Be an edge until SIGTERM or SIGINT: its process's main function. With ``edge_workers`` above one, as many processes share the port.

    Raises:
        SystemExit: with a status other than 0 if it could not start or did not stop in time.
    """
    status = _serve_here(settings) if settings.edge_workers <= 1 else _serve_below(settings)
    if status:
        raise SystemExit(status)


def _serve_here(settings: Settings, siblings: Siblings | None = None) -> int:
    log.configure(level=settings.log_level, form=settings.log_format)
    # Each viewer is a file descriptor, and the usual soft limit is a thousand.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return run(partial(_main, settings, siblings))


async def _main(settings: Settings, siblings: Siblings | None, stop: asyncio.Event) -> None:
    clock = SystemClock()
    async with (
        open_storage(settings, clock) as storage,
        open_node(("edge",), storage.bus, clock, host=settings.host) as node,
        Tasks("edge") as tasks,
        AsyncExitStack() as stack,
    ):
        edge = Edge(bus=storage.bus, objects=storage.objects, tokens=storage.tokens, clock=clock, node=node.identifier, tasks=tasks)
        keys = AnnouncedKeys(storage.bus, storage.keys, clock)
        with suppress(Unavailable):
            await keys.refresh()
        tasks.start("signing keys", keys.run())
        node.when_data_were_lost(edge.announced_anew)
        application = Application(edge, target_duration=settings.target_duration, siblings=siblings)
        if siblings is not None:
            await stack.enter_async_context(siblings.telling(application.metrics))
        front = Front(settings, application)
        serving = tasks.start("http", front.serve())
        stopping = tasks.start("stop", stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            raise Unavailable(ErrorCode.INTERNAL, "The edge's web server ended by itself.")
        edge.close()
        front.stop()
        await asyncio.wait({serving}, timeout=GRACE)


def _serve_below(settings: Settings) -> int:
    """Start the workers, pass on signals, and end them all when one ends: the supervisor above us starts a new set."""
    context = multiprocessing.get_context("spawn")
    name, count = secrets.token_hex(8), settings.edge_workers
    workers = [
        context.Process(target=_worker, args=(settings, os.getpid(), Siblings(name, number, count)), name=f"edge-{number}")
        for number in range(count)
    ]
    stopping: list[int] = []

    def stop(number: int = signal.SIGTERM, _frame: object = None) -> None:
        # To a worker, a second signal means to hurry.
        if not stopping:
            stopping.append(number)
            for worker in workers:
                worker.terminate()

    for worker in workers:
        worker.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    multiprocessing.connection.wait([worker.sentinel for worker in workers])
    stop()
    for worker in workers:
        worker.join()
    return max(abs(worker.exitcode or 0) for worker in workers)


def _worker(settings: Settings, parent: int, siblings: Siblings) -> None:
    hold(parent)
    raise SystemExit(_serve_here(settings, siblings))
