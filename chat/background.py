"""What a node does beside its requests: what can't be done while a dependency is away is left, and a defect ends no node."""

from collections.abc import Coroutine
from typing import Any

import structlog

from chat.metrics import FAILURES
from storage.model.errors import Unavailable
from storage.node import Tasks

_log = structlog.get_logger("chat")


class Background:
    """Starts work in ``tasks`` once those are there; before, nothing is begun."""

    def __init__(self) -> None:
        self.tasks: Tasks | None = None

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Do something that is also found by who looks again: ``Unavailable`` is not tried again."""
        if self.tasks is None:
            work.close()
        else:
            self.tasks.start(name, self._guarded(name, work))

    @staticmethod
    async def _guarded(name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Unavailable:
            return
        except Exception:
            FAILURES.inc()
            _log.exception("background_failed", what=name)
