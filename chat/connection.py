"""What one socket may do when: hello first, not too fast, nothing unreadable again and again, never silent for long. Pure.

Times are seconds of a clock that does not step.
"""

from dataclasses import dataclass

from chat.protocol import IDLE_SECONDS, ClientFrame, Close, Hello, Ping, identifier, parse
from storage.limits import Limit, spend
from storage.model.errors import BadInput

HELLO_SECONDS = 5.0
"""The first frame comes within."""

MOST_BAD = 5
"""Frames that can't be read in a row."""

PACE = Limit("frames", 60, 3, shared=False)
"""Frames a client may send at once, and how fast it may again: 20 a second."""

CALL_PACE = Limit("call frames", 900, 20, shared=False)
"""The same of somebody in a call, whose browser tells seven others at once how it can be reached: 45 a second."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Do this: a request, or the ``hello``. One at a time, in order."""

    frame: ClientFrame


@dataclass(frozen=True, slots=True)
class TellTime:
    """Answer a ``ping``."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Tell that a frame can't be read; ``identifier`` is its id, or empty."""

    identifier: str
    error: BadInput


@dataclass(frozen=True, slots=True)
class Shut:
    """Close the socket."""

    code: Close
    detail: str


Outcome = Ask | TellTime | Refuse | Shut


class Connection:
    """The rules of one socket. ``pace`` is how fast its frames may come, None for any speed."""

    __slots__ = ("_bad", "_full_at", "_greeted", "_heard", "pace")

    def __init__(self, now: float, pace: Limit | None = PACE) -> None:
        self._greeted = False
        self._heard = now
        self._full_at = now
        self._bad = 0
        self.pace = pace

    def count(self, now: float) -> Shut | None:
        """A frame of any kind came; count it. What it was is told by :meth:`received` where it was a text."""
        if self._greeted:
            self._heard = now
        if self.pace is None:
            return None
        spent = spend(self.pace, self._full_at, now)
        if spent is None:
            return Shut(Close.FLOOD, "Frames came faster than anybody writes.")
        self._full_at = spent
        return None

    def received(self, text: str, now: float) -> Outcome:
        """What to do about a text that came."""
        try:
            frame = parse(text)
        except BadInput as error:
            if not self._greeted:
                return Shut(Close.NO_HELLO, "The first frame is a hello.")
            self._bad += 1
            if self._bad >= MOST_BAD:
                return Shut(Close.BAD_FRAME, f"{MOST_BAD} frames in a row can't be read.")
            return Refuse(identifier(text), error)
        if isinstance(frame, Hello) is self._greeted:
            return Shut(Close.POLICY, "A hello comes once.") if self._greeted else Shut(Close.NO_HELLO, "The first frame is a hello.")
        self._bad = 0
        if not self._greeted:
            self._greeted, self._heard = True, now
        return TellTime() if isinstance(frame, Ping) else Ask(frame)

    def overdue(self, now: float) -> Shut | None:
        """Whether the socket was silent for too long."""
        silent = now - self._heard
        if not self._greeted:
            return Shut(Close.NO_HELLO, "No hello came.") if silent >= HELLO_SECONDS else None
        return Shut(Close.IDLE, f"Nothing came for {IDLE_SECONDS} seconds.") if silent >= IDLE_SECONDS else None
