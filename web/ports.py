"""Which ports an instance needs, and whether they can be had."""

import contextlib
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import psutil

from ingest.addresses import Addresses
from storage.model.errors import BadInput, ErrorCode
from storage.settings import Settings


@dataclass(frozen=True, slots=True)
class Port:
    """One port of ours at the address it is bound to. ``kind`` is ``TCP`` or ``UDP``, ``setting`` the variable that moves it."""

    kind: str
    host: str
    number: int
    setting: str

    @property
    def type(self) -> socket.SocketKind:
        """As :func:`socket.socket` wants it."""
        return socket.SOCK_DGRAM if self.kind == "UDP" else socket.SOCK_STREAM

    def __str__(self) -> str:
        return f"{self.kind} port {self.number}"


def needed(settings: Settings, roles: Collection[str]) -> list[Port]:
    """Every port the roles will bind; those set to 0 are off or chosen by the system."""
    host, operations = settings.host, settings.operations_port
    media = Addresses(settings.announced_ips, host).bind
    ports = {
        "web": [Port("TCP", host, settings.port, "FANLIGHT_PORT")],
        "edge": [Port("TCP", host, settings.edge_port, "FANLIGHT_EDGE_PORT")],
        "ingest": [
            Port("UDP", media, settings.media_port, "FANLIGHT_MEDIA_PORT"),
            Port("TCP", host, settings.relay_port, "FANLIGHT_RELAY_PORT"),
            Port("TCP", host, operations, "FANLIGHT_OPERATIONS_PORT"),
        ],
        "chat": [Port("TCP", host, settings.chat_port, "FANLIGHT_CHAT_PORT")],
        "transcoder": [Port("TCP", host, operations + 1 if operations else 0, "FANLIGHT_OPERATIONS_PORT")],
    }
    return [port for role, its in ports.items() if role in roles for port in its if port.number]


def bindable(port: Port) -> bool:
    """Whether the port can be bound right now. A port in TIME_WAIT can, one somebody listens on can't."""
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    with socket.socket(family, port.type) as probe:
        if port.type is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
        except OSError:
            return False
    return True


def holder(port: Port) -> str:
    """Who has the port, as ``name, process 123``; empty when the system does not tell us."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("inet"):
            ours = connection.laddr and connection.laddr.port == port.number and connection.type == port.type
            listens = port.type is socket.SOCK_DGRAM or connection.status == psutil.CONN_LISTEN
            if ours and listens and connection.pid:
                return f"{psutil.Process(connection.pid).name()}, process {connection.pid}"
    return ""


def require(ports: Sequence[Port]) -> None:
    """Refuse to start on a taken port.

    Raises:
        BadInput: ``PORT_TAKEN``, one sentence naming every taken port, who has it and what to do.
    """
    taken = [port for port in ports if not bindable(port)]
    if not taken:
        return
    named = " and ".join(f"{port} on {port.host} is taken{_by(port)}" for port in taken)
    settings = " and ".join(dict.fromkeys(f"{port.setting}={port.number + 100}" for port in taken))
    raise BadInput(ErrorCode.PORT_TAKEN, f"{named}: stop what uses it, or choose another, for example {settings}.")


def _by(port: Port) -> str:
    who = holder(port)
    return f" ({who})" if who else ""
