"""Tells a worker that hangs from one that gets no processor: only time in which it could have run counts against it."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SILENCE = 3.0
"""Seconds without a sign of life, though there was a processor for it, after which a worker is taken for hung."""
STUCK = 8.0
"""The same for seconds without a part, though there should be."""
STARTING = 10.0
"""The same for the first sign of life: a worker that was not kept warm loads its libraries first."""
AT_MOST = 30.0
"""Seconds without a sign of life after which even a starved worker is replaced: maybe another machine has room."""
_TICKS = os.sysconf("SC_CLK_TCK")
_WAITS = frozenset("RD")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process's threads got of the machine since it began: seconds run, seconds waited for a processor.

    ``waits`` says that its first thread is in line for a processor or a disk just now (or runs); the kernel adds that wait only
    when it is over.
    """

    ran: float = 0.0
    waited: float = 0.0
    waits: bool = False


def usage(pid: int) -> Usage:
    """What the kernel says of a process (proc(5): ``stat``, ``schedstat``); nothing at all of one that is gone."""
    with suppress(OSError, ValueError, IndexError):
        # The name in parentheses may hold anything, also parentheses.
        state, *numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ran = (int(numbers[10]) + int(numbers[11])) / _TICKS
        return Usage(ran, sum(_waited(task) for task in Path(f"/proc/{pid}/task").iterdir()), state in _WAITS)
    return Usage()


def _waited(task: Path) -> float:
    # Threads end while we look, and not every kernel counts.
    with suppress(OSError, ValueError, IndexError):
        return int((task / "schedstat").read_text().split()[1]) / 1e9
    return 0.0


def fair(wall: float, late: float, before: Usage, after: Usage) -> float:
    """Of ``wall`` seconds between two looks at a process, those in which it could have run.

    ``late`` is by how many of them we ourselves came too late: a machine that did not run us did not run it either. A process
    that is stopped or waits for nothing but itself is not in line for a processor, and one that spins has it: all counts.
    """
    starved = max(late, after.waited - before.waited)
    if after.waits:
        starved = max(starved, wall - (after.ran - before.ran))
    return wall - min(max(starved, 0.0), wall)


@dataclass(slots=True)
class Patience:
    """How long a worker has been silent or stuck, in seconds; ``silent`` and ``stuck`` count fair time only."""

    silent: float = 0.0
    stuck: float = 0.0
    waited: float = 0.0
    _heard: bool = False

    def heard(self, *, moved: bool) -> None:
        """It gave a sign of life; ``moved`` when it also got on, or has nothing to get on with."""
        self._heard = True
        self.silent = self.waited = 0.0
        if moved:
            self.stuck = 0.0

    def passed(self, wall: float, fair_part: float) -> None:
        """Time went by, of which ``fair_part`` could have been the worker's."""
        self.silent += fair_part
        self.stuck += fair_part
        self.waited += wall

    @property
    def over(self) -> bool:
        """Whether it is to be replaced."""
        if not self._heard:
            return self.silent > STARTING or self.waited > AT_MOST
        return self.silent > SILENCE or self.stuck > STUCK or self.waited > AT_MOST
