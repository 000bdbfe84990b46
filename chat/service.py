"""What chat is made of: the rooms, and the sockets their frames come from."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chat.calls.call import Seat
from chat.calls.frames import Relays
from chat.calls.relays import RelayServers
from chat.calls.service import Calls
from chat.classifier import open_classifier
from chat.command_runner import CommandRunner
from chat.connection import CALL_PACE, PACE
from chat.descriptors import raise_limit
from chat.rooms import Rooms
from chat.server import SPARE, SocketLimits, SocketServer
from chat.team import Team
from chat.tickets import Tickets
from chat.watch import Watch
from storage.clock import Clock
from storage.limits import Limit
from storage.model.call import Call
from storage.node import Node, Tasks
from storage.opening import Storage
from storage.rate_limits import RateLimits
from storage.settings import Settings

OTHER_FILES = 500
"""Open files a process has beside its sockets: databases, buses, requests."""


UNLIMITED = 100.0
"""Times the usual pace of frames where an operator took the limits away: one client must not have the process to itself."""


@asynccontextmanager
async def open_chat(settings: Settings, storage: Storage, clock: Clock, node: Node) -> AsyncIterator[SocketServer]:
    """The chat of this node. Whoever serves its sockets drains them before this is left."""
    rates = RateLimits(storage.bus, clock, factor=settings.rate_limits)
    team = Team(storage)
    async with (
        open_classifier(settings.classifier_url, clock) as classifier,
        storage.bus.room_hints() as hints,
        storage.bus.call_messages(node.identifier) as messages,
        Tasks("chat") as tasks,
    ):
        rooms = Rooms(
            storage,
            clock,
            node.identifier,
            hints=hints,
            rates=rates,
            commands=CommandRunner(team, clock),
            watch=Watch(team, clock),
            classifier=classifier,
        )
        servers = RelayServers.of(settings)

        def relaying(call: Call, seat: Seat) -> Relays:
            now = clock.unix_ns() / 1_000_000_000
            return servers.told(call.relay_only, guest=not seat.account_id, call=call.id, seat=seat.seat, now=now)

        calls = Calls(
            rooms,
            storage,
            clock,
            node.identifier,
            states=storage.bus.call_states(node.identifier),
            messages=messages,
            rates=rates,
            relaying=relaying,
        )
        server = SocketServer(calls, Tickets(storage, clock), limits(settings, raise_limit()), clock, tasks)
        tasks.start("rooms", rooms.run())
        tasks.start("calls", calls.run())
        tasks.start("look", server.look())
        tasks.start("recheck", server.recheck())
        tasks.start("revocations", server.hear(storage.bus))
        yield server


def limits(settings: Settings, files: int) -> SocketLimits:
    """What the settings say of sockets, and the system of open files."""
    factor = settings.rate_limits or UNLIMITED
    pace, call_pace = (Limit(one.name, max(1, round(one.count * factor)), one.seconds, shared=False) for one in (PACE, CALL_PACE))
    return SocketLimits(
        node=max(1, min(settings.chat_sockets, files - SPARE - OTHER_FILES)),
        address=settings.chat_sockets_per_address,
        account=settings.chat_sockets_per_account,
        strangers=settings.chat_strangers,
        pace=pace,
        call_pace=call_pace,
    )
