"""Time as a parameter. Nobody else calls ``time.time``, ``time.monotonic`` or ``asyncio.sleep`` (ruff TID251)."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where time comes from; tests pass one they turn by hand."""

    def unix_ns(self) -> int:
        """Unix time in nanoseconds. May step; only for what leaves the process."""

    def monotonic(self) -> float:
        """Seconds of a clock that never steps; only differences mean anything."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's clocks."""

    def unix_ns(self) -> int:
        """See :class:`Clock`."""
        return time.time_ns()

    def monotonic(self) -> float:
        """See :class:`Clock`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See :class:`Clock`."""
        await asyncio.sleep(seconds)


def utc_now(clock: Clock) -> datetime:
    """Now, to the microsecond."""
    return datetime.fromtimestamp(clock.unix_ns() // 1_000 / 1_000_000, UTC)
