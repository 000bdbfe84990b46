"""Hypercorn's door: serve a Quart application for as long as a context lasts."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart

GRACE = 2.0
"""Seconds open requests get when the process stops."""
BACKLOG = 4096
"""Connections the system may hold until they are looked at; Linux takes no more unless told (``net.core.somaxconn``)."""

HEADERS_LIMIT = 32 * 1024
IDLE = 5.0
"""Seconds without a request, or with the headers of one half sent, after which a connection is closed."""
BODY = 10.0
"""Seconds the body of a request may take."""


@contextlib.asynccontextmanager
async def serving(app: Quart, *, host: str, port: int, certificate: str = "", key: str = "") -> AsyncIterator[None]:
    """Serve ``app`` on one TCP port; with ``certificate`` and ``key`` (PEM files) by TLS, then with HTTP/2 on offer.

    Raises:
        OSError: The port can't be had.
    """
    stop = asyncio.Event()
    app.config["BODY_TIMEOUT"] = BODY
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(app, _config(host, port, certificate, key), shutdown_trigger=stop.wait), name=f"http {port}")
        try:
            yield
        finally:
            stop.set()


def _config(host: str, port: int, certificate: str, key: str) -> Config:
    config = Config()
    config.bind = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"]
    config.alpn_protocols = ["http/1.1"]
    if certificate:
        config.certfile, config.keyfile = certificate, key
        config.alpn_protocols = ["h2", "http/1.1"]
    config.backlog = BACKLOG
    config.graceful_timeout = GRACE
    config.keep_alive_timeout = IDLE
    config.h11_max_incomplete_size = HEADERS_LIMIT
    config.h2_max_header_list_size = HEADERS_LIMIT
    config.include_server_header = False
    config.accesslog = None
    # Hypercorn's own words are warnings of ours at most; its "Running on ..." line is not news.
    log = logging.getLogger("hypercorn.error")
    log.setLevel(logging.WARNING)
    config.errorlog = log
    return config
