"""One contract for channels' emotes in every database."""

import pytest

from storage.chat.events import EmotesChanged, Logged, decoded
from storage.database.chat_emotes import EmoteRepository
from storage.model.emote import MOST_EMOTES, emote_name
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound
from tests.contracts.conftest import Records


async def test_emotes_are_listed_by_name_and_their_coming_and_going_is_told(records: Records) -> None:
    owner = await records.account("ada")
    channel = await records.channel("main", owner)
    emotes: EmoteRepository = records.storage.emotes
    first = await emotes.add(channel.id, "wave", "b.webp", by=owner.id)
    await emotes.add(channel.id, "hat", "a.webp", by=None)
    assert [(one.name, one.picture) for one in await emotes.list(channel.id)] == [("hat", "a.webp"), ("wave", "b.webp")]
    picture, last = await emotes.remove(channel.id, "wave")
    assert picture == "b.webp"
    assert [one.name for one in await emotes.list(channel.id)] == ["hat"]
    assert (first.hint.after, last.hint.after) == (0, 4)
    told = [decoded(one.body) for one in await records.storage.chat_log.since(channel.id, 0)]
    assert [type(one) for one in told] == [EmotesChanged, Logged] * 3


async def test_a_name_is_taken_once_in_a_channel_and_free_in_another(records: Records) -> None:
    channel, other = await records.channel("main"), await records.channel("other")
    await records.storage.emotes.add(channel.id, "wave", "a.webp", by=None)
    await records.storage.emotes.add(other.id, "wave", "b.webp", by=None)
    with pytest.raises(Conflict) as refused:
        await records.storage.emotes.add(channel.id, "wave", "c.webp", by=None)
    assert refused.value.code is ErrorCode.EMOTE_EXISTS
    with pytest.raises(NotFound):
        await records.storage.emotes.remove(channel.id, "hat")
    assert len(await records.storage.chat_log.since(channel.id, 0)) == 2


async def test_a_channel_has_so_many_emotes_and_no_more(records: Records) -> None:
    channel = await records.channel("main")
    for number in range(MOST_EMOTES):
        await records.storage.emotes.add(channel.id, f"emote{number}", "a.webp", by=None)
    with pytest.raises(Conflict) as refused:
        await records.storage.emotes.add(channel.id, "another", "a.webp", by=None)
    assert refused.value.code is ErrorCode.LIMIT_REACHED


@pytest.mark.parametrize("name", ["a", "_a", "Wave", "wave!", "w" * 32, "", "wa ve", "wäve"])
def test_what_can_not_be_an_emotes_name(name: str) -> None:
    with pytest.raises(BadInput):
        emote_name(name)
