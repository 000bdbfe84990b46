"""What one client has not read yet: the buffer of its connection, bounded in bytes and in time."""

from collections.abc import Callable
from typing import Protocol

MOST_WAITING = 256 * 1024
"""Bytes that may wait for a client; who lets more wait is closed (``Close.SLOW``)."""

TOGETHER = 16 * 1024
"""Bytes that are gathered before they are sent, at most."""

PATIENCE = 5.0
"""Seconds something may wait without any of it being read."""


class Pipe(Protocol):
    """What an outbox needs of an :class:`asyncio.Transport`."""

    def write(self, data: bytes) -> None:
        """Send, or keep until it can be sent; never waits."""

    def get_write_buffer_size(self) -> int:
        """Bytes that are kept."""


class Outbox:
    """Writes to a pipe as long as its client keeps up.

    ``later`` is how to be called at the end of this turn of the event loop: then all that was put in it is sent in one go, which is cheaper
    for who gets many frames at a time. None to send each at once.
    """

    __slots__ = ("_gathered", "_given", "_kept", "_pipe", "_since", "_taken", "later")

    def __init__(self, pipe: Pipe) -> None:
        self.later: Callable[[Callable[[], None]], object] | None = None
        self._pipe = pipe
        self._gathered: list[bytes] = []
        self._kept = 0
        self._given = 0
        self._taken = -1
        self._since = 0.0

    def put(self, data: bytes) -> bool:
        """Send; False, and nothing is sent, where too much waits already."""
        length = len(data)
        if self._pipe.get_write_buffer_size() + self._kept + length > MOST_WAITING:
            return False
        if not self._kept:
            if self.later is None:
                self._given += length
                self._pipe.write(data)
                return True
            self.later(self.flush)
        self._gathered.append(data)
        self._kept += length
        if self._kept > TOGETHER:
            self.flush()
        return True

    def flush(self) -> None:
        """Send what was gathered."""
        if self._kept:
            data = b"".join(self._gathered)
            self._gathered.clear()
            self._kept = 0
            self._given += len(data)
            self._pipe.write(data)

    def stuck(self, now: float) -> bool:
        """Whether something waits and nothing of it was read for too long. To be asked every second or so."""
        waiting = self._pipe.get_write_buffer_size()
        taken = self._given - waiting
        if not waiting:
            self._taken = -1
            return False
        if taken != self._taken:
            self._taken, self._since = taken, now
            return False
        return now - self._since >= PATIENCE
