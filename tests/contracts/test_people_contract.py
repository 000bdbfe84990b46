"""One contract for what people are to channels and to each other: roles, bans, follows, blocks, notifications, broadcasts."""

from datetime import timedelta

import pytest

from storage.clock import SystemClock, utc_now
from storage.database.broadcasts import steps
from storage.database.standings import StandingRepository
from storage.model.account import AccountRole
from storage.model.broadcast import BroadcastState, IllegalTransition
from storage.model.channel import ChannelRole, Standing, Visibility
from storage.model.channel_edit import ChannelEdit
from storage.model.errors import BadInput, Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, BroadcastId, ChannelId
from tests.contracts.conftest import Records

NOBODY = AccountId("0" * 26)


async def test_roles_are_given_changed_listed_and_taken(records: Records) -> None:
    roles = records.storage.roles
    owner, ben, eve = await records.account("owner"), await records.account("ben"), await records.account("eve")
    channel = await records.channel("studio", owner)
    await roles.give(channel.id, eve.id, ChannelRole.VIP, by=owner.id)
    await roles.give(channel.id, ben.id, ChannelRole.VIEWER, by=owner.id)
    await roles.give(channel.id, ben.id, ChannelRole.MODERATOR, by=owner.id)
    assert [(given.account_name, given.role) for given in await roles.list(channel.id)] == [("ben", "moderator"), ("eve", "vip")]
    assert [given.account for given in await roles.list(channel.id, after="ben", limit=1)] == [eve.id]
    await roles.take(channel.id, ben.id)
    for attempt in (roles.take(channel.id, ben.id), roles.give(channel.id, NOBODY, ChannelRole.VIP, by=None)):
        with pytest.raises(NotFound):
            await attempt


async def test_bans_end_by_time_or_by_word(records: Records) -> None:
    bans = records.storage.bans
    owner, ben, eve = await records.account("owner"), await records.account("ben"), await records.account("eve")
    channel = await records.channel("studio", owner)
    now = utc_now(SystemClock())
    await bans.ban(channel.id, ben.id, by=owner.id, reason="spam", expires_at=now + timedelta(hours=1))
    await bans.ban(channel.id, eve.id, by=owner.id, expires_at=now - timedelta(seconds=1))
    assert [(ban.account_name, ban.reason) for ban in await bans.list(channel.id)] == [("ben", "spam")]
    await bans.ban(channel.id, ben.id, by=owner.id, reason="more spam")
    (ban,) = await bans.list(channel.id)
    assert (ban.reason, ban.expires_at) == ("more spam", None)
    with pytest.raises(BadInput):
        await bans.ban(channel.id, ben.id, by=None, reason="x" * 301)
    await bans.lift(channel.id, ben.id)
    for attempt in (bans.lift(channel.id, ben.id), bans.ban(channel.id, NOBODY, by=None)):
        with pytest.raises(NotFound):
            await attempt


async def test_follows_and_blocks_are_kept_once_and_paged(records: Records) -> None:
    storage = records.storage
    ada, ben = await records.account("ada"), await records.account("ben")
    made = [await records.channel(f"c{number}") for number in range(3)]
    for channel in (*made, made[0]):
        await storage.follows.follow(ada.id, channel.id)
    await storage.follows.follow(ada.id, made[0].id, notify=False)
    found = await storage.follows.list(ada.id, limit=2)
    rest = await storage.follows.list(ada.id, after=found[-1].channel.id)
    by_id = sorted(made, key=lambda channel: channel.id)
    assert [follow.channel for follow in (*found, *rest)] == by_id
    assert {follow.channel.name: follow.notify for follow in (*found, *rest)} == {"c0": False, "c1": True, "c2": True}
    assert await storage.follows.count(made[0].id) == 1
    await storage.follows.unfollow(ada.id, made[0].id)
    await storage.follows.unfollow(ada.id, made[0].id)
    assert await storage.follows.count(made[0].id) == 0
    with pytest.raises(NotFound):
        await storage.follows.follow(ada.id, ChannelId("0" * 26))

    await storage.blocks.block(ada.id, ben.id)
    await storage.blocks.block(ada.id, ben.id)
    assert await storage.blocks.who_block("ben", [ada.id, ben.id]) == {ada.id}
    assert await storage.blocks.who_block("ben", [ben.id]) == await storage.blocks.who_block("ben", []) == set()
    assert await storage.blocks.who_block("ada", [ada.id, ben.id]) == await storage.blocks.who_block("nobody", [ada.id]) == set()
    assert [name for name, _ in await storage.blocks.list(ada.id)] == ["ben"]
    await storage.blocks.unblock(ada.id, ben.id)
    assert await storage.blocks.list(ada.id) == []
    with pytest.raises(NotFound):
        await storage.blocks.block(ada.id, NOBODY)


