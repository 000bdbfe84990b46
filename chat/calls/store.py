"""The states of calls on the bus: read, and changed so that nobody's change is lost."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from chat.calls.call import State
from storage.bus.call_states import CallEntry, CallStates
from storage.model.errors import ErrorCode, Unavailable
from storage.model.ids import CallId

TRIES = 12
"""How often a change is judged anew because others changed the call meanwhile."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(State).decode


@dataclass(frozen=True, slots=True)
class Moment:
    """A call at ``now`` (Unix milliseconds of the bus's clock). ``state`` is None where the bus knows nothing of it."""

    version: int
    state: State | None
    now: int
    beats: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change made of a call; both are the same where nothing had to be changed."""

    before: State
    after: State
    version: int


Change = Callable[[State, Moment], State]
"""Makes a state of another; judged anew where others were faster. May raise a FanlightError."""


class CallStore:
    """One for each node."""

    def __init__(self, states: CallStates) -> None:
        self._states = states

    async def read(self, call: CallId, *, beat: bool = False) -> Moment:
        """How a call is. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
        return _moment(await self._states.read(call, beat=beat))

    async def change(self, call: CallId, change: Change) -> Changed:
        """Change a call.

        Raises:
            FanlightError: what ``change`` raises.
            Unavailable: ``BUS_UNAVAILABLE``, it may have been changed; ``SERVER_BUSY``.
        """
        for _ in range(TRIES):
            entry = await self._states.read(call, beat=False)
            moment = _moment(entry)
            before = moment.state or State(run=secrets.token_hex(8))
            after = change(before, moment)
            if after == moment.state:
                return Changed(before, after, entry.version)
            version = await self._states.write(call, entry, _encode(after))
            if version is not None:
                return Changed(before, after, version)
        raise Unavailable(ErrorCode.SERVER_BUSY, "The call changes too fast. Try again.")


def _moment(entry: CallEntry) -> Moment:
    state = None
    if entry.state is not None:
        try:
            state = _decode(entry.state)
        except msgspec.MsgspecError as error:
            raise Unavailable(ErrorCode.BUS_UNAVAILABLE, "A call is kept in a form this release does not understand.") from error
    return Moment(entry.version, state, entry.now, entry.beats)
