"""A clock turned by hand."""


class HandClock:
    def __init__(self, unix: float) -> None:
        self.unix = float(unix)
        self._monotonic = 0.0

    def unix_ns(self) -> int:
        return int(self.unix * 1_000_000_000)

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        self.turn(seconds)

    def turn(self, seconds: float) -> None:
        self.unix += seconds
        self._monotonic += max(0.0, seconds)
