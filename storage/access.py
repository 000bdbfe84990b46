"""The gate through which somebody's request reaches a channel."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from storage.clock import Clock
from storage.model.account import AccountState, Actor, Scope
from storage.model.channel import STRANGER_STANDING, Channel, Standing
from storage.model.errors import BadInput, ErrorCode, NotFound, Refused
from storage.model.ids import AccountId, ChannelName, channel_name
from storage.model.permission import READS, SCOPES, Action, Verdict, may_act_on, verdict

if TYPE_CHECKING:
    from storage.database.standings import StandingRepository
    from storage.database.stream_keys import Publisher, StreamKeyRepository

__all__ = ["Access", "Action", "Granted", "channel_for_publisher", "limited"]

REMEMBERED_SECONDS = 1.0
"""What somebody is to a channel is asked again after this; a role that is taken ends everywhere within it."""
MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Granted:
    """A channel somebody may do a thing with, and what they are to it."""

    channel: Channel
    standing: Standing = STRANGER_STANDING

    def may(self, action: Action) -> bool:
        """Whether the same actor may do this other thing, too."""
        return verdict(action, self.channel.visibility, self.standing) is Verdict.ALLOWED


class Access:
    """Asks the database who somebody is to a channel, and the table of :mod:`storage.model.permission` what that allows."""

    def __init__(self, standings: "StandingRepository", clock: Clock) -> None:
        self._standings = standings
        self._clock = clock
        self._known: OrderedDict[tuple[AccountId | None, ChannelName], tuple[float, tuple[Channel, Standing] | None]] = OrderedDict()

    async def require(self, actor: Actor, action: Action, channel: str, *, fresh: bool = False) -> Granted:
        """The channel of that name, if the actor may do this with it. ``fresh`` asks the database whatever is remembered.

        Raises:
            NotFound: ``CHANNEL_NOT_FOUND``; there is none, or none the actor may know of: nothing tells which.
            Refused: ``SIGN_IN_REQUIRED``, ``NOT_ALLOWED``, ``SCOPE_REQUIRED``, ``CHANNEL_PASSWORD_REQUIRED``.
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        try:
            name = channel_name(channel)
        except BadInput:
            raise _absent() from None
        found = await self._find(actor, name, fresh=fresh)
        if found is None:
            raise _absent()
        record, standing = found
        seen = limited(record, standing, actor, action)
        said = verdict(action, record.visibility, seen)
        if said is Verdict.ALLOWED and action not in READS and not SCOPES[action] & actor.scopes:
            raise Refused(ErrorCode.SCOPE_REQUIRED, f"The token lacks the scope {' or '.join(sorted(SCOPES[action]))}.")
        if said is not Verdict.ALLOWED:
            raise _refusal(said, actor)
        return Granted(record, seen)

    async def several(self, actor: Actor, action: Action, channels: Sequence[ChannelName]) -> dict[ChannelName, Granted]:
        """Those of at most 500 channels the actor may do this with. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        account = _account(actor)
        now = self._clock.monotonic()
        found: dict[ChannelName, tuple[Channel, Standing]] = {}
        missing = []
        for name in channels:
            known = self._known.get((account, name))
            if known is None or known[0] <= now:
                missing.append(name)
            elif known[1] is not None:
                found[name] = known[1]
        if missing:
            asked = await self._standings.of_several(account, missing)
            for name in missing:
                self._keep((account, name), asked.get(name))
            found |= asked
        granted = {}
        for name, (record, standing) in found.items():
            seen = limited(record, standing, actor, action)
            if verdict(action, record.visibility, seen) is Verdict.ALLOWED:
                granted[name] = Granted(record, seen)
        return granted

    async def require_over(self, granted: Granted, other: AccountId) -> None:
        """That who moderates a channel may act on an account there. Raises ``Refused(NOT_ALLOWED)``."""
        found = await self._standings.of(other, granted.channel.name)
        if found is None or not may_act_on(granted.standing, found[1]):
            raise Refused(ErrorCode.NOT_ALLOWED, "You may not act on this account here.")

    def forget(self, *channels: ChannelName) -> None:
        """A channel, or what somebody is to it, was changed: ask anew."""
        gone: Iterable[tuple[AccountId | None, ChannelName]] = [key for key in self._known if key[1] in channels]
        for key in gone:
            del self._known[key]

    async def _find(self, actor: Actor, name: ChannelName, *, fresh: bool) -> tuple[Channel, Standing] | None:
        key = (_account(actor), name)
        known = None if fresh else self._known.get(key)
        if known is not None and known[0] > self._clock.monotonic():
            return known[1]
        found = await self._standings.of(*key)
        self._keep(key, found)
        return found

    def _keep(self, key: tuple[AccountId | None, ChannelName], found: tuple[Channel, Standing] | None) -> None:
        self._known[key] = (self._clock.monotonic() + REMEMBERED_SECONDS, found)
        self._known.move_to_end(key)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)


async def channel_for_publisher(keys: "StreamKeyRepository", name: str, key: str | None) -> "Publisher":
    """The channel that ``key`` lets its holder publish to.

    Raises:
        BadInput: ``CHANNEL_NAME_INVALID``.
        Refused: ``KEY_MISSING``, or ``KEY_REFUSED``: a wrong key and an unknown channel look the same.
        Unavailable: ``DATABASE_UNAVAILABLE``.
    """
    checked = channel_name(name)
    if not key:
        raise Refused(ErrorCode.KEY_MISSING, "Publishing needs the channel's stream key as a bearer token.")
    return await keys.verify(checked, key)


def _account(actor: Actor) -> AccountId | None:
    return actor.account.id if actor.account is not None and actor.account.state is AccountState.ACTIVE else None


def limited(channel: Channel, standing: Standing, actor: Actor, action: Action) -> Standing:
    """What the actor's token makes of the account's standing."""
    if action in READS and not SCOPES[action] & actor.scopes:
        return STRANGER_STANDING
    if not standing.operator:
        return standing
    if Scope.ADMIN not in actor.scopes:
        return replace(standing, operator=False)
    # What the operator made by command is the operators'.
    return replace(standing, owner=True) if channel.owner is None else standing


def _absent() -> NotFound:
    return NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.")


def _refusal(said: Verdict, actor: Actor) -> NotFound | Refused:
    if said is Verdict.HIDDEN:
        return _absent()
    if said is Verdict.PASSWORD:
        return Refused(ErrorCode.CHANNEL_PASSWORD_REQUIRED, "This channel opens with a password.")
    if said is Verdict.SIGN_IN or actor.account is None:
        return Refused(ErrorCode.SIGN_IN_REQUIRED, "Sign in to do this.")
    return Refused(ErrorCode.NOT_ALLOWED, "You may not do this here.")
