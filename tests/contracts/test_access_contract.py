"""The gate to channels, on every database."""

from dataclasses import replace

import pytest

from storage.access import Access, Action
from storage.clock import SystemClock
from storage.database.standings import StandingRepository
from storage.model.account import EVERY_SCOPE, STRANGER, Account, AccountRole, AccountState, Actor, Scope
from storage.model.channel import ChannelRole, Visibility
from storage.model.channel_edit import ChannelEdit
from storage.model.errors import ErrorCode, FanlightError, Refused
from storage.model.ids import ChannelName
from tests.contracts.conftest import Records

NAME = ChannelName("studio")


def by_session(account: Account) -> Actor:
    return Actor(account, scopes=EVERY_SCOPE)


async def outcome(access: Access, actor: Actor, action: Action, name: str = NAME) -> str:
    try:
        await access.require(actor, action, name)
    except FanlightError as error:
        return f"{error.code}: {error.detail}"
    return "allowed"


async def test_a_hidden_channel_looks_like_none_to_whoever_may_not_know_of_it(records: Records) -> None:
    owner, other = await records.account("owner"), await records.account("other")
    made = await records.channel(NAME, owner)
    await records.storage.channels.edit(made.id, ChannelEdit(visibility=Visibility.NAMED))
    access = records.storage.access
    for action in Action:
        for actor in (STRANGER, by_session(other)):
            told = {await outcome(access, actor, action, name) for name in (NAME, "no-such", "NOT A NAME", "../etc")}
            assert told == {"channel_not_found: There is no such channel."}
        assert await outcome(access, by_session(owner), action) == "allowed"
    assert await access.several(by_session(other), Action.SEE, [NAME]) == {}
    assert set(await access.several(by_session(owner), Action.SEE, [NAME, ChannelName("none")])) == {NAME}


async def test_a_token_may_do_what_its_account_and_its_scopes_may(records: Records) -> None:
    owner = await records.account("owner")
    made = await records.channel(NAME, owner)
    access = records.storage.access
    reader = Actor(owner, scopes=frozenset({Scope.CHANNEL_READ}))
    assert (await outcome(access, reader, Action.EDIT)).startswith(ErrorCode.SCOPE_REQUIRED)
    assert await outcome(access, reader, Action.STATISTICS) == "allowed"
    nothing = Actor(owner, scopes=frozenset())
    assert await outcome(access, nothing, Action.WATCH) == "allowed"
    await records.storage.channels.edit(made.id, ChannelEdit(visibility=Visibility.NAMED))
    access.forget(NAME)
    assert (await outcome(access, nothing, Action.SEE)).startswith(ErrorCode.CHANNEL_NOT_FOUND)


async def test_operators_stop_and_ban_but_do_not_publish_or_edit(records: Records) -> None:
    access = records.storage.access
    root = await records.account("root", AccountRole.OPERATOR)
    await records.channel(NAME, await records.account("owner"))
    await records.channel("main")
    allowed = {action for action in Action if await outcome(access, by_session(root), action) == "allowed"}
    assert allowed == {Action.SEE, Action.FIND, Action.WATCH, Action.FOLLOW, Action.STOP, Action.MODERATE, Action.SEE_ROLES}
    # What belongs to nobody is theirs, if they use that power.
    assert await outcome(access, by_session(root), Action.EDIT, "main") == "allowed"
    limited = Actor(root, scopes=EVERY_SCOPE - {Scope.ADMIN})
    assert (await outcome(access, limited, Action.EDIT, "main")).startswith(ErrorCode.NOT_ALLOWED)
    assert (await outcome(access, limited, Action.STOP)).startswith(ErrorCode.NOT_ALLOWED)


async def test_who_moderates_acts_on_viewers_only(records: Records) -> None:
    storage = records.storage
    owner, mod, fan = await records.account("owner"), await records.account("mod"), await records.account("fan")
    made = await records.channel(NAME, owner)
    await storage.roles.give(made.id, mod.id, ChannelRole.MODERATOR, by=owner.id)
    granted = await storage.access.require(by_session(mod), Action.MODERATE, NAME)
    assert granted.may(Action.SEE_ROLES)
    assert not granted.may(Action.EDIT)
    await storage.access.require_over(granted, fan.id)
    for other in (owner, mod):
        with pytest.raises(Refused):
            await storage.access.require_over(granted, other.id)


async def test_what_is_remembered_is_forgotten_at_a_word_or_in_a_second(records: Records) -> None:
    clock = Advancing()
    storage = records.storage
    access = Access(StandingRepository(storage.database, clock), clock)
    fan = await records.account("fan")
    made = await records.channel(NAME)
    await storage.channels.edit(made.id, ChannelEdit(visibility=Visibility.FOLLOWERS))
    assert await outcome(access, by_session(fan), Action.WATCH) != "allowed"
    await storage.follows.follow(fan.id, made.id)
    access.forget(NAME)
    assert await outcome(access, by_session(fan), Action.WATCH) == "allowed"
    await storage.bans.ban(made.id, fan.id, by=None)
    clock.ahead = 1.5
    assert (await outcome(access, by_session(fan), Action.WATCH)).startswith(ErrorCode.NOT_ALLOWED)
    banned = by_session(replace(fan, state=AccountState.BANNED))
    assert (await outcome(access, banned, Action.WATCH)).startswith(ErrorCode.SIGN_IN_REQUIRED)


class Advancing(SystemClock):
    """The machine's clock, and some seconds."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead
