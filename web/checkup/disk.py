"""Is there room, may we write, does the disk keep what it is given?"""

import os
import shutil
import tempfile
from pathlib import Path

from storage.clock import Clock
from web.checkup.finding import Finding, fail, ok, warn

GIB = 1024**3
LOW = 10 * GIB
EMPTY = GIB
HOUR_OF_VIDEO = 2_640_000 // 8 * 3600
"""Bytes an hour of one 2.5 Mbit/s broadcast with its audio takes."""
SLOW_FSYNC = 0.1


def check_disk(data: Path, clock: Clock) -> list[Finding]:
    """Free space and a write that is really on the disk, at the data folder or where it would be made."""
    place = data
    while not place.exists() and place != place.parent:
        place = place.parent
    return [_space(place), _write(place, clock)]


def _space(place: Path) -> Finding:
    free = shutil.disk_usage(place).free
    meaning = f"{free / GIB:.1f} GiB free at {place}: about {free // HOUR_OF_VIDEO} hours of one 2.5 Mbit/s broadcast."
    if free < EMPTY:
        return fail("disk space", meaning, "Free some space, or set FANLIGHT_DATA to a larger disk.")
    if free < LOW:
        return warn("disk space", meaning, "Set FANLIGHT_DATA to a larger disk before long broadcasts.")
    return ok("disk space", meaning)


def _write(place: Path, clock: Clock) -> Finding:
    began = clock.monotonic()
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".doctor-") as file:
            file.write(b"\0" * 65_536)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return fail("disk writes", f"{place} can't be written: {error.strerror}.", "Make it writable, or set FANLIGHT_DATA.")
    took = clock.monotonic() - began
    meaning = f"64 KiB were safely on the disk after {took * 1000:.0f} ms."
    if took > SLOW_FSYNC:
        return warn("disk writes", meaning, "A slow or busy disk delays new channels and recordings; live viewers don't notice.")
    return ok("disk writes", meaning)
