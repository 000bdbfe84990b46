"""Held requests without a request: they remember how they ended, and their clients go when told to."""

from collections.abc import Callable
from typing import Any

from web.edge.gate import Gate, Held


class Client:
    """A client that goes when told to."""

    def __init__(self) -> None:
        self.watched = True
        self.callbacks: list[Callable[[object], object]] = []

    def add_done_callback(self, callback: Callable[[object], object], /) -> None:
        self.callbacks.append(callback)

    def remove_done_callback(self, callback: Callable[[object], object], /) -> None:
        self.callbacks.remove(callback)

    def cancel(self) -> None:
        self.watched = False

    def go(self) -> None:
        for callback in tuple(self.callbacks):
            callback(self)


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
