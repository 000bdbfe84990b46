"""The bus server `fanlight up` brings along."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from storage import embedded
from storage.bus.redis import Bus
from storage.clock import SystemClock
from storage.model.errors import Unavailable


@pytest.mark.usefixtures("no_leaks")
async def test_it_answers_on_its_socket_only_and_leaves_nothing(tmp_path: Path) -> None:
    socket = tmp_path / "run" / "valkey.sock"
    socket.parent.mkdir()
    async with embedded.embedded_server(socket) as process:
        bus = Bus(embedded.server_url(socket), SystemClock())
        await bus.ping()
        assert socket.stat().st_mode & 0o077 == 0
        assert await bus._connection.command("CONFIG", "GET", "port") == [b"port", b"0"]
        assert await bus._connection.command("CONFIG", "GET", "maxmemory") != [b"maxmemory", b"0"]
        await bus.close()
    assert process.returncode is not None
    assert list(socket.parent.iterdir()) == []


async def test_a_socket_left_by_a_killed_server_is_no_obstacle(tmp_path: Path) -> None:
    socket = tmp_path / "valkey.sock"
    async with embedded.embedded_server(socket) as process:
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    socket.touch()
    async with embedded.embedded_server(socket):
        pass


async def test_when_its_memory_is_full_old_parts_go_and_new_ones_come(tmp_path: Path) -> None:
    socket = tmp_path / "valkey.sock"
    async with embedded.embedded_server(socket):
        bus = Bus(embedded.server_url(socket), SystemClock(), deadline=5)
        await bus._connection.command("CONFIG", "SET", "maxmemory", "12mb")
        generation = await bus.generation()
        token = await bus.acquire("l", "me", ttl=60)
        for number in range(300):
            await bus.put_blob(f"p{number}", bytes(100_000), ttl=60)
        assert await bus.blobs(["p299"]) == [bytes(100_000)]
        kept = sum(blob is not None for blob in await bus.blobs([f"p{number}" for number in range(300)]))
        assert 0 < kept < 150
        assert await bus.generation() == generation
        assert await bus.acquire("l", "other", ttl=60) is None
        assert token
        await bus.close()


async def test_without_a_server_to_run_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(embedded, "files", lambda _name: tmp_path)
    with pytest.raises(Unavailable, match="REDIS_URL"):
        async with embedded.embedded_server(tmp_path / "valkey.sock"):
            pass


async def test_a_server_that_can_not_start_is_told_in_time(tmp_path: Path) -> None:
    async with asyncio.timeout(20):
        with pytest.raises(Unavailable):
            async with embedded.embedded_server(tmp_path / "no folder" / "valkey.sock", ready_within=2):
                pass
