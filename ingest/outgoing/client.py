"""Publishing to a WHIP server: one connection at a time, made again with back-off when it breaks."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin

from ingest.outgoing.connection import Connection
from ingest.outgoing.file import UnusableFile
from ingest.outgoing.http import Answer, NotReachable, request
from ingest.outgoing.sample import Source
from storage.clock import Clock

CONNECT_TIMEOUT = 10.0
"""Seconds from the answer until ICE and DTLS are done."""
SUSPICIOUS_SILENCE = 1.0
"""Seconds without any packet from the server after which the session's address is asked, twice a second."""
UNANSWERED_SILENCE = 3.0
"""Seconds without any packet from the server after which it must answer for the session."""
DEAD_SILENCE = 5.0
"""Seconds without any packet from the server after which the connection is given up."""
PROBE_TIMEOUT = 1.0
"""Seconds the server has to answer for the session."""
PROBE_EVERY = 0.5
GOOD_BYE_TIMEOUT = 1.0
"""Seconds; a server that has lost the session may take longer to notice, and the next attempt should not wait for it."""
FIRST_WAIT, LONGEST_WAIT = 0.2, 8.0
"""Seconds between attempts: doubled from the first to the longest."""


class PublishFailed(Exception):
    """It can't work and trying again won't help; one sentence says why."""


class _Broken(Exception):
    """The connection is gone; another one may work."""


class EventKind(StrEnum):
    """What a publisher tells its user."""

    LIVE = "live"
    STATISTICS = "statistics"
    LOST = "lost"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened. ``bitrate`` in bits a second and ``frames`` since the last statistics."""

    kind: EventKind
    detail: str = ""
    bitrate: int = 0
    frames: int = 0
    keyframe_requests: int = 0


@dataclass(slots=True)
class Publisher:
    """Keeps a source live on a WHIP server until told to stop."""

    url: str
    key: str
    source: Source
    clock: Clock
    report: Callable[[Event], None]

    async def run(self, stop: asyncio.Event, duration: float | None = None) -> None:
        """Publish until ``stop`` is set or ``duration`` seconds of a live connection are over; then say good-bye.

        Raises:
            PublishFailed: it can't work.
        """
        executor = ThreadPoolExecutor(1, "source")
        timer = asyncio.get_running_loop().call_later(duration, stop.set) if duration is not None else None
        try:
            # Codecs are loaded and the first frames are quick before anyone waits for them.
            await asyncio.get_running_loop().run_in_executor(executor, next, self.source.samples(self.clock.unix_ns()))
            await self._keep_live(stop, executor)
        except UnusableFile as error:
            raise PublishFailed(str(error)) from None
        finally:
            if timer:
                timer.cancel()
            executor.shutdown(wait=False, cancel_futures=True)
        self.report(Event(EventKind.ENDED))

    async def _keep_live(self, stop: asyncio.Event, executor: ThreadPoolExecutor) -> None:
        wait = FIRST_WAIT
        was_live = False
        while not stop.is_set():
            began = self.clock.monotonic()
            try:
                async with self._session() as connection:
                    was_live = True
                    self.report(Event(EventKind.LIVE, connection.server))
                    await self._stream(connection, stop, executor)
                    return
            except _Broken as reason:
                if not was_live:
                    raise PublishFailed(str(reason)) from None
                if self.clock.monotonic() - began > 10:
                    wait = FIRST_WAIT
                self.report(Event(EventKind.LOST, str(reason)))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait * random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries, protects nothing
            wait = min(LONGEST_WAIT, wait * 2)

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[Connection]:
        """A connected session; ended with a DELETE unless it broke."""
        connection = Connection(self.source.codecs, self.source.request_keyframe)
        try:
            offer = await connection.offer()
            answer = await self._ask("POST", self.url, offer.encode(), "application/sdp")
            session = self._check(answer)
            connection.session_url = session
            good_bye = True
            try:
                await connection.accept(answer.body.decode("utf-8", "replace"))
                if not await connection.connected(CONNECT_TIMEOUT):
                    raise _Broken(
                        f"UDP to {connection.server or 'the server'} seems blocked: the server took the offer, "
                        f"but no media connection came up in {CONNECT_TIMEOUT:.0f} seconds."
                    )
                try:
                    yield connection
                except _Broken:
                    # The next session takes over from this one, and should not wait for a server that may be gone.
                    good_bye = False
                    raise
            finally:
                with contextlib.suppress(_Broken, TimeoutError):
                    async with asyncio.timeout(GOOD_BYE_TIMEOUT):
                        if good_bye:
                            await self._ask("DELETE", session)
        finally:
            await connection.close()

    def _check(self, answer: Answer) -> str:
        """The session's address out of the answer to the POST."""
        detail = _detail(answer)
        if answer.status in {401, 403}:
            raise PublishFailed(f"The stream key was refused{detail}.")
        if answer.status == 429 or answer.status >= 500:
            raise _Broken(f"The server can't take the stream now ({answer.status}{detail}).")
        if answer.status not in {200, 201}:
            raise PublishFailed(f"The server refused the stream ({answer.status}{detail}).")
        if "location" not in answer.headers or not answer.body.startswith(b"v=0"):
            raise PublishFailed(f"{self.url} is no WHIP endpoint: its answer has no session address or no SDP.")
        return urljoin(answer.url, answer.headers["location"])

    async def _ask(self, method: str, url: str, body: bytes | None = None, content_type: str = "") -> Answer:
        try:
            return await asyncio.to_thread(request, method, url, self.key, body=body, content_type=content_type)
        except NotReachable as error:
            raise _Broken(str(error)) from error

    async def _stream(self, connection: Connection, stop: asyncio.Event, executor: ThreadPoolExecutor) -> None:
        """Send the source's samples when they are due, until told to stop.

        Raises:
            _Broken: the server is gone.
        """
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(connection))
                pump = group.create_task(self._pump(connection, executor))
                await stop.wait()
                watch.cancel()
                pump.cancel()
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _pump(self, connection: Connection, executor: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        began, start_ns = self.clock.monotonic() + 0.1, self.clock.unix_ns() + 100_000_000
        samples = self.source.samples(start_ns)
        while True:
            sample = await loop.run_in_executor(executor, next, samples)
            delay = began + sample.due - self.clock.monotonic()
            if delay > 0:
                await self.clock.sleep(delay)
            connection.send(sample, start_ns + round(sample.due * 1_000_000_000))

    async def _watch(self, connection: Connection) -> None:
        last_received, last_change = 0, self.clock.monotonic()
        last_report, asked = self.clock.monotonic(), 0.0
        while True:
            await self.clock.sleep(0.25)
            now = self.clock.monotonic()
            traffic = await connection.traffic()
            if traffic.ended:
                raise _Broken("The server closed the connection.")
            if traffic.received != last_received:
                last_received, last_change = traffic.received, now
            silence = now - last_change
            if last_received and silence > DEAD_SILENCE:
                raise _Broken(f"Nothing came from the server for {DEAD_SILENCE:.0f} seconds.")
            if last_received and silence > SUSPICIOUS_SILENCE and now - asked >= PROBE_EVERY:
                asked = now
                known = await self._known(connection.session_url)
                if known is False or (known is None and self.clock.monotonic() - last_change > UNANSWERED_SILENCE):
                    raise _Broken("The server no longer answers for the session.")
            if now - last_report >= 5:
                last_report = now
                frames, sent, requests = connection.take_counters()
                self.report(Event(EventKind.STATISTICS, "", sent * 8 // 5, frames, requests))

    async def _known(self, session: str) -> bool | None:
        """Whether the server has the session; None when it can't say."""
        try:
            async with asyncio.timeout(PROBE_TIMEOUT):
                status = (await self._ask("GET", session)).status
        except (TimeoutError, _Broken):
            return None
        return True if 200 <= status < 300 else False if status in {404, 410} else None


def _detail(answer: Answer) -> str:
    """What a problem document (RFC 9457) says, as the end of a sentence."""
    if "json" not in answer.headers.get("content-type", ""):
        return ""
    try:
        problem = json.loads(answer.body)
        detail = str(problem.get("detail") or problem.get("title") or "")
    except (ValueError, AttributeError):
        return ""
    return f": {detail[:300].rstrip('.')}" if detail else ""
