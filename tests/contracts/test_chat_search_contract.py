"""One contract for finding messages in every database."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from storage.database import chat_search
from storage.database.tables import chat_reaction
from storage.model.account import Account
from storage.model.ids import BroadcastId
from tests.contracts.conftest import Records
from tests.contracts.room import Room

BROADCAST = "00112233445566aa"


async def _room(records: Records) -> tuple[Room, Account, Account]:
    ada, grace = await records.account("ada"), await records.account("grace")
    return Room(records.storage, await records.channel("main", ada)), ada, grace


async def test_words_are_found_in_any_case_and_wildcards_are_letters(records: Records) -> None:
    room, ada, grace = await _room(records)
    await room.write(ada, "Good Evening")
    await room.write(grace, "good_night 100%")
    await room.write(grace, "something else", state="deleted")
    await room.write(grace, "good, but held", state="held")
    assert await room.texts("GOOD") == ["good_night 100%", "Good Evening"]
    assert await room.texts("d_n") == ["good_night 100%"]
    assert await room.texts("0%") == ["good_night 100%"]
    assert await room.texts("else") == []
    assert await room.texts(author="ada") == ["Good Evening"]
    assert await room.texts("good", before=2) == ["Good Evening"]


async def test_another_rooms_messages_are_not_found(records: Records) -> None:
    room, ada, _ = await _room(records)
    await room.write(ada, "here")
    other = Room(records.storage, await records.channel("other"), written=10)
    await other.write(ada, "there")
    assert await other.texts() == ["there"]


async def test_a_search_looks_through_so_many_and_says_where_to_go_on(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_search, "LOOKED_THROUGH", 3)
    room, ada, _ = await _room(records)
    for text in ("needle", "hay", "hay", "hay", "hay"):
        await room.write(ada, text)
    search = records.storage.chat_search
    first = await search.find(room.channel.id, "needle")
    assert (list(first.messages), first.before) == ([], 3)
    second = await search.find(room.channel.id, "needle", before=first.before)
    assert [seq for seq, _ in second.messages] == [1]
    assert second.before is None


async def test_a_broadcast_is_replayed_in_the_order_of_its_pictures(records: Records) -> None:
    room, ada, grace = await _room(records)
    late = await room.write(ada, "saw it late", media=3000, broadcast=BROADCAST)
    early = await room.write(grace, "saw it early", media=1000, broadcast=BROADCAST)
    same = await room.write(grace, "at once", media=3000, broadcast=BROADCAST)
    await room.write(grace, "gone", media=2000, broadcast=BROADCAST, state="deleted")
    await room.write(grace, "another day", media=2000, broadcast="0" * 16)
    replay = records.storage.chat_search.of_broadcast
    assert [message.id for _, message in await replay(BroadcastId(BROADCAST), after_ms=0)] == [early, late, same]
    assert [message.id for _, message in await replay(BroadcastId(BROADCAST), after_ms=3000, after=late)] == [same]


async def test_reactions_are_told_with_the_message_first_come_first(records: Records) -> None:
    room, ada, grace = await _room(records)
    identifier = await room.write(ada, "Good evening")
    now = datetime.now(UTC)
    async with records.storage.database.transaction() as connection:
        for account, reaction in ((ada, "👍"), (grace, "❤️"), (grace, "👍")):
            values = {"message": identifier, "account": account.id, "reaction": reaction, "created_at": now}
            await connection.execute(insert(chat_reaction).values(**values))
    found = await records.storage.chat_search.find(room.channel.id, "")
    assert [message.reactions for _, message in found.messages] == [{"👍": 2, "❤️": 1}]
