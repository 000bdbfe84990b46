"""One contract for channels and their keys in every database: SQLite, and a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage import secrets
from storage.access import channel_for_publisher
from storage.clock import SystemClock
from storage.database.channels import ChannelRepository
from storage.database.engine import Database
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound, Refused
from storage.model.ids import ChannelName
from tests.fixtures.postgres import PostgreSQL

NAME = ChannelName("studio")


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        made = Database(tmp_path / "fan light?.db")
    else:
        postgres: PostgreSQL = request.getfixturevalue("postgres")
        made = Database(postgres.database())
    await made.migrate()
    yield made
    await made.close()


@pytest.fixture
def channels(database: Database) -> ChannelRepository:
    return ChannelRepository(database, SystemClock())


async def test_a_channel_is_read_back_as_it_was_made(channels: ChannelRepository) -> None:
    made = await channels.create(NAME, "Größe & <b>Mut</b> 🎬")
    assert await channels.get(NAME) == made
    assert made.created_at.tzinfo is not None


async def test_channels_are_listed_by_name(channels: ChannelRepository) -> None:
    for name in ("b", "c-1", "a"):
        await channels.create(ChannelName(name), name.upper())
    assert [channel.name for channel in await channels.list()] == ["a", "b", "c-1"]


async def test_a_name_is_taken_once(channels: ChannelRepository) -> None:
    results = await asyncio.gather(*(channels.create(NAME, f"Title {number}") for number in range(5)), return_exceptions=True)
    refused = [result.code for result in results if isinstance(result, Conflict)]
    assert refused == [ErrorCode.CHANNEL_EXISTS] * 4


@pytest.mark.parametrize("title", ["x" * 201, "two\nlines", "\x1b[31mred", "nul\x00"])
async def test_a_title_that_could_harm_a_page_or_a_log_is_refused(channels: ChannelRepository, title: str) -> None:
    with pytest.raises(BadInput):
        await channels.create(NAME, title)


async def test_an_unknown_channel_is_not_found(channels: ChannelRepository) -> None:
    for attempt in (channels.get(NAME), channels.add_key(NAME)):
        with pytest.raises(NotFound) as raised:
            await attempt
        assert raised.value.code == ErrorCode.CHANNEL_NOT_FOUND


async def test_a_key_opens_its_channel_and_no_other(channels: ChannelRepository) -> None:
    await channels.create(NAME, "")
    await channels.create(ChannelName("other"), "")
    key = await channels.add_key(NAME)
    assert await channels.verify_key(NAME, key) == secrets.digest(key)
    with pytest.raises(Refused):
        await channels.verify_key(ChannelName("other"), key)


async def test_a_wrong_key_and_an_unknown_channel_look_the_same(channels: ChannelRepository) -> None:
    await channels.create(NAME, "")
    key = await channels.add_key(NAME)
    messages = set()
    for name, wrong in ((NAME, "fl_wrong"), (NAME, key[:-1]), (NAME, key.upper()), (NAME, "\udcff\x00"), (ChannelName("unknown"), key)):
        with pytest.raises(Refused) as raised:
            await channels.verify_key(name, wrong)
        messages.add(str(raised.value))
    assert len(messages) == 1


async def test_a_channel_may_have_several_keys_and_each_is_revoked_alone(channels: ChannelRepository) -> None:
    await channels.create(NAME, "")
    first, second = await channels.add_key(NAME), await channels.add_key(NAME)
    await channels.revoke_key(NAME, secrets.digest(first))
    with pytest.raises(Refused):
        await channels.verify_key(NAME, first)
    await channels.verify_key(NAME, second)
    assert [key.revoked_at is None for key in await channels.keys(NAME)] == [False, True]
    with pytest.raises(NotFound):
        await channels.revoke_key(NAME, secrets.digest(first))
    with pytest.raises(NotFound):
        await channels.revoke_key(ChannelName("other"), secrets.digest(second))


async def test_no_key_is_kept_in_the_clear(channels: ChannelRepository) -> None:
    await channels.create(NAME, "")
    key = await channels.add_key(NAME)
    assert key not in repr(await channels.keys(NAME))


async def test_the_gate_for_publishers_lets_the_right_key_through_only(channels: ChannelRepository) -> None:
    made = await channels.create(NAME, "Studio")
    key = await channels.add_key(NAME)
    assert await channel_for_publisher(channels, NAME, key) == (made, secrets.digest(key))
    for name, wrong, code in (
        (NAME, None, ErrorCode.KEY_MISSING),
        (NAME, "", ErrorCode.KEY_MISSING),
        (NAME, "wrong", ErrorCode.KEY_REFUSED),
        ("unknown", key, ErrorCode.KEY_REFUSED),
    ):
        with pytest.raises(Refused) as raised:
            await channel_for_publisher(channels, name, wrong)
        assert raised.value.code == code
    with pytest.raises(BadInput):
        await channel_for_publisher(channels, "../etc", key)
