"""Schemathesis at length: ``python -m tests.bench.contract --cases 5000`` asks so many cases in all, then goes along the links."""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from tests.fixtures.valkey import Valkey
from tests.web.exploring import explored
from web.api.table import routes


async def main(cases: int, walks: int, number: int) -> int:
    with tempfile.TemporaryDirectory(prefix="fl-") as folder:
        valkey = Valkey(Path(folder))
        valkey.start()
        began = time.monotonic()
        try:
            async with explored(valkey.url) as site:
                findings = await site.explore(-(-cases // sum(not route.events for route in routes())), number)
                print(f"{sum(findings.cases.values())} cases in {time.monotonic() - began:.0f} s")
                followed = await site.follow(walks)
        finally:
            valkey.kill()
    wrong, statuses = findings.wrong | followed.wrong, findings.cases + followed.cases
    for where, what in sorted(wrong.items()):
        print(f"-- {where}\n{what}\n")
    by_status = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
    print(f"{statuses.total()} cases in {time.monotonic() - began:.0f} s, {len(wrong)} findings; {by_status}")
    return bool(wrong)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--walks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    raise SystemExit(asyncio.run(main(chosen.cases, chosen.walks, chosen.seed)))
