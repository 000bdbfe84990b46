"""The ingest role: one UDP port, the sessions on it, their feeds, and what other nodes may ask."""

import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog
from prometheus_client import REGISTRY, CollectorRegistry

from ingest.addresses import WILDCARDS, Addresses
from ingest.feed import Feeds
from ingest.metrics import IngestMetrics
from ingest.peer import Identity
from ingest.port import MediaPort, open_port
from ingest.predecessors import forget_predecessors, remove_sockets
from ingest.publishers import Publishers
from ingest.registration import REFRESH, Registration
from ingest.relay import RelayServer
from storage.bus.messages import Call, EndCall, EndReply, PublishCall, Reply, StatisticsCall, TrickleCall
from storage.bus.redis import Bus
from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.node import Node, Tasks, every
from storage.opening import Storage
from storage.settings import Settings

DRAIN = 2.0
"""Seconds sessions may take to say good-bye when the role stops."""
_LONGEST_SOCKET_PATH = 100

_log = structlog.get_logger(__name__)


class Ingest:
    """A running ingest role."""

    def __init__(self, bus: Bus, port: MediaPort, publishers: Publishers, feeds: Feeds) -> None:
        self._bus = bus
        self.port = port
        self.publishers = publishers
        self.feeds = feeds

    async def answer(self, call: Call) -> Reply:
        """Answer a call from the bus. Raises ``FanlightError``."""
        match call:
            case PublishCall(channel=channel, offer=offer, by=by):
                return self.publishers.open(channel, offer, order=await self._bus.token(), by=by)
            case TrickleCall(session=session, channel=channel, fragment=fragment, if_match=if_match):
                return self.publishers.find(channel, session).trickle(fragment, if_match)
            case EndCall(session=session, channel=channel, reason=reason):
                self.publishers.find(channel, session).end(reason)
                return EndReply()
            case StatisticsCall(session=session):
                return self.publishers.find(None, session).statistics()


@asynccontextmanager
async def open_ingest(
    settings: Settings, storage: Storage, clock: Clock, node: Node, *, registry: CollectorRegistry = REGISTRY
) -> AsyncIterator[Ingest]:
    """Be an ingest node until the block is left; then sessions end ``DRAINED``. ``registry`` holds one node's metrics.

    Raises:
        Unavailable: ``PORT_TAKEN``.
    """
    addresses = Addresses(settings.announced_ips, settings.host)
    port = await open_port(addresses.bind, settings.media_port, addresses.admits)
    feeds = Feeds()
    relay = RelayServer(feeds.find, settings.secret, clock)
    path = None if settings.relay_port else _socket_path(settings, node)
    try:
        async with relay.serve(path=path, host=settings.host, port=settings.relay_port or None), Tasks("ingest") as tasks:
            registration = Registration(storage.bus, node)
            publishers = Publishers(
                tasks,
                port,
                Identity(),
                clock,
                node.identifier,
                announce=addresses.announce,
                relay=f"tcp:{_reachable(node.info.host)}:{relay.tcp_port}" if path is None else f"unix:{path}",
                capacity=settings.max_sessions,
                open_sink=feeds.open,
                on_change=registration.changed,
            )
            ingest = Ingest(storage.bus, port, publishers, feeds)
            metrics = IngestMetrics(port, publishers, relay)
            registry.register(metrics)
            node.describe(relay=publishers.relay, capacity=settings.max_sessions)
            with suppress(Unavailable):
                await forget_predecessors(storage.bus, node.identifier, publishers.relay)
            node.when_data_were_lost(lambda: registration.renew(publishers))
            tasks.start("announce", registration.announce(publishers))
            tasks.start("refresh", every(clock, REFRESH, lambda: registration.refresh(publishers), name="sessions"))
            tasks.start("calls", storage.bus.serve_calls(node.identifier, ingest.answer))
            _log.info("ingest_open", port=port.number, addresses=addresses.announce(), relay=publishers.relay)
            try:
                yield ingest
            finally:
                node.describe(draining=True)
                registry.unregister(metrics)
                await publishers.drain(DRAIN)
                await registration.tell(publishers)
    finally:
        port.close()


def _socket_path(settings: Settings, node: Node) -> Path:
    path = settings.data.absolute() / f"relay-{node.identifier}.sock"
    if len(str(path)) > _LONGEST_SOCKET_PATH:
        # A Unix socket's address has 108 bytes.
        return Path(tempfile.gettempdir()) / f"fanlight-{path.name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_sockets(path.parent)
    return path


def _reachable(host: str) -> str:
    return socket.gethostname() if host in WILDCARDS else host
