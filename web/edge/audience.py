"""How many watch: distinct clients polling a channel's playlists lately."""

LARGEST = 200_000
"""Distinct clients counted per channel and turn; beyond it the count stays put."""


class Audience:
    """Counts the clients seen in this turn and the one before. A turn is ended from outside, every :data:`TURN` seconds.

    A client is a hash of its address and its player's name: cheap, and kept nowhere for longer than two turns. It is an estimate;
    ten people behind one address with the same browser are one.
    """

    def __init__(self) -> None:
        self.touched = True
        self._now: set[int] = set()
        self._before: set[int] = set()

    def saw(self, client: int) -> None:
        """A client asked for a playlist."""
        self.touched = True
        if len(self._now) < LARGEST:
            self._now.add(client)

    @property
    def count(self) -> int:
        """Clients seen lately."""
        return len(self._now | self._before)

    def turn(self) -> None:
        """Forget whoever was not seen since the turn before."""
        self._before, self._now = self._now, set()


TURN = 8.0
"""Seconds of a turn: longer than the slowest player's polling, a target duration or two."""
