"""SQLite loses nothing it acknowledged, whenever its process is killed."""

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

ROUNDS = 4

WRITER = """
import asyncio, os, sys
from pathlib import Path
from storage.clock import SystemClock
from storage.database.accounts import AccountRepository
from storage.database.engine import Database
from storage.model.ids import AccountName

async def main(place, first):
    database = Database(Path(place))
    await database.migrate()
    accounts = AccountRepository(database, SystemClock())
    number = first

    async def write():
        nonlocal number
        while True:
            mine, number = number, number + 1
            await accounts.create(AccountName(f"a{mine}"))
            os.write(1, f"{mine}\\n".encode())

    await asyncio.gather(*(write() for _ in range(4)))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def _killed_after(place: Path, first: int, answers: int) -> set[int]:
    """Have accounts written, kill the writer after so many answers without looking what it does; returns what it acknowledged."""
    writer = await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(place), str(first), stdout=asyncio.subprocess.PIPE)
    assert writer.stdout is not None
    heard = b""
    async with asyncio.timeout(60):
        while heard.count(b"\n") < answers:
            more = await writer.stdout.read(64)
            assert more
            heard += more
        os.kill(writer.pid, signal.SIGKILL)
        heard += await writer.stdout.read()
        await writer.wait()
    return {int(line) for line in heard.split(b"\n")[:-1]}


async def test_a_writer_killed_in_the_middle_of_a_commit_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    place = tmp_path / "test.db"
    acknowledged: set[int] = set()
    for turn in range(ROUNDS):
        acknowledged |= await _killed_after(place, turn * 100_000, 5 + 17 * turn)
        # A new process finds what the dead one left: a write-ahead log, perhaps half a commit.
        with sqlite3.connect(place) as connection:
            kept = {int(name[1:]) for (name,) in connection.execute("SELECT name FROM account")}
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
        assert acknowledged <= kept
        # At most what each of the four writers had in hand was written without an answer.
        assert len(kept - acknowledged) <= 4 * (turn + 1)
