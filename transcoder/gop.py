"""The frames since the newest keyframe, kept so that a picture can be had when the source stops. Pure."""

from storage.model.media import AccessUnit

_BYTES = 16 * 1024 * 1024
_FRAMES = 1800


class Gop:
    """One group of pictures of one session, in decoding order. Policy at its bounds (16 MiB, 1800 frames): forget it all."""

    def __init__(self) -> None:
        self._units: list[tuple[AccessUnit, int]] = []
        self._size = 0

    @property
    def units(self) -> list[tuple[AccessUnit, int]]:
        """From the keyframe on; empty when it is not whole."""
        return self._units

    def clear(self) -> None:
        """The frames to come depend on something else."""
        self._units, self._size = [], 0

    def add(self, unit: AccessUnit, pts: int) -> None:
        """The next unit."""
        if unit.keyframe:
            self.clear()
        elif not self._units:
            return
        self._units.append((unit, pts))
        self._size += len(unit.data)
        if self._size > _BYTES or len(self._units) > _FRAMES:
            self.clear()
