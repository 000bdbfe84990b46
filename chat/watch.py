"""What a room does by itself: a raid raises its shield, whose time comes down, and who looks like somebody banned is marked.

Nothing here holds up whoever comes in.
"""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass
from datetime import timedelta

import structlog

from chat.crowds import Crowds
from chat.evasion import Newcomer, network_digest, resemblance
from chat.known_bans import KnownBans
from chat.metrics import NEWCOMERS_PASSED_OVER
from chat.room import Room
from chat.team import Team
from storage.clock import Clock, utc_now
from storage.database.chat_members import Participant
from storage.model.channel import Channel
from storage.model.chat import Suspicion
from storage.model.errors import NotFound, Unavailable
from storage.node import Tasks, every

SHIELD_SECONDS = 1.0
MOST_WAITING = 500
"""Newcomers that may wait to be looked at; further ones are passed over, and counted."""

_log = structlog.get_logger("chat")


@dataclass(frozen=True, slots=True)
class _Arrival:
    channel: Channel
    version: int
    who: Participant
    address: str


class Watch:
    """One for each node."""

    def __init__(self, team: Team, clock: Clock) -> None:
        self._team = team
        self._clock = clock
        self._crowds = Crowds(team.storage.bus.newcomers(), clock, self._raise)
        self._waiting: deque[_Arrival] = deque()
        self._wake = asyncio.Event()
        # Digests are compared here and kept nowhere.
        self._secret = secrets.token_bytes(32)
        self._bans = KnownBans(team.storage, clock, self._secret)

    async def run(self) -> None:
        """Watch, until cancelled."""
        async with Tasks("watch") as tasks:
            tasks.start("shields", every(self._clock, SHIELD_SECONDS, self.lower_due, name="shields"))
            tasks.start("crowds", self._crowds.run())
            tasks.start("newcomers", self._look())
            await asyncio.Event().wait()

    def came(self, room: Room, who: Participant, address: str) -> None:
        """Somebody came in. Whoever wrote here before, or has a role here, is no newcomer."""
        standing = who.standing
        if who.member.first_at is not None or standing.role or standing.owner or standing.operator:
            return
        self._crowds.came(room, who.account.id)
        if len(self._waiting) >= MOST_WAITING:
            NEWCOMERS_PASSED_OVER.inc()
            return
        self._waiting.append(_Arrival(room.channel, room.version, who, address))
        self._wake.set()

    def calm(self, room: Room) -> None:
        """A shield came down: only those who come from now on count."""
        self._crowds.calm(room)

    async def lower_due(self) -> None:
        """Take shields down whose time is over. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        settings = self._team.records.settings
        for identifier in await settings.due():
            try:
                acted = await settings.lower_due(identifier)
                channel = await self._team.storage.channels.by_id(identifier)
            except NotFound:
                continue
            if acted is not None:
                await self._team.by_itself(channel, acted)

    async def _look(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                arrival = self._waiting.popleft()
                try:
                    await self._compare(arrival)
                except (NotFound, Unavailable) as error:
                    _log.info("newcomer_not_looked_at", reason=error.code)
                except Exception:
                    _log.exception("newcomer_not_looked_at")

    async def _raise(self, channel: Channel, seconds: float) -> None:
        until = utc_now(self._clock) + timedelta(seconds=seconds)
        acted = await self._team.records.settings.raise_shield(channel.id, until, by=None, reason="Many newcomers within a minute")
        await self._team.by_itself(channel, acted)

    async def _compare(self, arrival: _Arrival) -> None:
        channel, account = arrival.channel, arrival.who.account
        if arrival.who.member.suspicion is not Suspicion.NONE or arrival.who.standing.banned:
            return
        banned = await self._bans.of(channel.id, arrival.version)
        if not banned:
            return
        network = network_digest(self._secret, channel.id, arrival.address)
        newcomer = Newcomer(account.name, account.created_at, network)
        found = await asyncio.to_thread(resemblance, newcomer, banned, utc_now(self._clock))
        if found is None:
            return
        signs = ", ".join(sign.replace("_", " ") for sign in found.signs)
        acted = await self._team.records.restrictions.suspect_once(
            channel.id, account.id, f"Looks like {found.name}, who is banned: {signs}"
        )
        if acted is not None:
            await self._team.by_itself(channel, acted)
