"""What a killed ingest node leaves behind: a socket nobody listens on, and a registration that outlives it by seconds."""

import socket
from pathlib import Path

import structlog

from storage.bus.messages import NodeInfo
from storage.bus.redis import Bus
from storage.bus.topics import node_key
from storage.model.ids import NodeId

_UNIX = "unix:"
_log = structlog.get_logger(__name__)


def listening(path: Path) -> bool:
    """False for what a killed process left behind."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
    return True


def remove_sockets(folder: Path) -> None:
    """Remove the relays' sockets that nobody listens on."""
    for path in folder.glob("relay-*.sock"):
        if not listening(path):
            path.unlink(missing_ok=True)


async def forget_predecessors(bus: Bus, node: NodeId, relay: str) -> None:
    """Take nodes off the bus whose place we have: until then sessions are looked for, and opened, on them.

    Such a node has our relay's TCP address, or a socket beside ours that nobody listens on. Raises ``Unavailable``.
    """
    for other in await bus.read_all(node_key(NodeId("")), NodeInfo):
        if other.node != node and other.relay and _is_gone(other.relay, relay):
            _log.info("predecessor_forgotten", node=node, predecessor=other.node)
            await bus.forget(node_key(other.node))


def _is_gone(relay: str, ours: str) -> bool:
    if not (relay.startswith(_UNIX) and ours.startswith(_UNIX)):
        return relay == ours
    path, beside = Path(relay.removeprefix(_UNIX)), Path(ours.removeprefix(_UNIX))
    return path.parent == beside.parent and path != beside and not (path.exists() and listening(path))
