"""Writes lines to standard output or error without ever making the writer wait: a paused terminal must not pause a broadcast."""

import os
import queue
import threading
from typing import TextIO

LIMIT = 10_000
"""Lines that may wait; beyond that new ones are dropped, counted, and the count is told when the reader reads again."""
GOODBYE = 1.0
"""Seconds the last lines get at the end."""


class Output:
    """One stream with a thread that writes to it. A reader that has gone away is no error."""

    def __init__(self, stream: TextIO, *, limit: int = LIMIT) -> None:
        self.dropped = 0
        self._stream = stream
        self._waiting: queue.Queue[str | None] = queue.Queue(limit)
        self._writer = threading.Thread(target=self._write, name="output", daemon=True)
        self._writer.start()

    def write(self, text: str) -> None:
        """Have ``text`` written, or dropped when too much waits already."""
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what waits, as far as the reader lets us."""
        try:
            self._waiting.put(None, timeout=GOODBYE)
        except queue.Full:
            return
        self._writer.join(GOODBYE)

    def _write(self) -> None:
        told = 0
        while (text := self._waiting.get()) is not None:
            if self.dropped > told and self._waiting.empty():
                text += f"[{self.dropped - told} lines were dropped: nobody read them]\n"
                told = self.dropped
            try:
                self._stream.write(text)
                self._stream.flush()
            except OSError:
                self._discard()

    def _discard(self) -> None:
        """The reader is gone: let the rest go nowhere, also what Python itself flushes at its end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
