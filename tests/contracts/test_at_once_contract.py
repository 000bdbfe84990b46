"""One contract for what many ask for at the same moment: done once, and never beyond a limit."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from storage.model.account import Scope
from storage.model.channel import ChannelRole
from storage.model.errors import Conflict, ErrorCode
from storage.model.ids import ChannelName
from tests.contracts.conftest import Records

AT_ONCE = 8
MOST = 3


Ask = Callable[[int], Awaitable[object]]
Prepare = Callable[[Records], Awaitable[Ask]]


async def _follow(records: Records) -> Ask:
    ada = await records.account("ada")
    made = [await records.channel(f"c{number}") for number in range(AT_ONCE)]
    return lambda number: records.storage.follows.follow(ada.id, made[number].id)


async def _block(records: Records) -> Ask:
    ada = await records.account("ada")
    others = [await records.account(f"other{number}") for number in range(AT_ONCE)]
    return lambda number: records.storage.blocks.block(ada.id, others[number].id)


async def _give_role(records: Records) -> Ask:
    studio = await records.channel("studio")
    others = [await records.account(f"other{number}") for number in range(AT_ONCE)]
    return lambda number: records.storage.roles.give(studio.id, others[number].id, ChannelRole.VIP, by=None)


async def _ban(records: Records) -> Ask:
    studio = await records.channel("studio")
    others = [await records.account(f"other{number}") for number in range(AT_ONCE)]
    return lambda number: records.storage.bans.ban(studio.id, others[number].id, by=None)


async def _create_channel(records: Records) -> Ask:
    ada = await records.account("ada")
    return lambda number: records.storage.channels.create(ChannelName(f"c{number}"), "", owner=ada.id)


async def _add_key(records: Records) -> Ask:
    studio = await records.channel("studio")
    return lambda number: records.storage.stream_keys.add(studio.name, f"key {number}")


async def _create_token(records: Records) -> Ask:
    ada = await records.account("ada")
    return lambda number: records.storage.api_tokens.create(ada.id, f"token {number}", frozenset({Scope.CHANNEL_WRITE}))


async def _create_webhook(records: Records) -> Ask:
    ada = await records.account("ada")
    webhooks = records.storage.webhooks
    return lambda _: webhooks.create(webhooks.new_id(), ada.id, None, url="https://example.org", secret=b"sealed", events=())


LIMITED = [
    pytest.param(_follow, "follows.MOST_FOLLOWS", id="follows"),
    pytest.param(_block, "blocks.MOST_BLOCKS", id="blocks"),
    pytest.param(_give_role, "roles.MOST_ROLES", id="roles"),
    pytest.param(_ban, "bans.MOST_BANS", id="bans"),
    pytest.param(_create_channel, "channels.MOST_CHANNELS", id="channels"),
    pytest.param(_add_key, "stream_keys.MOST_KEYS", id="keys"),
    pytest.param(_create_token, "api_tokens.MOST", id="tokens"),
    pytest.param(_create_webhook, "webhooks.MOST_OF_AN_ACCOUNT", id="webhooks"),
]


@pytest.mark.parametrize("prepare", [_follow, _block, _give_role, _ban])
async def test_the_same_asked_for_by_many_at_once_is_done_once_and_everybody_is_told_so(records: Records, prepare: Prepare) -> None:
    ask = await prepare(records)

    await asyncio.gather(*(ask(0) for _ in range(AT_ONCE)))


@pytest.mark.parametrize(("prepare", "limit"), LIMITED)
async def test_many_at_once_do_not_get_beyond_a_limit(
    records: Records,
    prepare: Prepare,
    limit: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"storage.database.{limit}", MOST)
    ask = await prepare(records)

    outcomes = await asyncio.gather(*(ask(number) for number in range(AT_ONCE)), return_exceptions=True)

    refused = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert len(refused) == AT_ONCE - MOST, outcomes
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == MOST, outcomes
    assert {refusal.code for refusal in refused} <= {ErrorCode.LIMIT_REACHED, ErrorCode.WEBHOOK_LIMIT}
