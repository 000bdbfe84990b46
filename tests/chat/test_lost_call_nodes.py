"""Calls whose nodes are killed: processes of their own on one bus and one database."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chat.calls.hub import KEPT_SECONDS, Hub
from storage.clock import SystemClock, utc_now
from storage.model.call import CallRole, HowEnded, HowLeft
from storage.model.ids import NodeId
from storage.opening import open_storage
from storage.settings import Settings
from tests.chat.caller import Lines
from tests.chat.conftest import SECRET, free_port
from tests.chat.nodes import Chat, ChatNode
from tests.chat.process import ChatProcess
from tests.fixtures.valkey import Valkey
from tests.storage.hand_clock import HandClock


@pytest_asyncio.fixture
async def processes(valkey: Valkey, tmp_path: Path) -> AsyncIterator[tuple[Chat, list[ChatProcess]]]:
    async with open_storage(Settings(secret=SECRET, data=tmp_path, redis_url=valkey.url)) as storage:
        await storage.database.migrate()
        await storage.signing.refresh()
        nodes = [ChatProcess(tmp_path, valkey.url, free_port()) for _ in range(2)]
        try:
            for node in nodes:
                await asyncio.to_thread(node.wait_until_ready)
            yield Chat([ChatNode(node.port, storage) for node in nodes], storage), nodes
        finally:
            for node in nodes:
                node.process.kill()
                node.process.wait()


@pytest.mark.faults
@pytest.mark.real_time
async def test_a_node_that_is_killed_leaves_no_ghosts_and_costs_nobody_who_comes_back_their_seat(
    processes: tuple[Chat, list[ChatProcess]],
) -> None:
    chat, nodes = processes
    lines = await Lines.made(chat)
    invite = await lines.invite()
    async with lines.line(lines.host) as ada, lines.line(node=1) as grace, lines.line(node=1) as linus:
        await ada.enter()
        await asyncio.sleep(4)
        await grace.enter(invite=invite, name="Grace")
        await linus.enter(invite=invite, name="Linus")
        nodes[1].process.kill()
        killed = time.monotonic()
        async with lines.line() as again:
            await again.enter(**grace.back)
            await again.signal(ada)
            await ada.hears("signalled")
            away = await ada.until(lambda frame: frame["type"] == "seat" and not frame["seat"]["present"])
            assert away["seat"]["seat"] == linus.you
            gone = await ada.hears("seat_left", within=20)
            took = time.monotonic() - killed
            assert (gone["seat"], gone["how"]) == (linus.you, "lost")
            assert 13 < took < 18
            assert [seat for seat in again.told if seat["type"] == "seat_left" and seat["seat"] != linus.you] == []
    visit = await chat.storage.call_log.visit(lines.call.id, lines.host.id)
    assert visit is not None
    assert {stay.shown: stay.how_left for stay in visit.stays}["Linus"] is HowLeft.LOST


async def test_a_call_all_of_whose_nodes_are_gone_ends_in_the_log(valkey: Valkey, tmp_path: Path) -> None:
    clock = SystemClock()
    async with open_storage(Settings(secret=SECRET, data=tmp_path, redis_url=valkey.url)) as storage:
        await storage.database.migrate()
        lines = await Lines.made(Chat([], storage))
        now = utc_now(clock)
        await storage.call_log.started(lines.call.id, now)
        await storage.call_log.entered(lines.call.id, "s1", account=lines.host.id, shown="Ada", role=CallRole.HOST, now=now)
        hub = Hub(storage, clock, NodeId("chat-1"), storage.bus.call_states(NodeId("chat-1")))

        await hub.reap()
        # One look is not enough: the bus may just have lost its data.
        assert [call.id for call in await storage.call_log.going_on()] == [lines.call.id]
        await hub.reap()

        record = await storage.calls.find(lines.call.name)
        visit = await storage.call_log.visit(lines.call.id, lines.host.id)
    assert record is not None
    assert record.how_ended is HowEnded.LOST
    assert visit is not None
    assert [stay.how_left for stay in visit.stays] == [HowLeft.LOST]


async def test_a_call_is_not_let_go_of_while_somebody_comes_in(valkey: Valkey, tmp_path: Path) -> None:
    clock = HandClock(1_764_170_000)
    async with open_storage(Settings(secret=SECRET, data=tmp_path, redis_url=valkey.url)) as storage:
        await storage.database.migrate()
        lines = await Lines.made(Chat([], storage))
        hub = Hub(storage, clock, NodeId("chat-1"), storage.bus.call_states(NodeId("chat-1")))
        call = await hub.open(lines.call)

        await hub.tick()
        assert hub.get(lines.call.id) is call
        clock.turn(KEPT_SECONDS)
        await hub.tick()
        assert hub.get(lines.call.id) is None
