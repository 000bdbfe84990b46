"""One contract for polls in every database."""

import asyncio
from pathlib import Path

import pytest

from storage.chat.events import Poll, PollChanged, decoded
from storage.model.channel import Channel
from storage.model.errors import BadInput, Conflict, ErrorCode
from storage.model.poll import checked_poll
from storage.opening import open_storage
from storage.settings import Settings
from tests.contracts.conftest import Records
from tests.storage.hand_clock import HandClock

OPTIONS = ("this", "that", "neither")


async def _told(records: Records, channel: Channel) -> list[Poll | None]:
    events = [decoded(one.body) for one in await records.storage.chat_log.since(channel.id, 0)]
    return [event.poll for event in events if isinstance(event, PollChanged)]


async def test_everybody_has_one_vote_and_may_change_it(records: Records) -> None:
    channel = await records.channel("main")
    ada, grace = await records.account("ada"), await records.account("grace")
    polls = records.storage.polls
    poll, _ = await polls.open(channel.id, "Which?", OPTIONS, 60, by=ada.id)
    await polls.vote(channel.id, ada.id, poll.id, 0)
    await polls.vote(channel.id, grace.id, poll.id, 0)
    await polls.vote(channel.id, grace.id, poll.id, 2)
    hint = await polls.tell(channel.id)
    assert hint is not None
    current = await polls.current(channel.id)
    assert current is not None
    assert current.votes == (1, 0, 1)
    assert await _told(records, channel) == [poll, current]
    stranger = await records.account("stranger")
    assert await polls.votes_of([ada.id, grace.id, stranger.id], poll.id) == {ada.id: 0, grace.id: 2}


async def test_votes_at_the_same_time_are_all_counted(records: Records) -> None:
    channel = await records.channel("main")
    accounts = [await records.account(f"voter-{number}") for number in range(8)]
    poll, _ = await records.storage.polls.open(channel.id, "Which?", OPTIONS, 60, by=None)
    await asyncio.gather(*(records.storage.polls.vote(channel.id, one.id, poll.id, number % 2) for number, one in enumerate(accounts)))
    current = await records.storage.polls.current(channel.id)
    assert current is not None
    assert current.votes == (4, 4, 0)


async def test_a_poll_that_is_closed_or_another_rooms_or_lacks_the_option_takes_no_vote(records: Records) -> None:
    channel, other = await records.channel("main"), await records.channel("other")
    ada = await records.account("ada")
    polls = records.storage.polls
    poll, _ = await polls.open(channel.id, "Which?", OPTIONS, 60, by=None)
    for where, option in ((other, 0), (channel, 3)):
        with pytest.raises(Conflict):
            await polls.vote(where.id, ada.id, poll.id, option)
    await polls.close(channel.id, poll.id)
    with pytest.raises(Conflict) as refused:
        await polls.vote(channel.id, ada.id, poll.id, 0)
    assert refused.value.code is ErrorCode.POLL_CLOSED
    with pytest.raises(Conflict):
        await polls.close(channel.id, poll.id)
    current = await polls.current(channel.id)
    assert current is not None
    assert current.closed


async def test_a_new_poll_takes_the_place_of_the_old_one(records: Records) -> None:
    channel = await records.channel("main")
    ada = await records.account("ada")
    first, _ = await records.storage.polls.open(channel.id, "Which?", OPTIONS, 60, by=None)
    second, _ = await records.storage.polls.open(channel.id, "And now?", ("yes", "no"), 60, by=None)
    with pytest.raises(Conflict):
        await records.storage.polls.vote(channel.id, ada.id, first.id, 0)
    assert await records.storage.polls.current(channel.id) == second
    await records.storage.polls.dismiss(channel.id)
    assert await records.storage.polls.current(channel.id) is None
    assert (await _told(records, channel))[-1] is None


async def test_a_poll_that_ran_out_is_due_until_the_room_was_told(address: str, tmp_path: Path) -> None:
    clock = HandClock(1_764_000_000)
    async with open_storage(Settings(data=tmp_path, database_url=address), clock) as storage:
        records = Records(storage)
        channel = await records.channel("main")
        ada = await records.account("ada")
        poll, _ = await storage.polls.open(channel.id, "Which?", OPTIONS, 60, by=None)
        assert await storage.polls.due() == []
        clock.turn(61)
        with pytest.raises(Conflict):
            await storage.polls.vote(channel.id, ada.id, poll.id, 0)
        assert await storage.polls.due() == [channel.id]
        await storage.polls.tell(channel.id)
        assert await storage.polls.due() == []
        told = await _told(records, channel)
        assert [one.closed for one in told if one] == [False, True]


@pytest.mark.parametrize(
    ("question", "options", "seconds"),
    [
        ("", OPTIONS, 60),
        ("Which?", ("one",), 60),
        ("Which?", tuple(map(str, range(11))), 60),
        ("Which?", ("same", " same "), 60),
        ("Which?", ("a", ""), 60),
        ("Which?", OPTIONS, 14),
        ("Which?", OPTIONS, 86_401),
        ("x" * 201, OPTIONS, 60),
        ("two\nlines", OPTIONS, 60),
    ],
)
def test_what_can_not_be_a_poll(question: str, options: tuple[str, ...], seconds: int) -> None:
    with pytest.raises(BadInput):
        checked_poll(question, options, seconds)
