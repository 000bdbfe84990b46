"""Four broadcasts and one viewer for ten minutes: ``python -m tests.bench.soak [--minutes N]``.

Prints how much the memory of each role grew (a line through samples, the first fifth left out) and whether Chromium ever stood still.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.bench.glass import watch
from tests.bench.load import QUIET, broadcasts, by_role, make_loop, resident
from tests.fixtures.platform import running_platform

EVERY = 5.0


def slope(samples: list[tuple[float, int]]) -> float:
    """Of the least-squares line, in bytes a second."""
    mean_x = sum(x for x, _ in samples) / len(samples)
    mean_y = sum(y for _, y in samples) / len(samples)
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / sum((x - mean_x) ** 2 for x, _ in samples)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    seconds = parser.parse_args().minutes * 60
    samples: dict[str, list[tuple[float, int]]] = {}
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, running_platform(**QUIET) as platform:
        loop = make_loop(Path(folder))
        with broadcasts(platform, loop, 4):
            viewer = threading.Thread(target=lambda: report.update(asyncio.run(watch(platform.watch, seconds, 10))))
            viewer.start()
            began = time.monotonic()
            while (at := time.monotonic() - began) < seconds:
                for role, processes in by_role(platform).items():
                    samples.setdefault(role, []).append((at, resident(processes)))
                time.sleep(EVERY)
            viewer.join()
    for role, points in samples.items():
        late = [point for point in points if point[0] > seconds / 5]
        print(f"memory of {role} over {seconds / 60:.0f} minutes: {late[0][1] / 1e6:.1f} to {late[-1][1] / 1e6:.1f} MB", end=", ")
        print(f"{slope(late) * 3600 / 2**20:+.1f} MiB an hour")
    print(f"Chromium over {seconds / 60:.0f} minutes: {report['frames']} frames, {report['waits']} stalls, {report['waited'] / 1000:.1f} s")


if __name__ == "__main__":
    main()
