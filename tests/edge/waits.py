"""Held requests without a request: they remember how they ended, and their clients go when told to."""

from typing import Any

from web.edge.gate import Gate, Held


class Client:
    """A client that goes when told to."""

    def __init__(self) -> None:
        self.watched = True
        self.gone = False

    def done(self) -> bool:
        return self.gone

    def cancel(self) -> None:
        self.watched = False


class Wait(Held[object]):
    """A held request that remembers how it ended."""

    def __init__(self) -> None:
        self.client = Client()
        self.outcomes: list[object] = []

    def answer(self, outcome: object) -> None:
        self.outcomes.append(outcome)


def enter(gate: Gate[Any, Any], key: object, deadline: float = 5) -> Wait:
    """Wait at a gate."""
    wait = Wait()
    gate.enter(key, wait, lambda: wait.client, deadline)
    return wait
