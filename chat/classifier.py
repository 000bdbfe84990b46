"""Who says how bad a message is: the built-in engine, or a program of the operator's that is asked by HTTP.

Asked is ``FANLIGHT_CLASSIFIER_URL`` with ``POST {"text": "...", "categories": ["harassment", ...]}``; it answers
``{"scores": {"harassment": 3}}``, 0 for nothing to 4 for the worst. What it does not say in time, or wrongly, the built-in engine says.
The address is the operator's own setting and may lead into private networks; redirections are not followed.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Protocol, Self

import httpx
import msgspec
import structlog
from prometheus_client import Counter

from storage.chat.settings import HIGHEST_LEVEL, Category
from storage.clock import Clock

DEADLINE = 0.3
"""Seconds a message waits for an answer."""
MOST_AT_ONCE = 64
"""Questions at a time; beyond it the built-in engine is asked, at once."""
FAILURES = 5
"""So many failures in a row, and nothing is asked for :data:`PAUSE` seconds; then one question tries."""
PAUSE = 10.0
LARGEST_ANSWER = 16 * 1024

CLASSIFIED = Counter("fanlight_chat_classified", "Messages given to the external classifier, by what became of it.", ["outcome"])

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}

log = structlog.get_logger()


class Classifier(Protocol):
    """Says how bad a message is."""

    async def scores(self, text: str) -> Mapping[Category, int] | None:
        """Of each category 0 to 4; None where the built-in engine is to say (see ``chat.rules.Draft.scores``). Never raises."""


class BuiltIn:
    """Leaves it to the built-in engine."""

    async def scores(self, text: str) -> Mapping[Category, int] | None:  # noqa: ARG002 - the protocol's name
        """See :class:`Classifier`."""
        return None


class _Answer(msgspec.Struct):
    scores: dict[Category, Annotated[int, msgspec.Meta(ge=0, le=HIGHEST_LEVEL)]]


_answer = msgspec.json.Decoder(_Answer)


class External:
    """Asks by HTTP. Use it as an async context manager, so that its connections are closed."""

    def __init__(self, url: str, clock: Clock, *, deadline: float = DEADLINE) -> None:
        self._url = url
        self._clock = clock
        self._deadline = deadline
        self._asking = 0
        self._failures = 0
        self._paused_until = 0.0
        limits = httpx.Limits(max_connections=MOST_AT_ONCE, max_keepalive_connections=MOST_AT_ONCE)
        self._client = httpx.AsyncClient(trust_env=False, timeout=deadline, follow_redirects=False, limits=limits)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._client.aclose()

    async def scores(self, text: str) -> Mapping[Category, int] | None:
        """See :class:`Classifier`."""
        if self._clock.monotonic() < self._paused_until:
            CLASSIFIED.labels("paused").inc()
            return None
        if self._asking >= MOST_AT_ONCE:
            CLASSIFIED.labels("busy").inc()
            return None
        self._asking += 1
        try:
            async with asyncio.timeout(self._deadline):
                found = await self._ask(text)
        except TimeoutError:
            self._failed("late")
            return None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError, msgspec.MsgspecError):
            self._failed("failed")
            return None
        finally:
            self._asking -= 1
        self._failures = 0
        CLASSIFIED.labels("answered").inc()
        return found

    async def _ask(self, text: str) -> Mapping[Category, int]:
        body = msgspec.json.encode({"text": text, "categories": list(Category)})
        request = self._client.build_request("POST", self._url, content=body, headers=_HEADERS)
        answer = await self._client.send(request, stream=True)
        try:
            if answer.status_code != httpx.codes.OK:
                raise ValueError(answer.status_code)
            received = bytearray()
            async for piece in answer.aiter_raw():
                received += piece
                if len(received) > LARGEST_ANSWER:
                    raise ValueError(len(received))
        finally:
            await answer.aclose()
        return _answer.decode(received).scores

    def _failed(self, why: str) -> None:
        CLASSIFIED.labels(why).inc()
        self._failures += 1
        if self._failures >= FAILURES:
            self._paused_until = self._clock.monotonic() + PAUSE
            log.warning("the external classifier does not answer; the built-in engine decides", seconds=PAUSE, why=why)
            # The next question after the pause is enough to begin another.
            self._failures = FAILURES - 1


@asynccontextmanager
async def open_classifier(url: str, clock: Clock) -> AsyncIterator[Classifier]:
    """The program at ``url``, or the built-in engine where that is empty."""
    if url:
        async with External(url, clock) as external:
            yield external
    else:
        yield BuiltIn()
