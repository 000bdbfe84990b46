"""How soon a timeout and a ban are in force on another node: ``python -m tests.bench.moderation [--rounds N]``.

Two chat nodes in one process on SQLite and a real Valkey. Counted is from the moment the command is sent on a socket of one node until
a socket of the other has been told.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from storage.settings import Settings
from tests.chat.nodes import chat_nodes
from tests.chat.talker import Talker
from tests.fixtures.valkey import Valkey


async def _measure(valkey: Valkey, folder: Path, rounds: int) -> None:
    settings = Settings(secret="a secret of the bench", data=folder, redis_url=valkey.url, rate_limits=0)
    times: dict[str, list[float]] = {"timeout": [], "ban": []}
    async with chat_nodes(settings, 2) as chat:
        await chat.channel(owner=await chat.account("ada"))
        async with chat.talker("ada") as ada:
            for number in range(rounds):
                name = f"guest-{number}"
                async with chat.talker(name, node=1) as guest:
                    times["timeout"].append(await _until(ada, f"/timeout {name} 1m", guest, partial(_is_muted, guest)))
                    times["ban"].append(await _until(ada, f"/ban {name}", guest, partial(_is_out, guest)))
    for what, found in times.items():
        median, worst = statistics.median(found) * 1000, max(found) * 1000
        print(f"{what} in force on another node: median {median:.0f} ms, worst of {rounds} {worst:.0f} ms")


async def _until(ada: Talker, command: str, guest: Talker, holds: Callable[[], bool]) -> float:
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        group.create_task(ada.say(command))
        await guest.until(holds)
        return time.perf_counter() - began


def _is_muted(guest: Talker) -> bool:
    return bool(guest.you["refused"] == "chat_muted")


def _is_out(guest: Talker) -> bool:
    return "chat_banned" in guest.left


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="fl-") as folder:
        valkey = Valkey(Path(folder))
        valkey.start()
        try:
            asyncio.run(_measure(valkey, Path(folder), rounds))
        finally:
            valkey.kill()


if __name__ == "__main__":
    main()
