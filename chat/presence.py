"""Who is in the rooms, counted over all nodes: each account once, however many sockets it has."""

from collections import OrderedDict
from collections.abc import Sequence

from chat.protocol import Presence, PresenceChanged
from chat.room import Room
from storage.bus.redis import Bus, Here
from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.model.ids import ChannelId, NodeId

TICK = 0.5
KEPT_SECONDS = 15.0
"""An account is taken to be there for so long after a node said so."""
REFRESH_SECONDS = 5.0
"""How often a node says who is in a large room, or in one no other node has, and hears it."""
SMALL_REFRESH_SECONDS = 2.0
SMALL_SECONDS = 1.0
"""How soon a small room is told that somebody of this node came or went."""
FEW = 50
"""Accounts a room may have to be small: then it is told their names."""
MOST_AT_ONCE = 1000
ROOMS_AT_ONCE = 50
MOST_LEFT = 10_000
"""Accounts of a room that left and are not told yet; further ones are forgotten by time."""


class _Told:
    """What this node knows and has told of one room."""

    __slots__ = ("due", "last", "left")

    def __init__(self) -> None:
        self.due = 0.0
        self.left: OrderedDict[str, None] = OrderedDict()
        self.last: Presence | None = None


class RoomPresence:
    """One for each node."""

    def __init__(self, bus: Bus, clock: Clock, node: NodeId) -> None:
        self._bus = bus
        self._clock = clock
        self._node = node
        self._rooms: dict[ChannelId, _Told] = {}

    def came(self, room: Room) -> None:
        """Somebody came in."""
        self._soon(room)

    def went(self, room: Room, name: str | None) -> None:
        """Somebody went: an account of that name whose last socket here it was, or a stranger."""
        told = self._soon(room)
        if name is not None and len(told.left) < MOST_LEFT:
            told.left[name] = None

    def of(self, room: Room) -> Presence:
        """Who is there, as far as is known."""
        told = self._rooms.get(room.channel.id)
        return told.last if told and told.last else self._local(room)

    def forget(self, room: Room) -> None:
        """The room is closed here; those who left are told once more by :meth:`refresh`."""
        self._rooms.pop(room.channel.id, None)

    async def refresh(self, rooms: Sequence[Room]) -> None:
        """Say who is here, hear who is there, and tell each room when that is something else than it was told."""
        for start in range(0, len(rooms), ROOMS_AT_ONCE):
            some = rooms[start : start + ROOMS_AT_ONCE]
            now = self._clock.monotonic()
            for room, present in zip(some, await self._ask(some), strict=True):
                self._tell(room, present, now)

    def _tell(self, room: Room, present: Presence, now: float) -> None:
        told = self._rooms.get(room.channel.id)
        if told is None:
            return
        small = present.names is not None
        told.due = now + (SMALL_REFRESH_SECONDS if small and room.alone_until < now else REFRESH_SECONDS)
        if present == told.last:
            return
        before, told.last = told.last, present
        joined: tuple[str, ...] = ()
        left: tuple[str, ...] = ()
        if small and room.settings.join_notices and before is not None and before.names is not None and present.names is not None:
            joined = tuple(sorted(set(present.names) - set(before.names)))
            left = tuple(sorted(set(before.names) - set(present.names)))
        room.tell_all(PresenceChanged(room=room.channel.name, present=present, joined=joined, left=left))

    def is_due(self, room: Room, now: float) -> bool:
        """Whether :meth:`refresh` should be called."""
        told = self._rooms.get(room.channel.id)
        return told is None or told.due <= now

    def _soon(self, room: Room) -> _Told:
        told = self._rooms.setdefault(room.channel.id, _Told())
        small = told.last is None or told.last.names is not None
        if small:
            told.due = min(told.due, self._clock.monotonic() + SMALL_SECONDS)
        return told

    async def _ask(self, rooms: Sequence[Room]) -> list[Presence]:
        said: list[Here] = []
        last: list[int] = []
        for room in rooms:
            said += self._here(room)
            last.append(len(said) - 1)
        try:
            found = await self._bus.present(self._node, said, few=FEW, ttl=KEPT_SECONDS)
        except Unavailable:
            return [self._local(room) for room in rooms]
        # What the last part of a room is answered counts the parts before it.
        return [Presence(accounts=one.accounts, strangers=one.strangers, names=one.names) for one in (found[place] for place in last)]

    def _here(self, room: Room) -> list[Here]:
        here = _names(room)
        told = self._rooms.setdefault(room.channel.id, _Told())
        gone = [name for name in told.left if name not in here]
        told.left.clear()
        names = sorted(here)
        parts = [names[start : start + MOST_AT_ONCE] for start in range(0, len(names), MOST_AT_ONCE)] or [[]]
        strangers = room.count_strangers()
        return [Here(room.channel.id, part, gone[:MOST_AT_ONCE] if part is parts[0] else (), strangers) for part in parts]

    @staticmethod
    def _local(room: Room) -> Presence:
        names = tuple(sorted(_names(room)))
        return Presence(accounts=len(names), strangers=room.count_strangers(), names=names if len(names) <= FEW else None)


def _names(room: Room) -> set[str]:
    found = (listener.socket.actor.account for listener in room.listeners.values())
    return {account.name for account in found if account is not None}
