"""What a scenario needs to know of a running platform, in whatever shape it runs."""

import time
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Stage:
    """Addresses and the key of one channel. ``origin`` is the web role's, without a slash at the end."""

    origin: str
    whip: str
    hls: str
    channel: str
    key: str

    def state(self) -> dict[str, Any]:
        """What the interface says of the channel."""
        response = httpx.get(f"{self.origin}/api/v1/channels/{self.channel}", timeout=5)
        return dict(response.raise_for_status().json())

    def wait_for_state(self, *states: str, within: float) -> float:
        """Wait for a state and say how many seconds that took."""
        began = time.monotonic()
        seen = ""
        while time.monotonic() - began < within:
            try:
                seen = str(self.state()["state"])
            except httpx.HTTPError as error:
                seen = repr(error)
            if seen in states:
                return time.monotonic() - began
            time.sleep(0.05)
        raise AssertionError(f"{self.channel} is {seen}, not {' or '.join(states)}, after {within} s")
