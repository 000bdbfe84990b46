"""Who somebody is in a room, remembered for a while: what changes it renews the room, except what comes by time or from elsewhere."""

from collections import OrderedDict
from collections.abc import Collection, Mapping

from storage.database.chat_members import Participant
from storage.model.ids import AccountId

BELIEVED_SECONDS = 30.0
"""How long what the database said is believed where it lets somebody do something."""
MOST_REMEMBERED = 5000
"""Participants remembered in one room; beyond that the one asked for longest ago is forgotten."""
_UNKNOWN: tuple[float, Participant | None] = (float("-inf"), None)


class People:
    """Participants of one room, with the time they were asked for; in seconds of a clock that does not step."""

    def __init__(self) -> None:
        self._known: OrderedDict[AccountId, tuple[float, Participant]] = OrderedDict()

    def known(self, accounts: Collection[AccountId], since: float) -> dict[AccountId, Participant]:
        """Those of the accounts that were asked for at ``since`` or later."""
        found = ((account, self._known.get(account)) for account in accounts)
        return {account: one[1] for account, one in found if one is not None and one[0] >= since}

    def one(self, account: AccountId, since: float) -> Participant | None:
        """The same of one account."""
        at, found = self._known.get(account, _UNKNOWN)
        return found if at >= since else None

    def learn(self, found: Mapping[AccountId, Participant], at: float) -> None:
        """The database was asked."""
        for account, one in found.items():
            self._known[account] = (at, one)
            self._known.move_to_end(account)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)

    def forget(self, account: AccountId | None = None) -> None:
        """One account, or everybody, may be somebody else by now."""
        if account is None:
            self._known.clear()
        else:
            self._known.pop(account, None)
