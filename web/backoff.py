"""How long to wait before a crashed process is started again."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Doubles from ``first`` up to ``ceiling`` while lives are short; a life of ``stable`` starts over. All in seconds."""

    first: float = 0.2
    ceiling: float = 10.0
    stable: float = 10.0
    _next: float = field(default=0.0, init=False)

    def after(self, lived: float) -> float:
        """The wait after a life of ``lived`` seconds."""
        wait = self.first if lived >= self.stable or not self._next else self._next
        self._next = min(self.ceiling, 2 * wait)
        return wait
