"""The programs of a whole instance on one machine, and where each says that it is ready."""

import dataclasses
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from storage.bus.messages import NodeInfo
from storage.bus.redis import Bus
from storage.bus.topics import node_key
from storage.clock import Clock, SystemClock
from storage.embedded import server_command, server_url
from storage.model.errors import BadInput, ErrorCode, Unavailable
from storage.model.ids import NodeId
from storage.settings import Settings
from web.probe import probe
from web.supervisor import Program

ROLES = ("ingest", "transcoder", "chat", "web", "edge")
"""In the order they are started; they are stopped the other way round."""
WITHOUT_HTTP = ("ingest", "transcoder")
"""Have an operations port at most."""
BUS_SOCKET = "valkey.sock"
SOCKET_PATH_LIMIT = 100
"""Bytes; Linux allows 107 for a Unix socket's path (unix(7)), and the relay's name is of like length."""
CHATTER = ("Memory overcommit", "signal-handler", "ready to exit")
"""Said by Valkey at every start and stop, and of no use: nothing of it is ever saved."""
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
"""Where to reach a process of ours that listens on every address."""


def roles_of_one_machine(settings: Settings) -> tuple[str, ...]:
    """The roles ``fanlight up`` runs: the web role serves the realtime sockets itself unless others do."""
    return ROLES if settings.chat_url else tuple(role for role in ROLES if role != "chat")


def of_this_machine(settings: Settings) -> Settings:
    """The settings with the bus of ``fanlight up`` where they name none; asks nobody and makes nothing."""
    data = settings.data.resolve()
    return dataclasses.replace(settings, data=data, redis_url=settings.redis_url or server_url(data / BUS_SOCKET))


def local_url(settings: Settings, port: int) -> str:
    """Base address of one of our TCP ports as seen from this machine. The operations ports never speak TLS."""
    host = ANYWHERE.get(settings.host, settings.host)
    scheme = "https" if settings.tls_certificate and port in (settings.port, settings.edge_port, settings.chat_port) else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def operations_ports(settings: Settings, roles: Sequence[str]) -> dict[str, int]:
    """Where each role answers ``/readyz``; 0 where it does not."""
    first = settings.operations_port
    ports = {
        "web": settings.port,
        "edge": settings.edge_port,
        "chat": settings.chat_port,
        "ingest": first,
        "transcoder": first + 1 if first else 0,
    }
    return {role: ports[role] for role in roles}


def bus_program(data: Path, environment: Mapping[str, str], clock: Clock) -> Program:
    """The embedded bus server.

    Raises:
        BadInput: ``SETTINGS_INVALID``; the path of its socket is too long for the system.
    """
    socket = data / BUS_SOCKET
    if len(str(socket.resolve()).encode()) > SOCKET_PATH_LIMIT:
        raise BadInput(
            ErrorCode.SETTINGS_INVALID, f"The path {data.resolve()} is too long for sockets: set FANLIGHT_DATA to a shorter one."
        )

    async def ready() -> bool:
        bus = Bus(server_url(socket), clock)
        try:
            await bus.ping()
        except Unavailable:
            return False
        finally:
            await bus.close()
        return True

    return Program(name="valkey", command=server_command(socket), environment=environment, ready=ready, first=True, mute=CHATTER)


def role_program(role: str, settings: Settings, environment: Mapping[str, str]) -> Program:
    """One role as a process of its own."""
    port = operations_ports(settings, [role])[role]
    # The combination was checked by whoever starts the role; several on one machine may share its files.
    command = [sys.executable, "-m", "web", "node", "--roles", role, "--one-machine"]
    ready = _answers(local_url(settings, port)) if port else _found(role, settings) if role in WITHOUT_HTTP else None
    return Program(name=role, command=command, environment=environment, ready=ready)


def _answers(base: str) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        return (await probe(f"{base}/readyz")).status == 200

    return ready


def _found(role: str, settings: Settings) -> Callable[[], Awaitable[bool]]:
    """Without an address to ask: whether the role is on the bus, and takes sessions if that is its trade."""

    async def ready() -> bool:
        bus = Bus(settings.redis_url, SystemClock())
        try:
            nodes = await bus.read_all(node_key(NodeId("")), NodeInfo)
        except Unavailable:
            return False
        finally:
            await bus.close()
        return any(role in node.roles and (node.capacity or role != "ingest") for node in nodes)

    return ready
