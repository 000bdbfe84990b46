"""One contract for channels in every database: SQLite, and a real PostgreSQL."""

import asyncio

import pytest

from storage.database.channels import MOST_ALIASES, MOST_CHANNELS
from storage.model.channel import ChannelPicture, Visibility
from storage.model.channel_edit import ChannelEdit
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound
from storage.model.ids import ChannelId, ChannelName
from tests.contracts.conftest import Records

NAME = ChannelName("studio")


async def test_a_channel_is_read_back_as_it_was_made(records: Records) -> None:
    channels = records.storage.channels
    owner = await records.account("ada")
    made = await channels.create(NAME, "Größe & <b>Mut</b> 🎬", owner=owner.id)
    assert await channels.get(NAME) == await channels.by_id(made.id) == made
    assert made.created_at.tzinfo is not None
    assert list(await channels.of_owner(owner.id)) == [made]
    assert await channels.named([NAME, ChannelName("none")]) == {NAME: made}


async def test_channels_are_listed_by_name(records: Records) -> None:
    for name in ("b", "c-1", "a"):
        await records.channel(name)
    assert [channel.name for channel in await records.storage.channels.list()] == ["a", "b", "c-1"]


async def test_a_name_is_taken_once(records: Records) -> None:
    results = await asyncio.gather(*(records.channel(NAME, title=f"Title {number}") for number in range(5)), return_exceptions=True)
    refused = [result.code for result in results if isinstance(result, Conflict)]
    assert refused == [ErrorCode.CHANNEL_EXISTS] * 4


@pytest.mark.parametrize("title", ["x" * 201, "two\nlines", "\x1b[31mred", "nul\x00"])
async def test_a_title_that_could_harm_a_page_or_a_log_is_refused(records: Records, title: str) -> None:
    with pytest.raises(BadInput):
        await records.channel(NAME, title=title)


async def test_an_account_has_so_many_channels_and_no_more(records: Records) -> None:
    owner = await records.account("ada")
    for number in range(MOST_CHANNELS):
        await records.channel(f"c{number}", owner)
    with pytest.raises(Conflict) as raised:
        await records.channel("more", owner)
    assert raised.value.code == ErrorCode.LIMIT_REACHED


async def test_an_unknown_channel_is_not_found(records: Records) -> None:
    nothing = ChannelId("0" * 26)
    channels, keys = records.storage.channels, records.storage.stream_keys
    for attempt in (
        channels.get(NAME),
        channels.by_id(nothing),
        channels.edit(nothing, ChannelEdit()),
        channels.delete(nothing),
        keys.add(NAME),
    ):
        with pytest.raises(NotFound) as raised:
            await attempt
        assert raised.value.code == ErrorCode.CHANNEL_NOT_FOUND
    assert await channels.formerly(NAME) is None


async def test_an_edit_changes_what_it_names_and_rests_on_a_version(records: Records) -> None:
    channels = records.storage.channels
    made = await records.channel(NAME, title="Old")
    edit = ChannelEdit(
        title="New", description="Two\r\nlines", category=" Live  Music ", language="de-CH", mature=True, tags=("Synth", "b", "synth")
    )
    edited = await channels.edit(made.id, edit, version=1)
    assert (edited.title, edited.description, edited.category, edited.tags) == ("New", "Two\nlines", "live music", ("b", "synth"))
    assert await channels.get(NAME) == edited
    assert edited.version == 2
    again = await channels.edit(made.id, ChannelEdit(language="", tags=()), version=2)
    assert (again.title, again.language, again.tags, again.mature) == ("New", "", (), True)
    with pytest.raises(Conflict) as raised:
        await channels.edit(made.id, edit, version=2)
    assert raised.value.code == ErrorCode.PRECONDITION_FAILED
    attempts = await asyncio.gather(*(channels.edit(made.id, ChannelEdit(title=t), version=3) for t in "abc"), return_exceptions=True)
    assert [isinstance(attempt, BaseException) for attempt in attempts].count(False) == 1


@pytest.mark.parametrize(
    "edit",
    [
        ChannelEdit(description="x" * 5001),
        ChannelEdit(description="\x00"),
        ChannelEdit(category="x" * 41),
        ChannelEdit(language="german!"),
        ChannelEdit(tags=("two words",)),
        ChannelEdit(tags=tuple(f"t{number}" for number in range(11))),
        ChannelEdit(visibility=Visibility.PASSWORD),
    ],
)
async def test_what_can_not_be_written_is_refused(records: Records, edit: ChannelEdit) -> None:
    made = await records.channel(NAME)
    with pytest.raises(BadInput) as raised:
        await records.storage.channels.edit(made.id, edit)
    assert raised.value.data["field"]
    assert (await records.storage.channels.get(NAME)).version == 1


async def test_the_hash_of_a_password_is_kept_as_long_as_it_is_needed(records: Records) -> None:
    channels = records.storage.channels
    made = await records.channel(NAME)
    await channels.edit(made.id, ChannelEdit(visibility=Visibility.PASSWORD, password_hash="$hash"))
    await channels.edit(made.id, ChannelEdit(title="x"))
    assert await channels.password_hash(made.id) == "$hash"
    assert "$hash" not in repr(await channels.get(NAME))
    await channels.edit(made.id, ChannelEdit(visibility=Visibility.UNLISTED))
    assert await channels.password_hash(made.id) is None


async def test_a_renamed_channel_is_found_by_its_old_names_until_somebody_takes_them(records: Records) -> None:
    channels = records.storage.channels
    made = await records.channel("first")
    await records.channel("taken")
    renamed = await channels.edit(made.id, ChannelEdit(name=ChannelName("second")))
    assert await channels.formerly(ChannelName("first")) == renamed
    await channels.edit(made.id, ChannelEdit(name=ChannelName("first")))
    assert await channels.formerly(ChannelName("first")) is None
    assert (await channels.get(ChannelName("first"))).id == made.id
    with pytest.raises(Conflict) as raised:
        await channels.edit(made.id, ChannelEdit(name=ChannelName("taken")))
    assert raised.value.code == ErrorCode.CHANNEL_EXISTS
    await records.channel("second")
    assert await channels.formerly(ChannelName("second")) is None
    for number in range(MOST_ALIASES + 1):
        await channels.edit(made.id, ChannelEdit(name=ChannelName(f"n{number}")))
    assert await channels.formerly(ChannelName("first")) is None
    assert await channels.formerly(ChannelName("n0")) is not None


async def test_pictures_come_and_go(records: Records) -> None:
    channels = records.storage.channels
    made = await records.channel(NAME)
    for which in ChannelPicture:
        assert await channels.set_picture(made.id, which, "pictures/1.webp") is None
    assert await channels.set_picture(made.id, ChannelPicture.BANNER, None) == "pictures/1.webp"
    now = await channels.get(NAME)
    assert (now.picture, now.banner, now.offline_picture, now.version) == ("pictures/1.webp", None, "pictures/1.webp", 5)


async def test_a_channel_is_given_away_and_deleted_with_all_that_is_its(records: Records) -> None:
    channels = records.storage.channels
    ada, ben = await records.account("ada"), await records.account("ben")
    made = await records.channel(NAME)
    await channels.give(made.id, ada.id)
    await records.storage.stream_keys.add(NAME)
    await records.storage.follows.follow(ben.id, made.id)
    assert (await channels.get(NAME)).owner == ada.id
    await channels.delete(made.id)
    assert await records.storage.follows.list(ben.id) == []
    assert await records.storage.stream_keys.list(NAME) == []
