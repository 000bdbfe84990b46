"""A bus that hangs for longer than a seat waits: nobody loses theirs by it."""

import asyncio
from pathlib import Path

import pytest

from chat.calls.call import GRACE_MS
from storage.settings import Settings
from tests.chat.caller import Lines, Refusal
from tests.chat.conftest import SECRET
from tests.chat.nodes import chat_nodes
from tests.fixtures.valkey import Valkey

pytestmark = pytest.mark.real_time


async def test_seats_outlive_a_bus_that_hangs_longer_than_a_seat_waits(valkey: Valkey, tmp_path: Path) -> None:
    """Also of whoever loses the connection meanwhile, and comes back when it goes on."""
    async with chat_nodes(Settings(secret=SECRET, data=tmp_path, redis_url=valkey.url), 2) as chat:
        lines = await Lines.made(chat)
        invite = await lines.invite()
        async with lines.line(lines.host) as ada, lines.line() as grace, lines.line(node=1) as linus, lines.line(node=1) as again:
            await ada.enter()
            for caller, name in ((grace, "Grace"), (linus, "Linus")):
                await caller.enter(invite=invite, name=name)
            await ada.signal(linus)
            await linus.hears("signalled")
            valkey.hang()
            # Of one node they hear each other without it; others are told that it does not get through.
            await grace.signal(ada)
            await ada.hears("signalled")
            with pytest.raises(Refusal, match="bus_unavailable"):
                await linus.signal(ada)
            await linus.cut()
            await asyncio.sleep(GRACE_MS / 1000 + 1)
            valkey.go_on()

            async with asyncio.timeout(8):
                while not again.seated:
                    asked = await again.send("enter", **linus.back)
                    answer = await again.outcome(asked)
                    if answer["type"] == "seated":
                        again.seated = answer
                    else:
                        assert answer["code"] == "bus_unavailable", answer
                        await asyncio.sleep(0.2)
            await again.signal(ada)
            await ada.hears("signalled", within=5)
            await ada.signal(again)
            await again.hears("signalled", within=5)
            # Longer than until a node takes others for gone again.
            await asyncio.sleep(5)
            assert again.seats == {ada.you, grace.you, linus.you}
            for caller in (ada, grace, again):
                assert [frame for frame in caller.told if frame["type"] in {"call_over", "seat_left"}] == []
