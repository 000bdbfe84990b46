"""Listing, searching and paging 100,000 channels, and the check of who may do what.

    .venv/bin/python -m tests.bench.channels [postgresql://…]

Without an address: a fresh SQLite file. With one: that database, which must be empty.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from storage.access import Access, Action
from storage.clock import SystemClock
from storage.database.channel_rows import words_of
from storage.database.engine import Database
from storage.database.search import Search, SearchRepository
from storage.database.standings import StandingRepository
from storage.database.tables import channel, channel_tag, channel_word
from storage.model.account import STRANGER
from storage.model.channel import Channel
from storage.model.ids import ChannelId, ChannelName, new_record_id

COUNT = 100_000
WORDS = ["night", "synth", "live", "music", "coding", "chess", "garden", "radio", "talk", "speedrun", "rust", "python", "jazz", "news"]


async def fill(database: Database) -> None:
    chance = random.Random(1)
    now = datetime.now(UTC)
    for start in range(0, COUNT, 2000):
        rows, found, tags = [], [], []
        for number in range(start, start + 2000):
            title, category, tag = " ".join(chance.sample(WORDS, 3)), chance.choice(WORDS), chance.choice(WORDS)
            made = Channel(ChannelId(new_record_id(number)), ChannelName(f"c{number:06}"), title, now, category=category, tags=(tag,))
            values = {name: getattr(made, name) for name in ("id", "name", "title", "description", "category", "language", "mature")}
            rows.append({**values, "visibility": "public", "version": 1, "created_at": now, "changed_at": now})
            found += [{"word": word, "channel": made.id} for word in words_of(made)]
            tags.append({"channel": made.id, "tag": tag})
        async with database.transaction() as connection:
            await connection.execute(insert(channel), rows)
            await connection.execute(insert(channel_word), found)
            await connection.execute(insert(channel_tag), tags)


async def measure(search: SearchRepository, name: str, wanted: Search) -> None:
    taken: list[float] = []
    shown = 0
    after = ""
    for _ in range(100):
        started = time.perf_counter()
        page = await search.find(wanted, after=after, limit=25)
        taken.append((time.perf_counter() - started) * 1000)
        shown += len(page.channels)
        after = page.next
    ordered = sorted(taken)
    print(f"{name:<28} p50 {statistics.median(taken):6.1f} ms  p95 {ordered[94]:6.1f} ms  worst {ordered[-1]:6.1f} ms  {shown} channels")


async def main(place: str | Path) -> None:
    clock = SystemClock()
    database = Database(place, deadline=120)
    await database.migrate()
    started = time.perf_counter()
    await fill(database)
    print(f"{COUNT} channels in {time.perf_counter() - started:.1f} s")
    search = SearchRepository(database, clock)
    for name, wanted in (
        ("list", Search()),
        ("category", Search(category="jazz")),
        ("tag", Search(tag="chess")),
        ("one letter", Search("c")),
        ("one word", Search("synth")),
        ("two words", Search("synth night")),
        ("word, category and tag", Search("ra", category="news", tag="rust")),
        ("nothing fits", Search("synth zzz")),
    ):
        await measure(search, name, wanted)
    access = Access(StandingRepository(database, clock), clock)
    await access.require(STRANGER, Action.SEE, "c000001")
    started = time.perf_counter()
    for _ in range(20_000):
        await access.require(STRANGER, Action.SEE, "c000001")
    print(f"access check, remembered      {(time.perf_counter() - started) / 20_000 * 1e6:.1f} µs")
    await database.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(main(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(main(Path(folder) / "bench.db"))
