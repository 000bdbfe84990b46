"""Tells rooms how their polls stand: at most once a second however many vote, and when one runs out."""

from contextlib import suppress

from storage.clock import Clock
from storage.model.errors import Unavailable
from storage.model.ids import AccountId, ChannelId
from storage.node import every
from storage.opening import Storage

TELL_EVERY = 1.0
MOST_VOTED = 10_000
"""Rooms of this node that wait to be told; the votes of further ones are told when somebody else votes there."""


class Polls:
    """One for each node. Several may tell of the same poll: each time it is told as it stands."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._voted: dict[ChannelId, None] = {}

    async def vote(self, channel: ChannelId, account: AccountId, poll: str, option: int) -> None:
        """Count a vote. Raises ``Conflict(POLL_CLOSED)``, ``Unavailable(DATABASE_UNAVAILABLE)``."""
        await self._storage.polls.vote(channel, account, poll, option)
        if len(self._voted) < MOST_VOTED:
            self._voted[channel] = None

    async def run(self) -> None:
        """Tell, for ever."""
        await every(self._clock, TELL_EVERY, self.tell, name="polls")

    async def tell(self) -> None:
        """Tell the rooms somebody voted in since, and those whose poll ran out. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        for channel in await self._storage.polls.due():
            self._voted.setdefault(channel)
        while self._voted:
            channel = next(iter(self._voted))
            hint = await self._storage.polls.tell(channel)
            # Forgotten only now: what a database that is away did not take is told when it is back.
            del self._voted[channel]
            if hint is not None:
                with suppress(Unavailable):
                    await self._storage.bus.tell_room(hint)
