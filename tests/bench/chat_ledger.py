"""The books of a room whose nodes and bus are killed: ``python -m tests.bench.chat_ledger [--kills 200] [--bus-kills 20] [--seed 1]``.

Three chat nodes on PostgreSQL, 200 clients who write and come back. Takes about a quarter of an hour; the short form is
``tests/faults/test_chat_ledger.py``.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from tests.chat.ledger import Report, everybody_writes, scene
from tests.fixtures.postgres import PostgreSQL


async def keep_books(folder: Path, url: str, arguments: argparse.Namespace) -> Report:
    async with scene(folder, url, clients=arguments.clients, seed=arguments.seed) as room:
        async with everybody_writes(room, arguments.period):
            killing = asyncio.create_task(room.kill_nodes(arguments.kills, (0.2, 1.0), least=arguments.least))
            bus = asyncio.create_task(room.kill_bus(arguments.bus_kills, (arguments.bus_pause / 2, arguments.bus_pause), (0.0, 2.0)))
            began = time.monotonic()
            while not (killing.done() and bus.done()):
                await asyncio.wait({killing, bus}, timeout=60)
                print(f"{time.monotonic() - began:.0f} s: {room.nodes.killed} nodes, {room.bus_killed} times the bus", file=sys.stderr)
            await asyncio.gather(killing, bus)
        return await room.report()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--bus-kills", type=int, default=20)
    parser.add_argument("--bus-pause", type=float, default=40.0, help="seconds between two deaths of the bus, at most")
    parser.add_argument("--least", type=int, default=3, help="so many of the three nodes are up when one is killed")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--period", type=float, default=10.0, help="seconds between two messages of one client")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(prefix="fanlight-postgres-") as place:
        database = PostgreSQL(Path(place))
        database.start()
        try:
            report = uvloop.run(keep_books(Path(folder), database.database_with_tables(), arguments))
        finally:
            database.kill()
    print(report)
    if report.is_wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
