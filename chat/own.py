"""What accounts did themselves in a room: how they reacted to its messages, and what they chose in its poll."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from chat.room import Room
from storage.model.ids import AccountId
from storage.opening import Storage
from storage.together import Together


@dataclass(frozen=True, slots=True)
class Own:
    """``reactions`` by message; ``voted`` is the option chosen in the room's poll."""

    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    voted: int | None = None


NOTHING_OWN = Own()


class OwnActs:
    """Of one room. Many who come in at once are one question, and none where there is nothing to react to or to vote on."""

    def __init__(self, storage: Storage, room: Room) -> None:
        self._storage = storage
        self._room = room
        self._together: Together[AccountId, Own] = Together(self._read)

    async def of(self, account: AccountId) -> Own:
        """What an account did. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        if self._room.poll is None and not self._room.tail.reacted():
            return NOTHING_OWN
        return await self._together.get(account) or NOTHING_OWN

    async def _read(self, accounts: Collection[AccountId]) -> Mapping[AccountId, Own]:
        reacted, poll = self._room.tail.reacted(), self._room.poll
        reactions = await self._storage.messages.reactions_of(accounts, reacted) if reacted else {}
        votes = await self._storage.polls.votes_of(accounts, poll.id) if poll is not None else {}
        return {account: Own(reactions.get(account, {}), votes.get(account)) for account in {*reactions, *votes}}
