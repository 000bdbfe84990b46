"""One contract for stream keys in every database."""

import pytest
from sqlalchemy import update

from storage import secrets
from storage.access import channel_for_publisher
from storage.database.stream_keys import MOST_KEYS
from storage.database.tables import stream_key
from storage.model.account import AccountState
from storage.model.channel_edit import ChannelEdit
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound, Refused
from storage.model.ids import ChannelName
from tests.contracts.conftest import Records

NAME = ChannelName("studio")
OTHER = ChannelName("other")


async def test_a_key_opens_its_channel_and_no_other(records: Records) -> None:
    keys = records.storage.stream_keys
    made = await records.channel(NAME)
    await records.channel(OTHER)
    record, key = await keys.add(NAME, "OBS at home")
    found = await keys.verify(NAME, key)
    assert (found.channel, found.key) == (made, record)
    assert record.digest == secrets.digest(key)
    with pytest.raises(Refused):
        await keys.verify(OTHER, key)


async def test_a_wrong_key_an_unknown_channel_and_a_banned_owner_look_the_same(records: Records) -> None:
    keys = records.storage.stream_keys
    await records.channel(NAME)
    _, key = await keys.add(NAME)
    owner = await records.account("ada")
    await records.channel(OTHER, owner)
    _, banned = await keys.add(OTHER)
    await records.storage.accounts.govern(owner.id, state=AccountState.BANNED)
    messages = set()
    for name, wrong in (
        (NAME, "fl_wrong"),
        (NAME, key[:-1]),
        (NAME, key.upper()),
        (NAME, "\udcff\x00"),
        (ChannelName("unknown"), key),
        (OTHER, banned),
    ):
        with pytest.raises(Refused) as raised:
            await keys.verify(name, wrong)
        messages.add(str(raised.value))
    assert len(messages) == 1


async def test_each_key_is_revoked_alone(records: Records) -> None:
    keys = records.storage.stream_keys
    await records.channel(NAME)
    (first, one), (second, two) = await keys.add(NAME), await keys.add(NAME)
    assert await keys.still_valid([first.id, second.id]) == {first.id, second.id}
    await keys.revoke(NAME, first.id)
    with pytest.raises(Refused):
        await keys.verify(NAME, one)
    await keys.verify(NAME, two)
    assert await keys.still_valid([first.id, second.id]) == {second.id}
    assert [key.revoked_at is None for key in await keys.list(NAME)] == [False, True]
    for name, key in ((NAME, first.id), (OTHER, second.id)):
        with pytest.raises(NotFound):
            await keys.revoke(name, key)


async def test_a_key_goes_on_working_at_its_channels_old_name(records: Records) -> None:
    made = await records.channel(NAME)
    _, key = await records.storage.stream_keys.add(NAME)
    await records.storage.channels.edit(made.id, ChannelEdit(name=OTHER))
    assert (await records.storage.stream_keys.verify(NAME, key)).channel.name == OTHER


async def test_the_last_use_is_remembered_to_the_minute(records: Records) -> None:
    keys = records.storage.stream_keys
    await records.channel(NAME)
    made, key = await keys.add(NAME)
    await keys.used(made)
    first = (await keys.verify(NAME, key)).key
    assert first.used_at is not None
    await keys.used(made)
    assert (await keys.verify(NAME, key)).key.used_at == first.used_at
    async with records.storage.database.transaction() as connection:
        await connection.execute(update(stream_key).values(used_at=made.created_at.replace(year=2020)))
    await keys.used((await keys.verify(NAME, key)).key)
    latest = (await keys.verify(NAME, key)).key.used_at
    assert latest is not None
    assert latest >= first.used_at


async def test_a_channel_has_so_many_keys_and_names_that_fit(records: Records) -> None:
    await records.channel(NAME)
    for number in range(MOST_KEYS):
        await records.storage.stream_keys.add(NAME, f"key {number}")
    with pytest.raises(Conflict) as raised:
        await records.storage.stream_keys.add(NAME)
    assert raised.value.code == ErrorCode.LIMIT_REACHED
    with pytest.raises(BadInput):
        await records.storage.stream_keys.add(NAME, "x" * 61)


async def test_no_key_is_kept_in_the_clear(records: Records) -> None:
    await records.channel(NAME)
    _, key = await records.storage.stream_keys.add(NAME)
    assert key not in repr(await records.storage.stream_keys.list(NAME))


async def test_the_gate_for_publishers_lets_the_right_key_through_only(records: Records) -> None:
    keys = records.storage.stream_keys
    made = await records.channel(NAME)
    _, key = await keys.add(NAME)
    assert (await channel_for_publisher(keys, NAME, key)).channel == made
    for name, wrong, code in (
        (NAME, None, ErrorCode.KEY_MISSING),
        (NAME, "", ErrorCode.KEY_MISSING),
        (NAME, "wrong", ErrorCode.KEY_REFUSED),
        ("unknown", key, ErrorCode.KEY_REFUSED),
    ):
        with pytest.raises(Refused) as raised:
            await channel_for_publisher(keys, name, wrong)
        assert raised.value.code == code
    with pytest.raises(BadInput):
        await channel_for_publisher(keys, "../etc", key)
