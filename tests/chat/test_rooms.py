"""Rooms as their clients see them, on one node and on several."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from storage.chat.events import NumberedEvent
from storage.chat.settings import ChatSettings, Modes
from storage.clock import SystemClock, utc_now
from storage.database.chat_log import MOST_AT_ONCE, append, locked_room
from storage.model.channel import ChannelRole, Visibility
from storage.model.channel_edit import ChannelEdit
from storage.model.ids import ChannelId, ChannelName
from storage.settings import Settings
from tests.chat.nodes import Chat, chat_nodes
from tests.chat.talker import RefusedError, Talker
from tests.fixtures.valkey import Valkey


@pytest_asyncio.fixture
async def chat(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Chat]:
    """One node, on SQLite."""
    async with chat_nodes(Settings(secret="a secret of the tests", data=tmp_path, redis_url=valkey.url)) as found:
        yield found


@pytest_asyncio.fixture
async def two(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Chat]:
    """Two nodes, on SQLite."""
    async with chat_nodes(Settings(secret="a secret of the tests", data=tmp_path, redis_url=valkey.url), 2) as found:
        yield found


async def _set(chat: Chat, channel: ChannelId, modes: Modes) -> None:
    from storage.chat.events import ModesChanged

    settings = ChatSettings(modes=modes)
    async with chat.storage.database.transaction() as connection:
        now = utc_now(SystemClock())
        room = await locked_room(connection, channel, now)
        import msgspec

        text = msgspec.json.encode(settings).decode()
        hint = await append(connection, room, [ModesChanged(modes=settings.effective)], now, renew=True, settings=text)
    await chat.storage.bus.tell_room(hint)


async def test_what_one_writes_all_see_and_a_stranger_reads(chat: Chat) -> None:
    await chat.channel()
    async with chat.talker("ada") as ada, chat.talker("grace") as grace, chat.talker() as stranger:
        done = await ada.say("Good evening")
        assert done["seq"] == 1
        for one in (ada, grace, stranger):
            await one.sees("Good evening")
        assert stranger.account is None
        with pytest.raises(RefusedError) as refused:
            await stranger.say("Me too")
        assert refused.value.code == "sign_in_required"


async def test_who_comes_later_is_shown_what_was_said_and_can_look_back_without_end(chat: Chat) -> None:
    await chat.channel()
    async with chat.talker("ada") as ada:
        for number in range(20):
            await ada.insist(str(number), f"first-{number}")
    # A second account, since one may write 20 messages in 30 seconds.
    for turn in range(5):
        async with chat.talker(f"grace-{turn}") as grace:
            for number in range(20):
                await grace.insist(f"{turn}-{number}", f"later-{turn}-{number}")
    async with chat.talker() as late:
        assert len(late.shown) >= 50
        await late.sees("4-19")
        oldest = late.first - 49
        seen: list[str] = []
        while True:
            page = await late.ask("history", before=oldest, limit=30)
            seen = [one["message"]["text"] for one in page["messages"]] + seen
            if not page["earlier"]:
                break
            oldest = page["messages"][0]["seq"]
        assert seen[:3] == ["0", "1", "2"]
        assert len(seen) + len(late.shown) == 120


async def test_the_same_message_sent_twice_is_written_once(chat: Chat) -> None:
    await chat.channel()
    async with chat.talker("ada") as ada, chat.talker() as reader:
        first = await ada.insist("once", "the-same")
        ada.cut()
        again = await ada.insist("once", "the-same")
        assert (again["message"], again["seq"]) == (first["message"], first["seq"])
        await ada.say("another")
        await reader.sees("another")
        assert reader.shown == ["once", "another"]


async def test_a_message_that_was_written_is_answered_again_though_it_would_be_refused_now(chat: Chat) -> None:
    channel = await chat.channel()
    async with chat.talker("ada") as ada:
        first = await ada.insist("quick", "the-same")
        await _set(chat, channel.id, Modes(slow_seconds=600, read_only=True))
        await ada.until(lambda: ada.you["refused"] == "read_only")
        assert (await ada.insist("quick", "the-same"))["seq"] == first["seq"]
        with pytest.raises(RefusedError) as refused:
            await ada.say("slow")
        assert refused.value.code == "read_only"


async def test_who_was_away_is_told_exactly_what_was_missed(chat: Chat) -> None:
    await chat.channel()
    async with chat.talker("ada") as ada, chat.talker() as reader:
        await ada.say("before")
        await reader.sees("before")
        reader.cut()
        for number in range(5):
            await ada.say(f"missed {number}")
        await reader.sees("missed 4")
        assert reader.shown == ["before", *(f"missed {number}" for number in range(5))]
        assert reader.twice == []
        assert reader.lost == 0


async def test_a_node_that_was_not_there_tells_what_was_missed_from_the_database(two: Chat) -> None:
    await two.channel()
    async with two.talker("ada", node=0) as ada, two.talker(node=0) as reader, two.talker(node=0) as other:
        await ada.say("before")
        for one in (reader, other):
            await one.sees("before")
            one.move(two.nodes[1].port)
        for number in range(6):
            await ada.say(f"missed {number}")
        for one in (reader, other):
            await one.sees("missed 5")
            assert len(one.shown) == 7
            assert (one.twice, one.lost) == ([], 0)


async def test_the_database_is_asked_once_for_what_many_missed_who_come_back_at_once(two: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    await two.channel()
    log = two.nodes[1].storage.chat_log
    since, asked = log.since, []

    async def counted(channel: ChannelId, after: int, *, limit: int = MOST_AT_ONCE) -> tuple[NumberedEvent, ...]:
        asked.append(after)
        return await since(channel, after, limit=limit)

    monkeypatch.setattr(log, "since", counted)
    async with AsyncExitStack() as stack:
        ada = await stack.enter_async_context(two.talker("ada", node=0))
        readers = [await stack.enter_async_context(two.talker(f"reader-{number}", node=0)) for number in range(20)]
        await ada.say("before")
        for one in readers:
            await one.sees("before")
            one.cut()
        await ada.say("missed")
        for one in readers:
            one.move(two.nodes[1].port)
        for one in readers:
            await one.sees("missed")
            assert one.lost == 0
    # Once for all, and perhaps once more for a hint that was on its way.
    assert len(asked) <= 2


async def test_who_missed_more_than_can_be_told_is_told_that(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.room_log.MOST_KEPT", 2)
    monkeypatch.setattr("chat.entrance.MOST_MISSED", 3)
    await chat.channel()
    async with chat.talker("ada") as ada, chat.talker() as reader:
        await ada.say("before")
        await reader.sees("before")
        reader.cut()
        for number in range(6):
            await ada.say(f"missed {number}")
        await reader.sees("missed 5")
        assert reader.lost == 1 or "missed 0" in reader.shown
        assert reader.twice == []


async def test_two_nodes_show_one_order(two: Chat) -> None:
    await two.channel()
    async with (
        two.talker("ada", node=0) as ada,
        two.talker("grace", node=1) as grace,
        two.talker(node=0) as here,
        two.talker(node=1) as there,
    ):
        await asyncio.gather(*(one.say(f"{name} {number}") for number in range(10) for name, one in (("ada", ada), ("grace", grace))))
        for one in (here, there):
            await one.shows(20)
        assert here.shown == there.shown
        assert here.lost == there.lost == here.out_of_place == there.out_of_place == 0


async def test_what_was_written_on_one_node_counts_on_the_other(two: Chat) -> None:
    channel = await two.channel()
    await _set(two, channel.id, Modes(unique=True))
    async with two.talker("ada", node=0) as ada, two.talker("grace", node=1) as grace:
        await ada.until(lambda: any(event["kind"] == "modes" for event in ada.events) or ada.seq > 0)
        await ada.say("the very same words")
        await grace.sees("the very same words")
        with pytest.raises(RefusedError) as refused:
            await grace.say("the very same words")
        assert refused.value.code == "not_unique"
        await grace.say("other words")


async def test_without_the_bus_messages_are_written_and_reach_the_other_node_a_little_later(two: Chat, valkey: Valkey) -> None:
    await two.channel()
    async with two.talker("ada", node=0) as ada, two.talker(node=1) as there:
        await ada.say("before")
        await there.sees("before")
        valkey.kill()
        for number in range(3):
            await ada.insist(f"without {number}", f"without-{number}")
        await there.sees("without 2")
        valkey.start()
        await ada.insist("after", "after")
        await there.sees("after")
        assert there.shown == ["before", "without 0", "without 1", "without 2", "after"]
        assert there.lost == 0


async def test_own_messages_are_changed_and_taken_back_and_nobody_elses(chat: Chat) -> None:
    await chat.channel()
    async with chat.talker("ada") as ada, chat.talker("grace") as grace:
        message = (await ada.say("helo"))["message"]
        await grace.sees("helo")
        for kind, fields in (("edit", {"text": "mine"}), ("delete", {})):
            with pytest.raises(RefusedError) as refused:
                await grace.ask(kind, message=message, **fields)
            assert refused.value.code == "message_not_found"
        await ada.ask("edit", message=message, text="hello @grace")
        await grace.until(lambda: any(event["kind"] == "edited" and event["text"] == "hello @grace" for event in grace.events))
        await ada.ask("delete", message=message)
        await grace.until(lambda: any(event["kind"] == "deleted" and event["ids"] == [message] for event in grace.events))
    async with chat.talker() as late:
        assert late.shown == []


async def test_a_reply_quotes_and_a_mention_names(chat: Chat) -> None:
    await chat.channel()
    async with chat.talker("ada") as ada, chat.talker("grace") as grace:
        message = (await ada.say("Who is there?"))["message"]
        await grace.say("@ada it is me", reply=message)
        await ada.sees("@ada it is me")
        told = [event["message"] for event in ada.events if event["kind"] == "message"][-1]
        assert told["mentions"] == ["ada"]
        assert told["reply"] == {"id": message, "name": "ada", "shown": "Ada", "text": "Who is there?"}
        with pytest.raises(RefusedError) as refused:
            await grace.say("to nothing", reply="0" * 26)
        assert refused.value.code == "message_not_found"


async def test_who_is_elsewhere_is_told_of_a_mention_on_any_node(two: Chat) -> None:
    await two.channel()
    await two.channel("other")
    async with two.talker("ada", room="other", node=1) as ada, two.talker("grace", node=0) as grace:
        await grace.say("@ada come over")
        await ada.until(lambda: any(frame["type"] == "mentioned" and frame["room"] == "main" for frame in ada.frames))


async def test_a_mention_tells_nobody_who_may_not_read_there_or_blocks_the_author(chat: Chat) -> None:
    owner = await chat.account("owner")
    channel = await chat.channel(owner=owner)
    await chat.channel("other")
    ada = await chat.account("ada")
    await chat.account("grace")
    await chat.storage.blocks.block(ada.id, owner.id)
    async with (
        chat.talker("ada", room="other") as blocks,
        chat.talker("grace", room="other") as sees,
        chat.talker("owner") as writer,
    ):
        await writer.say("@ada @grace hello")
        await sees.until(lambda: any(frame["type"] == "mentioned" for frame in sees.frames))
        await chat.storage.channels.edit(channel.id, ChannelEdit(visibility=Visibility.NAMED), version=channel.version)
        await chat.storage.roles.give(channel.id, ada.id, ChannelRole.VIEWER, by=owner.id)
        await chat.storage.blocks.unblock(ada.id, owner.id)
        chat.nodes[0].storage.access.forget(channel.name)
        await writer.insist("@grace @ada a secret", "secret")
        await blocks.until(lambda: any(frame["type"] == "mentioned" for frame in blocks.frames))

        def told(one: Talker) -> list[str]:
            return [frame["message"]["text"] for frame in one.frames if frame["type"] == "mentioned"]

        assert (told(blocks), told(sees)) == (["@grace @ada a secret"], ["@ada @grace hello"])


async def test_who_could_not_write_may_when_the_reason_is_gone(chat: Chat) -> None:
    owner = await chat.account("owner")
    channel = await chat.channel(owner=owner)
    ada, grace = await chat.account("ada"), await chat.account("grace")
    await _set(chat, channel.id, Modes(followers_minutes=0))
    until = utc_now(SystemClock()) + timedelta(seconds=2)
    await chat.storage.bans.ban(channel.id, grace.id, by=owner.id, reason="", expires_at=until)
    async with chat.talker("ada") as follower:
        assert follower.you["refused"] == "followers_only"
        with pytest.raises(RefusedError):
            await follower.say("not yet")
        await chat.storage.follows.follow(ada.id, channel.id)
        await follower.until(lambda: follower.you["refused"] == "")
        await follower.say("now")
    await chat.storage.follows.follow(grace.id, channel.id)
    async with chat.talker("grace") as banned:
        await banned.say("it has run out")


async def test_a_channel_that_is_renamed_is_left_and_found_by_its_new_name(chat: Chat) -> None:
    channel = await chat.channel()
    async with chat.talker("ada") as ada:
        await ada.say("before")
        await chat.storage.channels.edit(channel.id, ChannelEdit(name=ChannelName("renamed")), version=channel.version)
        await ada.until(lambda: bool(ada.left))
    async with chat.talker("ada", room="renamed") as again:
        assert again.shown == ["before"]


async def test_reactions_are_counted_once_for_each_account_and_taken_back(chat: Chat) -> None:
    await chat.channel()
    async with chat.talker("ada") as ada, chat.talker("grace") as grace:
        message = (await ada.say("Good evening"))["message"]
        await ada.ask("react", message=message, reaction="👍")
        await grace.ask("react", message=message, reaction="👍")
        await grace.ask("react", message=message, reaction="👍")
        await grace.until(lambda: any(event.get("reactions") == {"👍": 2} for event in grace.events))
        await grace.ask("react", message=message, reaction="👍", on=False)
        await ada.until(lambda: ada.events[-1].get("reactions") == {"👍": 1})
        with pytest.raises(RefusedError) as refused:
            await ada.ask("react", message=message, reaction="no emoji")
        assert refused.value.code == "reaction_invalid"


async def test_who_comes_in_is_told_their_own_reactions_and_their_vote(two: Chat) -> None:
    channel = await two.channel()
    async with two.talker("ada") as ada, two.talker("grace") as grace:
        first, second = [(await ada.say(text))["message"] for text in ("one", "two")]
        await ada.ask("react", message=first, reaction="👍")
        await ada.ask("react", message=first, reaction="❤️")
        await grace.ask("react", message=second, reaction="👍")
        poll, acted = await two.storage.polls.open(channel.id, "Which?", ("this", "that"), 60, by=None)
        await two.storage.bus.tell_room(acted.hint)
        await ada.ask("vote", poll=poll.id, option=1)
        page = await ada.ask("history", before=100)
        assert page["mine"] == {first: ["👍", "❤️"]}
    for name, mine, voted in (("ada", {first: ["👍", "❤️"]}, 1), ("grace", {second: ["👍"]}, None), ("", {}, None)):
        async with two.talker(name, node=1) as again:
            (joined,) = [frame for frame in again.frames if frame["type"] == "joined"]
            assert (joined["mine"], joined["voted"]) == (mine, voted)
            assert (await again.ask("history", before=100))["mine"] == mine


async def test_a_ban_that_is_committed_stops_every_later_message_and_puts_out(two: Chat) -> None:
    owner = await two.account("owner")
    channel = await two.channel(owner=owner)
    grace = await two.account("grace")
    async with two.talker("grace", node=1) as banned:
        await banned.say("hello")
        await two.storage.bans.ban(channel.id, grace.id, by=owner.id, reason="", expires_at=None)
        async with two.storage.database.transaction() as connection:
            from storage.chat.events import StandingChanged
            from storage.database.chat_log import append_alone

            await append_alone(connection, channel.id, [StandingChanged(name="grace")], utc_now(SystemClock()), renew=True)
        # No hint was told: the very next message is judged by what is committed.
        with pytest.raises(RefusedError) as refused:
            await banned.say("still here")
        assert refused.value.code in {"chat_banned", "not_joined"}
        await banned.until(lambda: "chat_banned" in banned.left)


async def test_a_delayed_message_is_seen_by_the_team_at_once_and_by_all_when_it_is_due(chat: Chat) -> None:
    owner = await chat.account("owner")
    channel = await chat.channel(owner=owner)
    await _set(chat, channel.id, Modes(delay_seconds=2))
    async with chat.talker("owner") as team, chat.talker("grace") as grace, chat.talker() as reader:
        await grace.say("wait for it")
        await team.until(lambda: any(event["kind"] == "held" and event["why"] == ["delay"] for event in team.events))
        assert reader.shown == []
        await reader.sees("wait for it")
        await team.sees("wait for it")
        assert reader.twice == []


async def test_a_closed_channel_is_joined_by_those_who_may_watch_it_and_left_when_that_ends(chat: Chat) -> None:
    owner = await chat.account("owner")
    channel = await chat.channel(owner=owner)
    guest = await chat.account("guest")
    edit = ChannelEdit(visibility=Visibility.NAMED)
    record = await chat.storage.channels.edit(channel.id, edit, version=channel.version)
    assert record.visibility is Visibility.NAMED
    await chat.storage.roles.give(channel.id, guest.id, ChannelRole.VIEWER, by=owner.id)
    async with chat.talker("guest") as inside:
        await inside.say("here I am")
        await chat.storage.roles.take(channel.id, guest.id)
        async with chat.storage.database.transaction() as connection:
            from storage.chat.events import StandingChanged
            from storage.database.chat_log import append_alone

            hint = await append_alone(connection, channel.id, [StandingChanged(name="guest")], utc_now(SystemClock()), renew=True)
        await chat.storage.bus.tell_room(hint)
        await inside.until(lambda: bool(inside.left))


async def test_presence_counts_accounts_once_over_nodes_and_forgets_who_left(two: Chat) -> None:
    await two.channel()
    async with two.talker("ada", node=0), two.talker("ada", node=1) as ada, two.talker(node=1):

        def told(accounts: int, strangers: int, names: list[str]) -> bool:
            shown = [frame["present"] for frame in ada.frames if frame["type"] == "presence"]
            return bool(shown) and shown[-1] == {"accounts": accounts, "strangers": strangers, "names": names}

        await ada.until(lambda: told(1, 1, ["ada"]))
        async with two.talker("grace", node=0):
            await ada.until(lambda: told(2, 1, ["ada", "grace"]))
        await ada.until(lambda: told(1, 1, ["ada"]))


async def test_presence_is_there_again_after_the_bus_lost_its_data(chat: Chat, valkey: Valkey) -> None:
    await chat.channel()
    async with chat.talker("ada") as ada:
        await ada.until(lambda: any(frame["type"] == "presence" for frame in ada.frames))
        valkey.restart_empty()
        async with chat.talker("grace"):
            await ada.until(
                lambda: any(frame["type"] == "presence" and frame["present"]["names"] == ["ada", "grace"] for frame in ada.frames)
            )


async def test_one_may_write_twenty_messages_in_half_a_minute(chat: Chat) -> None:
    await chat.channel()
    async with chat.talker("ada") as ada:
        began = time.monotonic()
        written: list[float] = []

        async def write_on() -> None:
            while len(written) < 100:
                await ada.say(str(len(written)))
                written.append(time.monotonic())

        with pytest.raises(RefusedError) as refused:
            await write_on()
        # What takes long lets further ones come.
        assert 20 <= len(written) <= 21 + (time.monotonic() - began) * 20 / 30
        assert refused.value.code == "too_many_requests"
        assert 0 < refused.value.retry_after <= 30


async def test_a_node_with_too_much_to_write_says_so_at_once(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    await chat.channel()
    async with chat.talker("ada") as ada, chat.talker() as reader:
        monkeypatch.setattr("chat.posting.MOST_WAITING", 0)
        with pytest.raises(RefusedError) as refused:
            await ada.say("one too many")
        assert (refused.value.code, refused.value.retry_after > 0) == ("server_busy", True)
        monkeypatch.undo()
        await ada.insist("again", "again")
        await reader.sees("again")
        assert reader.shown == ["again"]


async def test_old_events_are_forgotten_and_messages_are_not(chat: Chat) -> None:
    channel = await chat.channel()
    async with chat.talker("ada") as ada:
        await ada.say("kept")
    from sqlalchemy import update

    from storage.database.tables import chat_event

    async with chat.storage.database.transaction() as connection:
        await connection.execute(update(chat_event).values(created_at=utc_now(SystemClock()) - timedelta(days=2)))
    assert await chat.storage.chat_log.prune() == 1
    assert await chat.storage.chat_log.since(channel.id, 0) == ()
    async with chat.talker() as late:
        assert late.shown == ["kept"]
