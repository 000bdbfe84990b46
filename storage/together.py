"""What many ask for at the same moment is asked for once."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST = 500
"""Keys asked for at once."""


class Together(Generic[K, V]):
    """Gathers the keys that are asked for while others are being answered, and asks for all of them with one call of ``ask``."""

    def __init__(self, ask: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask = ask
        self._asking = asyncio.Lock()
        self._waiting: dict[K, _Question[V]] = {}

    async def get(self, key: K) -> V | None:
        """What ``ask`` says of a key, None if nothing; never what it said before the call.

        Raises what ``ask`` raises, also for those asked for just before: nobody waits twice for what does not answer.
        """
        while True:
            mine = self._waiting.setdefault(key, _Question())
            async with self._asking:
                while not mine.is_over:
                    await self._answer()
            if mine.error is not None:
                raise mine.error
            if mine.is_answered:
                return mine.answer

    async def _answer(self) -> None:
        """Answer those who came first."""
        asked = dict(list(self._waiting.items())[:MOST])
        # Who comes from now on wants to know what is true from now on.
        for key, question in asked.items():
            del self._waiting[key]
            question.is_over = True
        try:
            found = await self._ask(list(asked))
        except Exception as error:
            # Who came meanwhile has waited as long; to ask for them now could take as long again.
            late, self._waiting = self._waiting, {}
            for question in (*asked.values(), *late.values()):
                question.error, question.is_over = error, True
        else:
            for key, question in asked.items():
                question.answer, question.is_answered = found.get(key), True


class _Question(Generic[V]):
    """One key; over without an answer or an error where whoever asked was cancelled: then it is asked again."""

    def __init__(self) -> None:
        self.is_over = self.is_answered = False
        self.answer: V | None = None
        self.error: Exception | None = None
