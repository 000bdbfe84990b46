"""What goes to the sockets of other nodes: all that waits is told in one round trip, and everybody hears whether theirs got through."""

import asyncio
from collections import deque
from dataclasses import dataclass

from storage.bus.call_states import CallStates
from storage.model.errors import ErrorCode, Unavailable
from storage.model.ids import NodeId

MOST_AT_ONCE = 200
MOST_WAITING = 2000
"""Further ones are refused at once, to be sent again."""


@dataclass(frozen=True, slots=True)
class _Letter:
    node: NodeId
    data: bytes
    heard: "asyncio.Future[bool]"


class Post:
    """One for each node."""

    def __init__(self, states: CallStates) -> None:
        self._states = states
        self._letters: deque[_Letter] = deque()
        self._wake = asyncio.Event()

    async def send(self, node: NodeId, data: bytes) -> bool:
        """Tell a node; False if it does not listen. Raises ``Unavailable``: ``BUS_UNAVAILABLE``, ``SERVER_BUSY``."""
        if len(self._letters) >= MOST_WAITING:
            raise Unavailable(ErrorCode.SERVER_BUSY, "Too much waits to be told to other nodes. Try again.")
        letter = _Letter(node, data, asyncio.get_running_loop().create_future())
        self._letters.append(letter)
        self._wake.set()
        return await letter.heard

    async def run(self) -> None:
        """Tell what there is, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._letters:
                await self._tell([self._letters.popleft() for _ in range(min(MOST_AT_ONCE, len(self._letters)))])

    async def _tell(self, letters: list[_Letter]) -> None:
        try:
            heard = await self._states.tell([(letter.node, letter.data) for letter in letters])
        except Unavailable as error:
            for letter in letters:
                if not letter.heard.done():
                    letter.heard.set_exception(error)
            return
        for letter, got in zip(letters, heard, strict=True):
            if not letter.heard.done():
                letter.heard.set_result(got)
