"""The door to Granian: its server in this process, calling the application without a coroutine or task for a request that needs none.

RSGI's own way keeps a task, two coroutines and the request's head (which pins the 8 KiB it was read into) for as long as it is held,
and wakes the event loop for every request. See docs/decisions/0006-held-requests-without-tasks.md.
"""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.settings import Settings
from web.edge.app import Application
from web.edge.edge import MOST_WAITING
from web.edge.rsgi import Call

if TYPE_CHECKING:
    from granian.server.embed import Server

BACKLOG = 4096
BACKPRESSURE = 2 * MOST_WAITING
"""Requests Granian lets us work on at once: all that may wait, and as many again."""
HEADERS_LIMIT = 32 * 1024
"""Bytes a request's line and headers may have; hyper answers 431 to more (RFC 6585 section 5)."""
ALLOCATOR = "narenas:1,dirty_decay_ms:1000,muzzy_decay_ms:1000"
"""How Granian's allocator (jemalloc) gives memory back: as set by itself, a wave of viewers leaves its high-water mark behind for good."""


class Front:
    """Serves an application on the edge's port until it is stopped."""

    def __init__(self, settings: Settings, application: Application) -> None:
        self._application = application
        self._server = _server(settings, application)

    async def serve(self) -> None:
        """Serve until :meth:`stop`."""
        from granian.server.embed import AsyncWorker

        wrap: Callable[..., Any] = AsyncWorker.wrap_target
        await self._server.serve(wrap(_work))

    def stop(self) -> None:
        """Accept nothing more and finish what is under way."""
        end: Callable[[], None] = self._server.stop
        end()


def _server(settings: Settings, application: Application) -> "Server":
    # Read once, when the library is loaded.
    os.environ.setdefault("_RJEM_MALLOC_CONF", ALLOCATOR)
    from granian.constants import HTTPModes, Interfaces, SSLProtocols
    from granian.http import HTTP1Settings
    from granian.server.embed import Server

    return Server(
        application,
        address=settings.host,
        port=settings.edge_port,
        interface=Interfaces.RSGI,
        # Telling HTTP versions apart by a connection's first bytes costs 10 KiB a connection; with TLS the handshake has told.
        http=HTTPModes.auto if settings.tls_certificate else HTTPModes.http1,
        http1_settings=HTTP1Settings(max_buffer_size=HEADERS_LIMIT),
        websockets=False,
        backlog=BACKLOG,
        backpressure=BACKPRESSURE,
        log_enabled=False,
        ssl_cert=Path(settings.tls_certificate) if settings.tls_certificate else None,
        ssl_key=Path(settings.tls_key) if settings.tls_key else None,
        ssl_protocol_min=SSLProtocols.tls12,
    )


async def _work(number: int, stop: Any, application: Application, sockets: Any, loop: asyncio.AbstractEventLoop, *options: Any) -> None:
    """Granian's worker for RSGI, but for how it calls: ``options`` are what its own ``_spawn_rsgi_worker`` takes in this place."""
    from granian._granian import CallbackScheduler, RSGIWorker

    threads, runtime_blocking, blocking, idle, backpressure, _task, http, http1, http2, websockets, static, _log, tls, _scope = options
    # Both are more than the library's annotations know of.
    worker_type: Any = RSGIWorker
    scheduler_type: Any = CallbackScheduler
    ended: asyncio.Future[None] = loop.create_future()
    stop.add_cb(lambda: loop.call_soon_threadsafe(ended.set_result, None))
    sizes = (threads, runtime_blocking, blocking, idle, backpressure)
    worker = worker_type(number, sockets, None, *sizes, http, http1, http2, websockets, static, *tls, (None, None))
    scheduler = scheduler_type(loop, None, None, None, None)
    scheduler._schedule_fn = _caller(application, loop)  # noqa: SLF001 - how Granian's own schedulers say what to call
    worker.serve_async(scheduler, loop, stop)
    await ended


def _caller(application: Application, loop: asyncio.AbstractEventLoop) -> Any:
    at_once, begin, later = application.at_once, application.begin, loop.call_soon_threadsafe

    def call(request: Call) -> None:
        """Called by Granian in its one thread for Python, where nobody would see an error."""
        try:
            scope, exchange = request.scope, request.proto
            if not at_once(scope, exchange):
                later(begin, scope, exchange)
        except BaseException as error:
            request.err(error)

    return call
