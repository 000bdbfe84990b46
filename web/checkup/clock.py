"""Does the wall clock run evenly, and does somebody keep it right?"""

import ctypes

from storage.clock import Clock
from web.checkup.finding import Finding, ok, warn

WATCHED = 0.5
"""Seconds the two clocks are compared for."""
STEP = 0.005
TIMEX_BYTES = 208
"""Size of ``struct timex`` on 64-bit Linux, rounded up; zeroed, it asks and changes nothing (adjtimex(2))."""
TIME_ERROR = 5


async def check_clock(clock: Clock) -> list[Finding]:
    """Wall clock against monotonic clock for half a second, and whether the kernel says the clock is synchronised."""
    monotonic, wall = clock.monotonic(), clock.unix_ns()
    await clock.sleep(WATCHED)
    difference = abs((clock.unix_ns() - wall) / 1e9 - (clock.monotonic() - monotonic))
    if difference > STEP:
        meaning = f"The wall clock moved by {difference * 1000:.0f} ms against the monotonic clock within half a second."
        even = warn("clock", meaning, "Something steps the clock; latency figures jump with it. Use one time service that slews.")
    else:
        even = ok("clock", "The wall clock runs evenly.")
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    if state in (-1, TIME_ERROR):
        meaning = "The kernel does not report a synchronised clock."
        advice = "With several machines run a time service (chrony, systemd-timesyncd); in a container the host may do it unseen."
        return [even, warn("clock synchronisation", meaning, advice)]
    return [even, ok("clock synchronisation", "The kernel reports a synchronised clock.")]
