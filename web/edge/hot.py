"""What a channel's broadcasts put where a single look finds it, as long as the channel is open."""

from collections.abc import Iterator, MutableMapping
from typing import Generic, TypeVar

V = TypeVar("V")


class ChannelHot(MutableMapping[str, V], Generic[V]):
    """A channel's share of the process's dictionary, which answers whoever asks: nothing of a closed channel is in that."""

    def __init__(self, shared: MutableMapping[str, V]) -> None:
        self._shared = shared
        self._own: dict[str, V] = {}
        self._open = False

    def open(self, is_open: bool) -> None:
        """Show everything, or nothing."""
        if is_open == self._open:
            return
        self._open = is_open
        if is_open:
            self._shared.update(self._own)
        else:
            for path in self._own:
                self._shared.pop(path, None)

    def __setitem__(self, path: str, entry: V) -> None:
        self._own[path] = entry
        if self._open:
            self._shared[path] = entry

    def __getitem__(self, path: str) -> V:
        return self._own[path]

    def __delitem__(self, path: str) -> None:
        del self._own[path]
        self._shared.pop(path, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)
