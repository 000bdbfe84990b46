"""Newcomers of rooms, counted over all nodes: a sorted set for each room, of accounts by when they first came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.bus.connection import Argument, Connection
from storage.bus.scripts import COUNT_NEWCOMERS
from storage.bus.topics import crowd_key, newcomers_key
from storage.chat.settings import MOST_NEWCOMERS
from storage.model.ids import ChannelId, new_broadcast_id


@dataclass(frozen=True, slots=True)
class CameIn:
    """What a node tells of one room.

    ``ages`` are seconds since each account came, ``most`` how many of all nodes make no crowd, ``quiet`` for how many seconds a crowd
    is not told again. Who came before the team took the shield down (``calm`` seconds ago) does not count any more.
    """

    channel: ChannelId
    ages: Mapping[str, float]
    most: int
    quiet: float
    calm: float | None = None


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many came to a room on all nodes; ``new`` where that is too many and no node was told so lately."""

    count: int
    new: bool


class Newcomers:
    """Every method raises ``Unavailable(BUS_UNAVAILABLE)``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asking = new_broadcast_id()

    async def count(self, rooms: Sequence[CameIn], *, window: float) -> list[Crowd]:
        """Tell who came, each counted for ``window`` seconds and once, and hear how many there are, in one round trip."""
        calls = [([newcomers_key(one.channel), crowd_key(one.channel)], self._arguments(one, window)) for one in rooms]
        answers = await self._connection.run_each(COUNT_NEWCOMERS, calls)
        # Until something is answered it is one question: what was answered too late is answered so again.
        self._asking = new_broadcast_id()
        return [_crowd(answer) for answer in answers]

    async def take_back(self, channel: ChannelId) -> None:
        """A crowd was told, but nothing could be done about it: it is told again when somebody else comes."""
        await self._connection.command("DEL", crowd_key(channel))

    def _arguments(self, one: CameIn, window: float) -> list[Argument]:
        arguments: list[Argument] = [_ms(window), MOST_NEWCOMERS, one.most, _ms(one.quiet), self._asking]
        arguments.append("" if one.calm is None else _ms(one.calm))
        for account, age in one.ages.items():
            arguments += [_ms(age), account]
        return arguments


def _crowd(answer: object) -> Crowd:
    assert isinstance(answer, list)
    count, new = answer
    return Crowd(count, bool(new))


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
