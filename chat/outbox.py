"""What one client has not read yet: the buffer of its connection, bounded in bytes and in time."""

from typing import Protocol

MOST_WAITING = 256 * 1024
"""Bytes that may wait for a client; who lets more wait is closed (``Close.SLOW``)."""

PATIENCE = 5.0
"""Seconds something may wait without any of it being read."""


class Pipe(Protocol):
    """What an outbox needs of an :class:`asyncio.Transport`."""

    def write(self, data: bytes) -> None:
        """Send, or keep until it can be sent; never waits."""

    def get_write_buffer_size(self) -> int:
        """Bytes that are kept."""


class Outbox:
    """Writes to a pipe as long as its client keeps up."""

    __slots__ = ("_given", "_pipe", "_since", "_taken")

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._given = 0
        self._taken = -1
        self._since = 0.0

    def put(self, data: bytes) -> bool:
        """Send; False, and nothing is sent, where too much waits already."""
        length = len(data)
        if self._pipe.get_write_buffer_size() + length > MOST_WAITING:
            return False
        self._given += length
        self._pipe.write(data)
        return True

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
