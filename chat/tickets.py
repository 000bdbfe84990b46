"""Who a socket is: its one-use ticket, and what that is bound to."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from storage.clock import Clock
from storage.model.account import EVERY_SCOPE, Actor
from storage.model.errors import ErrorCode, Refused, Unavailable
from storage.model.ids import RecordId
from storage.model.token import LEEWAY, Token, TokenType
from storage.opening import Storage
from storage.together import Together

SECONDS = 30.0
"""A ticket's life."""

TTL = SECONDS + 2 * LEEWAY.total_seconds()
"""Seconds after which a ticket is over by anybody's clock."""

MOST_USED = 100_000
"""Used tickets this node remembers itself; beyond that the one used longest ago is forgotten."""

SESSION, API_TOKEN = "session", "token"


@dataclass(frozen=True, slots=True)
class Bond:
    """What lets a socket be: a session (``kind`` is ``session``) or an API token (``token``)."""

    kind: str
    id: RecordId


def issue(storage: Storage, actor: Actor) -> str:
    """A ticket for who asks; empty for a stranger. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
    if actor.account is None:
        return ""
    bond = (SESSION, actor.session) if actor.session is not None else (API_TOKEN, actor.token)
    assert bond[1] is not None, "an account is there by a session or by a token"
    return storage.tokens.issue(TokenType.SOCKET, actor.account.id, SECONDS, bond=bond[0], of=bond[1])


class Tickets:
    """Takes tickets, each once, and looks after what they are bound to."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock
        self._used: OrderedDict[str, float] = OrderedDict()
        self._asked = Together(self.actors)
        self._elsewhere = Together(lambda tickets: storage.bus.use_tickets(tickets, ttl=TTL))

    async def redeem(self, ticket: str, address: str) -> tuple[Actor, Bond]:
        """Who shows a ticket.

        Raises:
            Refused: ``TOKEN_REFUSED``; it is over, was used, is not ours, or what it is bound to is over.
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        shown = self._storage.tokens.read(TokenType.SOCKET, ticket)
        await self._use(shown)
        bond = Bond(str(shown.claims.get("bond")), RecordId(str(shown.claims.get("of"))))
        actor = await self._asked.get(bond)
        if actor is None or actor.account is None or actor.account.id != shown.subject:
            raise _refused()
        return replace(actor, address=address), bond

    async def actors(self, bonds: Collection[Bond]) -> Mapping[Bond, Actor]:
        """Who each of at most 500 is bound to now; those that are over are left out. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        sessions = [bond.id for bond in bonds if bond.kind == SESSION]
        tokens = [bond.id for bond in bonds if bond.kind == API_TOKEN]
        found: dict[Bond, Actor] = {}
        if sessions:
            for session, account in (await self._storage.sessions.accounts(sessions)).items():
                found[Bond(SESSION, session)] = Actor(account, session=session, scopes=EVERY_SCOPE)
        if tokens:
            for token, (account, scopes) in (await self._storage.api_tokens.accounts(tokens)).items():
                found[Bond(API_TOKEN, token)] = Actor(account, scopes=scopes, token=token)
        return found

    async def _use(self, shown: Token) -> None:
        now = self._clock.unix_ns() / 1e9
        while self._used and (next(iter(self._used.values())) < now or len(self._used) >= MOST_USED):
            self._used.popitem(last=False)
        if shown.id in self._used:
            raise _refused()
        self._used[shown.id] = now + TTL
        try:
            first = await self._elsewhere.get(shown.id)
        except Unavailable:
            # The node remembers its own; another could be shown the same one while the bus is away, for as long as a ticket lives.
            return
        if not first:
            raise _refused()


def _refused() -> Refused:
    return Refused(ErrorCode.TOKEN_REFUSED, "The ticket is not valid.")
