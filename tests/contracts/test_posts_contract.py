"""One contract for writing messages in every database."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from storage.chat.events import (
    Appealed,
    Audience,
    Author,
    Cleared,
    EmotesChanged,
    Event,
    Held,
    Logged,
    Message,
    MessageKind,
    Posted,
    decoded,
)
from storage.clock import SystemClock, utc_now
from storage.database.chat_log import append_all, append_alone, locked
from storage.database.chat_posts import DELAYED, Post, Written
from storage.model.account import Account
from storage.model.channel import Channel
from storage.model.chat import MessageState, ModerationAction
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import new_record_id
from tests.contracts.conftest import Records


def post(author: Account, client_id: str, text: str = "", **fields: Any) -> Post:
    named = Author(name=author.name, shown=author.name, colour="#000000")
    message = Message(id=new_record_id(1), at=0, author=named, text=text or client_id)
    return replace(Post(author.id, client_id, message), **fields)


async def write(records: Records, channel: Channel, *posts: Post) -> list[Written]:
    row = await records.storage.chat_log.open(channel.id)
    done = await records.storage.posts.write({channel.id: (row.version, posts)})
    return list(done[channel.id].written)


async def logged(records: Records, channel: Channel) -> list[object]:
    return [decoded(one.body) for one in await records.storage.chat_log.since(channel.id, 0)]


async def test_messages_get_numbers_in_their_order_and_stand_in_the_log(records: Records) -> None:
    ada = await records.account("ada")
    channel = await records.channel("main", ada)
    assert [one.seq for one in await write(records, channel, post(ada, "1"), post(ada, "2"))] == [1, 2]
    assert [one.seq for one in await write(records, channel, post(ada, "3"))] == [3]
    events = await logged(records, channel)
    assert [event.message.text for event in events if isinstance(event, Posted)] == ["1", "2", "3"]
    history = await records.storage.messages.history(channel.id)
    assert [(seq, message.text) for seq, message in history] == [(1, "1"), (2, "2"), (3, "3")]
    assert all(message.at > 0 for _, message in history)


async def test_the_same_message_is_written_once_also_within_one_batch(records: Records) -> None:
    ada, grace = await records.account("ada"), await records.account("grace")
    channel = await records.channel("main", ada)
    first, again = await write(records, channel, post(ada, "same"), post(ada, "same"))
    later, other = await write(records, channel, post(ada, "same", "other words"), post(grace, "same"))
    assert (again.message, later.message) == (first.message, first.message)
    assert (first.again, again.again, later.again, other.again) == (False, True, True, False)
    assert len(await logged(records, channel)) == 2
    known = await records.storage.posts.known(channel.id, [(ada.id, "same"), (grace.id, "never")])
    assert {key: one.seq for key, one in known.items()} == {(ada.id, "same"): 1}


async def test_nothing_is_written_by_a_version_that_is_over(records: Records) -> None:
    ada = await records.account("ada")
    channel, other = await records.channel("main", ada), await records.channel("other", ada)
    row = await records.storage.chat_log.open(channel.id)
    async with records.storage.database.transaction() as connection:
        await append_alone(connection, channel.id, [], utc_now(SystemClock()), renew=True)
    done = await records.storage.posts.write({channel.id: (row.version, [post(ada, "late")]), other.id: (1, [post(ada, "fine")])})
    assert done[channel.id].stale
    assert done[channel.id].room.version == row.version + 1
    assert not done[other.id].stale
    assert await logged(records, channel) == []
    assert len(await logged(records, other)) == 1


async def test_writers_at_the_same_time_leave_no_hole_and_share_no_number(records: Records) -> None:
    accounts = [await records.account(f"writer-{number}") for number in range(4)]
    channels = [await records.channel(f"room-{number}") for number in range(3)]
    for channel in channels:
        await records.storage.chat_log.open(channel.id)

    async def both(number: int) -> None:
        account = accounts[number % 4]
        await records.storage.posts.write({channel.id: (1, [post(account, f"{number}")]) for channel in channels})

    await asyncio.gather(*(both(number) for number in range(8)))
    for channel in channels:
        assert [one.seq for one in await records.storage.chat_log.since(channel.id, 0)] == list(range(1, 9))


async def test_held_messages_are_the_teams_and_delayed_ones_become_visible_once(records: Records) -> None:
    ada = await records.account("ada")
    channel = await records.channel("main", ada)
    due = utc_now(SystemClock()) - timedelta(seconds=1)
    await write(
        records,
        channel,
        post(ada, "held", state=MessageState.HELD, held_for=("spam",)),
        post(ada, "delayed", state=MessageState.DELAYED, held_for=(DELAYED,), due_at=due),
    )
    assert await records.storage.messages.history(channel.id) == []
    assert await records.storage.posts.due() == [channel.id]
    hints = await asyncio.gather(*(records.storage.posts.release(channel.id) for _ in range(3)))
    assert sum(hint is not None for hint in hints) == 1
    events = await logged(records, channel)
    assert [type(event) for event in events] == [Held, Held, Posted]
    assert [message.text for _, message in await records.storage.messages.history(channel.id)] == ["delayed"]
    assert await records.storage.posts.due() == []


async def test_an_author_that_is_gone_writes_nothing_and_a_channel_that_is_gone_is_left_out(records: Records) -> None:
    ada, grace = await records.account("ada"), await records.account("grace")
    channel, gone = await records.channel("main", ada), await records.channel("gone", ada)
    await records.storage.chat_log.open(channel.id)
    await records.storage.channels.delete(gone.id)
    await records.storage.accounts.delete(grace.id)
    with pytest.raises(NotFound) as refused:
        await records.storage.posts.write({channel.id: (1, [post(ada, "with her"), post(grace, "gone")])})
    assert refused.value.code is ErrorCode.ACCOUNT_NOT_FOUND
    assert await logged(records, channel) == []
    done = await records.storage.posts.write({channel.id: (1, [post(ada, "alone")]), gone.id: (1, [post(ada, "nowhere")])})
    assert set(done) == {channel.id}


async def test_who_writes_is_counted(records: Records) -> None:
    ada = await records.account("ada")
    channel = await records.channel("main", ada)
    before = (await records.storage.members.of(channel.id, [ada.id]))[ada.id]
    assert (before.member.messages, before.standing.owner) == (0, True)
    await write(records, channel, post(ada, "1"), post(ada, "2"))
    await write(records, channel, post(ada, "3"))
    after = (await records.storage.members.of(channel.id, [ada.id]))[ada.id]
    assert after.member.messages == 3
    assert after.member.first_at is not None
    assert after.member.last_at is not None
    assert after.member.first_at <= after.member.last_at


async def test_reactions_have_their_limits(records: Records) -> None:
    ada = await records.account("ada")
    channel = await records.channel("main", ada)
    (written,) = await write(records, channel, post(ada, "1"))
    react = records.storage.messages.react
    for number in range(5):
        assert await react(channel.id, ada.id, written.message, f":emote{number}:", on=True) is not None
    assert await react(channel.id, ada.id, written.message, ":emote0:", on=True) is None
    with pytest.raises(Conflict) as refused:
        await react(channel.id, ada.id, written.message, ":emote5:", on=True)
    assert refused.value.code is ErrorCode.LIMIT_REACHED
    await react(channel.id, ada.id, written.message, ":emote0:", on=False)
    await react(channel.id, ada.id, written.message, ":emote5:", on=True)
    ((_, message),) = await records.storage.messages.history(channel.id)
    assert message.reactions == {f":emote{number}:": 1 for number in range(1, 6)}


async def test_events_of_many_rooms_are_written_at_once_each_at_its_place(records: Records) -> None:
    ada = await records.account("ada")
    first, second, other = [await records.channel(name, ada) for name in ("first", "second", "other")]
    await write(records, first, post(ada, "1"))
    log, now = records.storage.chat_log, utc_now(SystemClock())
    versions = {channel.id: (await log.open(channel.id)).version for channel in (first, second, other)}
    async with records.storage.database.transaction() as connection:
        rooms = await locked(connection, [first.id, second.id], now)
        told: dict[str, list[Event]] = {first.id: [EmotesChanged(), Cleared()], second.id: [Appealed(id="1", name="ada")]}
        hints = await append_all(connection, [(room, told[channel]) for channel, room in rooms.items()], now)
    assert {channel: (hint.after, [one.seq for one in hint.events]) for channel, hint in hints.items()} == {
        first.id: (1, [2, 3]),
        second.id: (0, [1]),
    }
    for channel, seq in ((first, 3), (second, 1), (other, 0)):
        room = await log.open(channel.id)
        assert (room.seq, room.version) == (seq, versions[channel.id])
        assert await log.since(channel.id, room.seq - len(told.get(channel.id, ()))) == (
            hints[channel.id].events if channel.id in hints else ()
        )
    assert [one.audience for one in hints[second.id].events] == [Audience.TEAM]


async def test_an_announcement_has_its_line_in_the_log_once(records: Records) -> None:
    ada = await records.account("ada")
    channel = await records.channel("main", ada)
    plain = post(ada, "2")
    announced = post(ada, "1")
    announced = replace(announced, message=msgspec.structs.replace(announced.message, kind=MessageKind.ANNOUNCEMENT))
    first, second = await write(records, channel, announced, plain)
    assert first.logged is not None
    assert (first.seq, second.seq, second.logged) == (1, 2, None)
    events = await logged(records, channel)
    assert [type(event) for event in events] == [Posted, Posted, Logged]
    assert events[2] == first.logged
    (again,) = await write(records, channel, announced)
    assert (again.again, again.seq) == (True, 1)
    (line,) = await records.storage.moderation.actions.list(channel.id)
    assert (line.id, line.action, line.message) == (first.logged.id, ModerationAction.ANNOUNCE, first.message)
    assert (first.logged.by, first.logged.message) == ("ada", first.message)


async def test_who_reacted_how_is_told_by_account_and_message(records: Records) -> None:
    ada, grace = await records.account("ada"), await records.account("grace")
    channel = await records.channel("main", ada)
    first, second = await write(records, channel, post(ada, "1"), post(ada, "2"))
    for account, message, reaction in ((ada, first, "👍"), (ada, first, "❤️"), (ada, second, "👍"), (grace, second, ":wave:")):
        await records.storage.messages.react(channel.id, account.id, message.message, reaction, on=True)
    of = records.storage.messages.reactions_of
    assert await of([ada.id, grace.id], [first.message, second.message]) == {
        ada.id: {first.message: ("👍", "❤️"), second.message: ("👍",)},
        grace.id: {second.message: (":wave:",)},
    }
    assert await of([grace.id], [first.message]) == {}
    assert await of([], []) == {}


async def test_an_edit_by_a_version_that_is_over_changes_nothing(records: Records) -> None:
    ada = await records.account("ada")
    channel = await records.channel("main", ada)
    (written,) = await write(records, channel, post(ada, "1"))
    edit = records.storage.messages.edit
    assert await edit(channel.id, ada.id, written.message, "late", (), version=0) is None
    assert await edit(channel.id, ada.id, written.message, "changed", (), version=1) is not None
    ((_, message),) = await records.storage.messages.history(channel.id)
    assert (message.text, message.edited) == ("changed", True)