async def test_one_question_tells_what_somebody_is_to_a_channel(records: Records) -> None:
    storage = records.storage
    standings = StandingRepository(storage.database, SystemClock())
    owner, mod, fan, root = [await records.account(name) for name in ("owner", "mod", "fan")] + [
        await records.account("root", AccountRole.OPERATOR)
    ]
    channel = await records.channel("studio", owner)
    await storage.roles.give(channel.id, mod.id, ChannelRole.MODERATOR, by=owner.id)
    await storage.follows.follow(fan.id, channel.id)
    await storage.bans.ban(channel.id, fan.id, by=mod.id)
    expected = {
        None: Standing(),
        owner.id: Standing(signed_in=True, owner=True),
        mod.id: Standing(signed_in=True, role=ChannelRole.MODERATOR),
        fan.id: Standing(signed_in=True, follows=True, banned=True),
        root.id: Standing(signed_in=True, operator=True),
    }
    for account, standing in expected.items():
        assert await standings.of(account, channel.name) == (channel, standing)
    assert await standings.of(owner.id, (await records.channel("other")).name) is not None
    assert await standings.of_several(None, [channel.name]) == {channel.name: (channel, Standing())}


async def test_followers_are_told_once_each_and_whoever_may_not_know_is_not(records: Records) -> None:
    storage = records.storage
    told, silent, banned = await records.account("told"), await records.account("silent"), await records.account("banned")
    channel = await records.channel("studio")
    for account in (told, silent, banned):
        await storage.follows.follow(account.id, channel.id, notify=account is not silent)
    await storage.bans.ban(channel.id, banned.id, by=None)
    assert await storage.notifications.tell_followers(channel.id, "Friday") == ""
    (found,) = await storage.notifications.list(told.id)
    assert (found.kind, found.channel, found.text, found.read_at) == ("live", "studio", "Friday", None)
    assert [await storage.notifications.list(other.id) for other in (silent, banned)] == [[], []]
    await storage.notifications.read(told.id)
    assert (await storage.notifications.list(told.id))[0].read_at is not None
    await storage.channels.edit(channel.id, ChannelEdit(visibility=Visibility.NAMED))
    await storage.notifications.tell_followers(channel.id, "Secret")
    assert len(await storage.notifications.list(told.id)) == 1
    await storage.roles.give(channel.id, told.id, ChannelRole.VIEWER, by=None)
    await storage.notifications.tell_followers(channel.id, "Shared")
    newest = await storage.notifications.list(told.id, limit=1)
    assert [one.text for one in await storage.notifications.list(told.id, before=newest[0].id)] == ["Friday"]
    await storage.notifications.forget_old()
    assert len(await storage.notifications.list(told.id)) == 2


async def test_a_broadcasts_record_advances_by_compare_and_set(records: Records) -> None:
    broadcasts = records.storage.broadcasts
    channel = await records.channel("studio")
    start = utc_now(SystemClock())
    made = await broadcasts.begin(BroadcastId("b1"), channel.id, "Friday", start)
    assert await broadcasts.begin(BroadcastId("b1"), channel.id, "Again", start) == made
    live = await broadcasts.advance(made, BroadcastState.LIVE, start, peak_viewers=3)
    with pytest.raises(Conflict) as raised:
        await broadcasts.advance(made, BroadcastState.ENDED, start)
    assert raised.value.code == ErrorCode.STORE_CONFLICT
    assert list(await broadcasts.running()) == [live]
    live = await broadcasts.advance(live, BroadcastState.LIVE, start, peak_viewers=2)
    ended = await broadcasts.advance(live, BroadcastState.ENDED, start + timedelta(hours=1), reason="publisher_left")
    assert (ended.live_at, ended.ended_at, ended.end_reason, ended.peak_viewers) == (start, start + timedelta(hours=1), "publisher_left", 3)
    assert await broadcasts.get(BroadcastId("b1")) == ended
    assert await broadcasts.running() == []
    with pytest.raises(IllegalTransition):
        await broadcasts.advance(ended, BroadcastState.LIVE, start)
    later = await broadcasts.begin(BroadcastId("b2"), channel.id, "Later", start + timedelta(hours=2))
    assert [record.id for record in await broadcasts.list(channel.id)] == ["b2", "b1"]
    assert [record.id for record in await broadcasts.list(channel.id, before=later.id)] == ["b1"]
    with pytest.raises(NotFound):
        await broadcasts.begin(BroadcastId("b3"), ChannelId("0" * 26), "", start)


def test_whoever_looked_away_goes_through_every_state() -> None:
    for old in BroadcastState:
        for new in BroadcastState:
            if old is BroadcastState.ENDED or new is BroadcastState.STARTING:
                if old is not new:
                    with pytest.raises(IllegalTransition):
                        steps(old, new)
            elif old is not new:
                assert steps(old, new)[-1] is new
