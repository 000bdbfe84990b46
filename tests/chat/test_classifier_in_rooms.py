"""What an operator's classifier says of messages decides what becomes of them, and holds up nobody where it says nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from chat.classifier import CLASSIFIED, DEADLINE, FAILURES
from storage.model.channel import Channel
from storage.settings import Settings
from tests.chat.classifier_program import HATE, Program
from tests.chat.nodes import Chat, chat_nodes
from tests.chat.talker import RefusedError
from tests.fixtures.valkey import Valkey

HELD_BY_THE_LISTS = "you are a faggot"
"""Held by the built-in engine at the strictest level."""


@pytest_asyncio.fixture
async def program() -> AsyncIterator[Program]:
    program = Program()
    async with program.running():
        yield program


@pytest_asyncio.fixture
async def chat(program: Program, valkey: Valkey, tmp_path: Path) -> AsyncIterator[Chat]:
    settings = Settings(secret="a secret of the tests", data=tmp_path, redis_url=valkey.url, classifier_url=program.url)
    async with chat_nodes(settings, patient=True) as found:
        await _automod(found, await found.channel(), 4)
        yield found


async def _automod(chat: Chat, channel: Channel, level: int) -> None:
    _, version = await chat.storage.moderation.settings.get(channel.id)
    change = {"automod": {"levels": {"hate": level}}}
    acted = await chat.storage.moderation.settings.change(channel.id, change, by=None, version=version)
    await chat.storage.bus.tell_room(acted.hint)


def _counted(outcome: str) -> float:
    return float(CLASSIFIED.labels(outcome)._value.get())


async def test_its_answer_holds_a_message_or_lets_it_through_whatever_the_lists_say(chat: Chat, program: Program) -> None:
    before = _counted("answered")
    async with chat.talker("ada") as ada:
        assert (await ada.say("Good evening"))["held"]
        assert b'"Good evening"' in program.asked[-1]
        program.answer = b'{"scores": {}}'
        assert "held" not in await ada.say(HELD_BY_THE_LISTS)
    assert _counted("answered") == before + 2


async def test_a_change_is_asked_about_too(chat: Chat, program: Program) -> None:
    async with chat.talker("ada") as ada:
        program.answer = b'{"scores": {}}'
        done = await ada.say("Good evening")
        program.answer = HATE
        with pytest.raises(RefusedError) as refused:
            await ada.ask("edit", message=done["message"], text="Bad evening")
        assert refused.value.code == "message_blocked"
        assert b'"Bad evening"' in program.asked[-1]


async def test_it_is_not_asked_about_what_the_team_writes(chat: Chat, program: Program) -> None:
    channel = await chat.channel("other", owner=await chat.account("grace"))
    await _automod(chat, channel, 4)
    async with chat.talker("grace", room="other") as grace, chat.talker("ada", room="other") as ada:
        done = await grace.say("Good evening")
        assert "held" not in done
        await grace.ask("edit", message=done["message"], text="Good night")
        assert program.asked == []
        assert (await ada.say("Good evening"))["held"]
        assert len(program.asked) == 1


async def test_while_it_hangs_the_lists_decide_after_the_deadline_and_then_at_once(chat: Chat, program: Program) -> None:
    program.silent.clear()
    late, paused = _counted("late"), _counted("paused")
    loop = asyncio.get_running_loop()
    async with chat.talker("ada") as ada:
        began = loop.time()
        assert (await ada.say(HELD_BY_THE_LISTS))["held"]
        assert DEADLINE <= loop.time() - began < DEADLINE + 2
        for number in range(FAILURES - 1):
            assert "held" not in await ada.say(f"Good evening {number}")
        asked = len(program.asked)
        assert (await ada.say(HELD_BY_THE_LISTS))["held"]
        assert len(program.asked) == asked
    assert _counted("late") == late + FAILURES
    assert _counted("paused") == paused + 1


async def test_one_that_lies_is_not_believed(chat: Chat, program: Program) -> None:
    failed = _counted("failed")
    async with chat.talker("ada") as ada:
        for answer in (b'{"scores": {"hate": 9}}', b'{"scores": {"hate": -1}}', b"Hello"):
            program.answer = answer
            assert "held" not in await ada.say(f"Good evening {len(answer)}")
        program.answer = b'{"scores": "none"}'
        assert (await ada.say(HELD_BY_THE_LISTS))["held"]
    assert _counted("failed") == failed + 4


async def test_one_that_dies_leaves_it_to_the_lists(chat: Chat, program: Program) -> None:
    failed = _counted("failed")
    async with chat.talker("ada") as ada:
        assert (await ada.say("Good evening"))["held"]
        await program.die()
        assert "held" not in await ada.say("Good night")
        assert (await ada.say(HELD_BY_THE_LISTS))["held"]
    assert _counted("failed") == failed + 2


async def test_it_is_not_asked_about_a_room_without_automod(chat: Chat, program: Program) -> None:
    channel = await chat.channel("other")
    async with chat.talker("ada", room="other") as ada:
        await ada.say("Good evening")
        assert program.asked == []
        await _automod(chat, channel, 1)
        async with asyncio.timeout(10):
            while not program.asked:
                await asyncio.sleep(0.2)
                await ada.say("Good night")
