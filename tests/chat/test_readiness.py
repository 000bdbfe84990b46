"""A chat node says that it is ready for as long as it serves."""

import asyncio
from pathlib import Path

import httpx
import pytest

from storage.model.ids import ChannelName
from storage.opening import open_storage
from storage.settings import Settings
from tests.chat.conftest import free_port
from tests.chat.process import ChatProcess
from tests.chat.talker import talking
from tests.fixtures.valkey import Valkey


@pytest.mark.parametrize("before", [False, True], ids=["goes away", "is away from the beginning"])
async def test_without_the_bus_a_node_is_ready_degraded_and_serves(valkey: Valkey, tmp_path: Path, before: bool) -> None:
    async with open_storage(Settings(data=tmp_path, redis_url=valkey.url)) as storage:
        await storage.database.migrate()
        await storage.channels.create(ChannelName("main"), "main", owner=None)
    if before:
        valkey.kill()
    node = ChatProcess(tmp_path, valkey.url, free_port())
    try:
        await asyncio.to_thread(node.wait_until_ready)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{node.port}", timeout=10) as client:
            if not before:
                told = (await client.get("/readyz")).json()
                assert (told["ready"], told["degraded"]) == (True, False)
                valkey.kill()
            answer = await client.get("/readyz")
            told = answer.json()
            assert (answer.status_code, told["ready"], told["degraded"]) == (200, True, True)
            assert told["checks"]["database"] == "ok"
            assert told["checks"]["bus"] != "ok"
            async with talking(node.port, "main") as stranger:
                assert stranger.seq == 0
    finally:
        node.process.kill()
        node.process.wait()
