"""One contract for what teams do in channels' chats, in every database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from storage.chat.events import Appealed, Audience, Decided, Event, Logged, ModesChanged, Posted, Restricted, SettingsChanged, decoded
from storage.clock import utc_now
from storage.database.chat_act import Acted
from storage.database.chat_actions import EVERYTHING, LogFilter
from storage.database.chat_posts import kept_reasons
from storage.database.moderation import ModerationRecords
from storage.model.account import Account
from storage.model.channel import ChannelRole
from storage.model.chat import AppealState, ModerationAction, Suspicion, TermEffect, TermForm
from storage.model.errors import BadInput, Conflict, ErrorCode, FanlightError, NotFound
from storage.model.ids import AccountId, ChannelId, RecordId
from storage.model.notification import NotificationKind
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.contracts.conftest import Records
from tests.contracts.room import Room
from tests.storage.hand_clock import HandClock

NOBODY = RecordId("0" * 26)


@dataclass
class Studio:
    """A channel of Anna's with a moderator and a guest, on a clock turned by hand."""

    storage: Storage
    clock: HandClock
    room: Room
    owner: Account
    mod: Account
    guest: Account

    @property
    def team(self) -> ModerationRecords:
        return self.storage.moderation

    @property
    def channel(self) -> ChannelId:
        return self.room.channel.id

    async def log(self, which: LogFilter = EVERYTHING) -> list[str]:
        return [line.action.value for line in await self.team.actions.list(self.channel, which, limit=100)]

    async def undo(self, acted: Acted, line: int = -1) -> Acted:
        return await self.team.actions.undo(self.channel, acted.logged[line].id, by=self.owner.id)

    async def version(self) -> int:
        return (await self.storage.chat_log.open(self.channel)).version

    async def seq(self) -> int:
        return (await self.storage.chat_log.open(self.channel)).seq


@pytest_asyncio.fixture
async def studio(address: str, tmp_path: Path) -> AsyncIterator[Studio]:
    clock = HandClock(1_764_000_000)
    async with open_storage(Settings(data=tmp_path, database_url=address), clock) as storage:
        records = Records(storage)
        owner, mod, guest = [await records.account(name) for name in ("anna", "mod", "guest")]
        room = Room(storage, await records.channel("studio", owner))
        await storage.roles.give(room.channel.id, mod.id, ChannelRole.MODERATOR, by=owner.id)
        await room.came(guest)
        yield Studio(storage, clock, room, owner, mod, guest)


async def refused(act: Awaitable[object]) -> ErrorCode:
    with pytest.raises(FanlightError) as raised:
        await act
    return raised.value.code


def kinds(acted: Acted) -> list[str]:
    return [one.body.decode().split('"')[3] for one in acted.hint.events]


async def test_a_deleted_message_is_told_logged_once_and_restored_where_it_was(studio: Studio) -> None:
    deletions = studio.team.deletions
    first = await studio.room.write(studio.guest, "first")
    await studio.room.write(studio.guest, "second")
    acted = await deletions.delete(studio.channel, first, by=studio.mod.id, reason="spam")
    assert kinds(acted) == ["deleted", "logged"]
    assert await studio.room.texts() == ["second"]
    assert await refused(deletions.delete(studio.channel, first, by=studio.mod.id)) is ErrorCode.MESSAGE_NOT_FOUND
    (line,) = await studio.team.actions.list(studio.channel, LogFilter(message=first))
    assert (line.action, line.actor, line.subject, line.reason) == (ModerationAction.DELETE, "mod", "guest", "spam")
    restored = await studio.undo(acted)
    assert kinds(restored) == ["restored", "logged"]
    assert await studio.room.texts() == ["second", "first"]
    undone, done = await studio.team.actions.list(studio.channel, LogFilter(message=first))
    assert (undone.undoes, done.undone_by, done.undoable) == (done.id, undone.id, False)
    assert await refused(studio.undo(acted)) is ErrorCode.NOT_UNDOABLE
    assert await refused(studio.team.actions.undo(studio.channel, NOBODY, by=None)) is ErrorCode.NOT_FOUND


async def test_a_purge_takes_all_of_one_and_its_undo_brings_back_what_it_took(studio: Studio) -> None:
    kept = await studio.room.write(studio.mod, "mine")
    before = await studio.room.write(studio.guest, "deleted before")
    await studio.team.deletions.delete(studio.channel, before, by=studio.mod.id)
    for number in range(3):
        await studio.room.write(studio.guest, f"spam {number}")
    held = await studio.room.write(studio.guest, "held", state="held", held_for='["spam"]')
    studio.clock.turn(1)
    acted = await studio.team.deletions.purge(studio.channel, studio.guest.id, by=studio.mod.id)
    assert acted.logged[0].data == {"messages": 4, "more": False}
    assert await studio.room.texts() == ["mine"]
    assert await studio.team.queue.list(studio.channel) == []
    await studio.undo(acted)
    assert await studio.room.texts() == ["spam 2", "spam 1", "spam 0", "mine"]
    assert [one.message.id for one in await studio.team.queue.list(studio.channel)] == [held]
    assert kept


async def test_what_was_cleared_is_nowhere_and_comes_back(studio: Studio) -> None:
    await studio.room.write(studio.guest, "one")
    version = await studio.version()
    acted = await studio.team.deletions.clear(studio.channel, by=studio.mod.id)
    assert await studio.room.texts() == []
    assert await studio.version() == version + 1
    await studio.room.write(studio.guest, "two")
    assert await studio.room.texts() == ["two"]
    await studio.undo(acted)
    assert await studio.room.texts() == ["two", "one"]
    again = await studio.team.deletions.clear(studio.channel, by=studio.mod.id)
    await studio.team.deletions.clear(studio.channel, by=studio.mod.id)
    assert await refused(studio.undo(again)) is ErrorCode.NOT_UNDOABLE


async def test_a_timeout_runs_out_is_ended_and_its_undo_ends_it_too(studio: Studio) -> None:
    restrictions = studio.team.restrictions
    for length in (timedelta(seconds=0.5), timedelta(days=14, seconds=1)):
        assert await refused(restrictions.mute(studio.channel, studio.guest.id, length, by=None)) is ErrorCode.BAD_REQUEST
    version = await studio.version()
    acted = await restrictions.mute(studio.channel, studio.guest.id, timedelta(minutes=10), by=studio.mod.id, reason="caps")
    assert kinds(acted) == ["restricted", "standing", "logged"]
    assert await studio.version() == version + 1
    (muted,) = await studio.team.people.muted(studio.channel)
    assert (muted.account, muted.member.muted_for) == ("guest", "caps")
    longer = await restrictions.mute(studio.channel, studio.guest.id, timedelta(hours=1), by=studio.mod.id)
    assert await refused(studio.undo(acted)) is ErrorCode.NOT_UNDOABLE
    await studio.undo(longer)
    (muted,) = await studio.team.people.muted(studio.channel)
    assert muted.member.muted_for == "caps"
    ended = await restrictions.unmute(studio.channel, studio.guest.id, by=studio.mod.id)
    assert await studio.team.people.muted(studio.channel) == []
    assert await refused(restrictions.unmute(studio.channel, studio.guest.id, by=None)) is ErrorCode.NOT_FOUND
    await studio.undo(ended)
    assert len(await studio.team.people.muted(studio.channel)) == 1
    studio.clock.turn(601)
    assert await studio.team.people.muted(studio.channel) == []
    assert await refused(studio.undo(ended)) is ErrorCode.NOT_UNDOABLE


async def test_a_warning_stands_until_it_is_acknowledged_or_taken_back(studio: Studio) -> None:
    restrictions = studio.team.restrictions
    await restrictions.warn(studio.channel, studio.guest.id, "Mind the rules.", by=studio.mod.id)
    card = await studio.team.people.card(studio.channel, studio.guest.id)
    assert card.chatter.member.warning == "Mind the rules."
    members = studio.storage.members
    assert await members.acknowledge(studio.channel, studio.guest.id, studio.guest.name) is not None
    assert await members.acknowledge(studio.channel, studio.guest.id, studio.guest.name) is None
    assert await refused(restrictions.unwarn(studio.channel, studio.guest.id, by=None)) is ErrorCode.NOT_FOUND
    acted = await restrictions.warn(studio.channel, studio.guest.id, "Again.", by=studio.mod.id)
    await studio.undo(acted)
    assert (await studio.team.people.card(studio.channel, studio.guest.id)).chatter.member.warning == ""
    assert await refused(restrictions.warn(studio.channel, studio.guest.id, " ", by=None)) is ErrorCode.BAD_REQUEST
    assert await studio.log() == ["unwarn", "warn", "warn", "make_moderator"]


async def test_a_ban_is_logged_changed_and_undone_to_what_was_before(studio: Studio) -> None:
    bans, now = studio.storage.bans, studio.clock
    until = (await studio.storage.accounts.get(studio.guest.id)).created_at + timedelta(days=1)
    first = await bans.ban(studio.channel, studio.guest.id, by=studio.mod.id, reason="spam", expires_at=until)
    assert kinds(first) == ["restricted", "standing", "logged"]
    second = await bans.ban(studio.channel, studio.guest.id, by=studio.owner.id, reason="worse")
    assert isinstance(restriction := _event(second), Restricted)
    assert (restriction.name, restriction.until) == ("guest", 0)
    await studio.undo(second)
    (ban,) = await bans.list(studio.channel)
    assert (ban.reason, ban.expires_at) == ("spam", until)
    lifted = await bans.lift(studio.channel, studio.guest.id, by=studio.mod.id)
    await studio.undo(lifted)
    assert [one.reason for one in await bans.list(studio.channel)] == ["spam"]
    now.turn(86_401)
    assert await bans.list(studio.channel) == []
    assert await refused(studio.undo(lifted)) is ErrorCode.NOT_UNDOABLE


async def test_suspicion_is_raised_lowered_and_undone(studio: Studio) -> None:
    restrictions = studio.team.restrictions
    watched = await restrictions.suspect(studio.channel, studio.guest.id, Suspicion.MONITORED, by=None, reason="Like eve")
    assert watched.logged[0].by == ""
    held = await restrictions.suspect(studio.channel, studio.guest.id, Suspicion.RESTRICTED, by=studio.mod.id)
    (found,) = await studio.team.people.suspicious(studio.channel)
    assert found.member.suspicion is Suspicion.RESTRICTED
    await studio.undo(held)
    (found,) = await studio.team.people.suspicious(studio.channel)
    assert (found.member.suspicion, found.member.suspected_for) == (Suspicion.MONITORED, "Like eve")
    await studio.undo(watched)
    assert await studio.team.people.suspicious(studio.channel) == []


async def test_two_who_decide_the_same_message_one_wins_and_it_becomes_visible_once(studio: Studio) -> None:
    held = await studio.room.write(studio.guest, "maybe", state="held", held_for=kept_reasons(["term: maybe", "capitals"]))
    (waiting,) = await studio.team.queue.list(studio.channel)
    assert waiting.why == ("term: maybe", "capitals")
    assert (await studio.team.queue.author(studio.channel, held))[1] == "guest"
    tries = [
        studio.team.queue.decide(studio.channel, held, let_through=True, by=studio.mod.id),
        studio.team.queue.decide(studio.channel, held, let_through=False, by=studio.owner.id),
    ]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert [one.code for one in outcomes if isinstance(one, FanlightError)] == [ErrorCode.ALREADY_DECIDED]
    assert len([one for one in outcomes if isinstance(one, Acted)]) == 1
    assert await studio.team.queue.list(studio.channel) == []


async def test_a_message_let_through_is_a_new_event_and_what_was_rejected_can_be_let_through(studio: Studio) -> None:
    held = await studio.room.write(studio.guest, "maybe", state="held", held_for='["spam"]')
    no = await studio.team.queue.decide(studio.channel, held, let_through=False, by=studio.mod.id)
    assert kinds(no) == ["decided", "logged"]
    yes = await studio.undo(no)
    posted, decided, _ = await studio.room.events(yes.hint.after)
    assert isinstance(posted, Posted)
    assert isinstance(decided, Decided)
    assert (posted.message.text, posted.message.at, decided.let_through) == ("maybe", 1_764_000_000_000, True)
    assert await studio.room.texts() == ["maybe"]
    assert (await studio.team.people.card(studio.channel, studio.guest.id)).chatter.member.messages == 1
    await studio.undo(yes)
    assert await studio.room.texts() == []
    assert await refused(studio.team.queue.decide(studio.channel, NOBODY, let_through=True, by=None)) is ErrorCode.MESSAGE_NOT_FOUND


async def test_settings_change_under_their_own_version_and_an_undo_spares_what_others_changed(studio: Studio) -> None:
    settings = studio.team.settings
    _, version = await settings.get(studio.channel)
    await studio.storage.bans.ban(studio.channel, studio.guest.id, by=None)
    slow = await settings.change(studio.channel, {"modes": {"slow_seconds": 30}}, by=studio.mod.id, version=version)
    assert kinds(slow) == ["modes", "settings", "logged"]
    versions = [event.version for one in slow.hint.events if isinstance(event := decoded(one.body), SettingsChanged)]
    assert versions == [(await studio.team.settings.get(studio.channel))[1]]
    assert slow.logged[0].data == {"modes.slow_seconds": 30}
    late = settings.change(studio.channel, {"previews": True}, by=studio.mod.id, version=version)
    assert await refused(late) is ErrorCode.PRECONDITION_FAILED
    strict = await settings.change(studio.channel, {"automod": {"levels": {"hate": 3}}, "previews": True}, by=studio.owner.id)
    assert kinds(strict) == ["settings", "logged"]
    await studio.undo(slow)
    found, newest = await settings.get(studio.channel)
    assert (found.modes.slow_seconds, found.automod.levels, found.previews, newest) == (0, {"hate": 3}, True, version + 3)
    await studio.undo(strict)
    found, _ = await settings.get(studio.channel)
    assert (found.automod.levels, found.previews) == ({"hate": 0}, False)
    assert await refused(settings.change(studio.channel, {"modes": {"slow_seconds": -1}}, by=None)) is ErrorCode.BAD_REQUEST
    nothing = await settings.change(studio.channel, {"previews": False}, by=studio.owner.id)
    assert nothing.logged == ()


async def test_a_shield_of_a_raid_comes_down_by_itself_once_and_spares_one_raised_by_hand(studio: Studio) -> None:
    settings, now = studio.team.settings, studio.clock
    until = studio.owner.created_at + timedelta(minutes=10)
    raised = await settings.raise_shield(studio.channel, until, by=None, reason="A raid")
    assert any(isinstance(one, ModesChanged) and one.shield for one in await studio.room.events(raised.hint.after))
    assert await settings.due() == []
    now.turn(601)
    assert await settings.due() == [studio.channel]
    down = await asyncio.gather(settings.lower_due(studio.channel), settings.lower_due(studio.channel))
    assert [one is None for one in down].count(True) == 1
    assert await settings.due() == []
    assert await studio.log() == ["unshield", "shield", "make_moderator"]
    await settings.raise_shield(studio.channel, None, by=studio.mod.id)
    again = await settings.raise_shield(studio.channel, until + timedelta(hours=1), by=None)
    assert again.logged == ()
    lowered = await settings.lower_shield(studio.channel, by=studio.mod.id)
    await studio.undo(lowered)
    found, _ = await settings.get(studio.channel)
    assert (found.shield, found.shield_until_ms) == (True, None)


async def test_terms_are_added_changed_removed_and_undone(studio: Studio) -> None:
    terms = studio.team.terms

    def room_for_two(found: Sequence[object]) -> None:
        if len(found) > 2:
            raise Conflict(ErrorCode.LIMIT_REACHED, "Two.")

    term, added = await terms.add(studio.channel, TermForm.LITERAL, "darn", TermEffect.BLOCK, by=studio.mod.id, check=room_for_two)
    same, changed = await terms.add(studio.channel, TermForm.LITERAL, "darn", TermEffect.HOLD, by=studio.mod.id, check=room_for_two)
    assert same == term
    assert [(one.text, one.effect) for one in await terms.all(studio.channel)] == [("darn", TermEffect.HOLD)]
    await studio.undo(changed)
    assert [one.effect for one in await terms.all(studio.channel)] == [TermEffect.BLOCK]
    removed = await terms.remove(studio.channel, term, by=studio.mod.id)
    assert await refused(terms.remove(studio.channel, term, by=None)) is ErrorCode.NOT_FOUND
    await studio.undo(removed)
    assert [one.text for one in await terms.all(studio.channel)] == ["darn"]
    assert await refused(studio.undo(added)) is ErrorCode.NOT_UNDOABLE
    await terms.add(studio.channel, TermForm.WILDCARD, "dar*", TermEffect.HOLD, by=None, check=room_for_two)
    third = terms.add(studio.channel, TermForm.LITERAL, "more", TermEffect.HOLD, by=None, check=room_for_two)
    assert await refused(third) is ErrorCode.LIMIT_REACHED


async def test_notes_are_for_the_team_and_gone_when_they_are_removed(studio: Studio) -> None:
    notes = studio.team.notes
    first, _ = await notes.add(studio.channel, studio.guest.id, "Was here under another name.", by=studio.mod.id)
    second, acted = await notes.add(studio.channel, studio.guest.id, "Friendly now.", by=studio.owner.id)
    assert [one.author for one in await notes.list(studio.channel, studio.guest.id)] == ["anna", "mod"]
    assert [one.id for one in await notes.list(studio.channel, studio.guest.id, before=second)] == [first]
    await studio.undo(acted)
    assert [one.id for one in await notes.list(studio.channel, studio.guest.id)] == [first]
    assert await refused(notes.remove(studio.channel, studio.mod.id, first, by=None)) is ErrorCode.NOT_FOUND
    assert "Friendly" not in str(await studio.team.actions.list(studio.channel))


async def test_roles_are_logged_and_undone_to_what_was_before(studio: Studio) -> None:
    roles = studio.storage.roles
    acted = await roles.give(studio.channel, studio.mod.id, ChannelRole.VIP, by=studio.owner.id)
    assert [line.action for line in acted.logged] == [ModerationAction.MAKE_VIP]
    await studio.undo(acted)
    assert [(one.account_name, one.role) for one in await roles.list(studio.channel)] == [("mod", ChannelRole.MODERATOR)]
    taken = await roles.take(studio.channel, studio.mod.id, by=studio.owner.id, only=ChannelRole.MODERATOR)
    assert await refused(roles.take(studio.channel, studio.mod.id)) is ErrorCode.NOT_FOUND
    await studio.undo(taken)
    assert await refused(roles.take(studio.channel, studio.mod.id, only=ChannelRole.VIP)) is ErrorCode.NOT_FOUND
    quiet = await roles.give(studio.channel, studio.guest.id, ChannelRole.VIEWER, by=studio.owner.id)
    assert quiet.logged == ()


async def test_one_appeal_is_open_and_what_is_granted_lifts_the_ban(studio: Studio) -> None:
    appeals, channel, guest = studio.team.appeals, studio.channel, studio.guest.id
    assert await refused(appeals.appeal(channel, guest, "Please.")) is ErrorCode.NOT_FOUND
    assert await refused(appeals.newest(channel, guest)) is ErrorCode.NOT_FOUND
    await studio.storage.bans.ban(channel, guest, by=studio.mod.id, reason="spam")
    tries = await asyncio.gather(*(appeals.appeal(channel, guest, "Please.") for _ in range(2)), return_exceptions=True)
    ((appeal, told),) = [one for one in tries if isinstance(one, tuple)]
    assert [(one.audience, decoded(one.body)) for one in told.hint.events] == [(Audience.TEAM, Appealed(id=appeal, name="guest"))]
    assert [one.code for one in tries if isinstance(one, Conflict)] == [ErrorCode.APPEAL_OPEN]
    (waiting,) = await appeals.list(channel, AppealState.OPEN)
    assert (waiting.account, waiting.text, waiting.banned_for) == ("guest", "Please.", "spam")
    await appeals.answer(channel, RecordId(appeal), granted=False, text="Not yet.", by=studio.mod.id)
    assert await refused(appeals.answer(channel, RecordId(appeal), granted=True, text="", by=None)) is ErrorCode.ALREADY_DECIDED
    assert await refused(appeals.appeal(channel, guest, "Please!")) is ErrorCode.APPEAL_OPEN
    studio.clock.turn(8 * 86_400)
    second, _ = await appeals.appeal(channel, guest, "Please!")
    granted = await appeals.answer(channel, second, granted=True, text="Welcome back.", by=studio.owner.id)
    assert [line.action for line in granted.logged] == [ModerationAction.GRANT_APPEAL, ModerationAction.UNBAN]
    assert await studio.storage.bans.list(channel) == []
    newest = await appeals.newest(channel, guest)
    assert (newest.state, newest.answer, newest.answered_by) == (AppealState.GRANTED, "Welcome back.", "anna")
    assert await refused(studio.undo(granted, 0)) is ErrorCode.NOT_UNDOABLE


async def test_whose_ban_is_lifted_is_told_so_each_time_and_only_then(studio: Studio) -> None:
    bans, channel, guest = studio.storage.bans, studio.channel, studio.guest.id

    async def told() -> list[tuple[NotificationKind, str | None]]:
        return [(one.kind, one.channel) for one in await studio.storage.notifications.list(guest)]

    await bans.ban(channel, guest, by=None)
    assert await told() == []
    lifted = await bans.lift(channel, guest, by=studio.mod.id)
    assert await told() == [(NotificationKind.UNBANNED, studio.room.channel.name)]
    await studio.undo(lifted)
    assert len(await told()) == 1
    await studio.undo(await bans.ban(channel, guest, by=studio.mod.id))
    # That undid a change of a ban that is still there.
    assert len(await told()) == 1
    await bans.lift(channel, guest)
    await bans.ban(channel, guest, by=None, expires_at=utc_now(studio.clock) + timedelta(seconds=5))
    studio.clock.turn(10)
    await bans.lift(channel, guest)
    assert len(await told()) == 2


async def test_a_card_tells_everything_of_an_account(studio: Studio) -> None:
    channel, guest = studio.channel, studio.guest
    await studio.storage.follows.follow(guest.id, channel)
    await studio.room.write(guest, "one")
    gone = await studio.room.write(guest, "two")
    await studio.team.deletions.delete(channel, gone, by=studio.mod.id)
    await studio.storage.bans.ban(channel, guest.id, by=studio.mod.id, reason="spam")
    await studio.team.notes.add(channel, guest.id, "Hm.", by=studio.mod.id)
    card = await studio.team.people.card(channel, guest.id)
    assert (card.chatter.account, card.ban_reason, card.banned_until, card.deleted, card.notes) == ("guest", "spam", None, 1, 1)
    assert card.followed_at is not None
    assert card.actions == {ModerationAction.DELETE: 1, ModerationAction.BAN: 1, ModerationAction.NOTE: 1}
    written = await studio.team.people.messages(channel, guest.id)
    assert [(message.text, state.value) for message, state in written] == [("two", "deleted"), ("one", "visible")]
    owner = await studio.team.people.card(channel, studio.owner.id)
    assert (owner.owner, owner.chatter.member.messages, owner.ban_reason) == (True, 0, None)
    with pytest.raises(NotFound):
        await studio.team.people.card(channel, AccountId(NOBODY))


async def test_who_wrote_last_is_listed_page_by_page(studio: Studio) -> None:
    records = Records(studio.storage)
    others = [await records.account(f"other-{number}") for number in range(4)]
    await studio.room.came(*others)
    names: list[str] = []
    place = ""
    while found := await studio.team.people.active(studio.channel, before=place, limit=2):
        names += [chatter.account for _, chatter in found]
        place = found[-1][0]
    assert sorted(names) == ["guest", *(one.name for one in others)]


async def test_a_reason_that_is_too_long_changes_nothing(studio: Studio) -> None:
    seq = await studio.seq()
    with pytest.raises(BadInput):
        await studio.storage.bans.ban(studio.channel, studio.guest.id, by=None, reason="x" * 301)
    assert await studio.storage.bans.list(studio.channel) == []
    assert await studio.seq() == seq


async def test_whoever_was_told_something_finds_it_in_the_log(studio: Studio) -> None:
    """Logged events and lines of the log are the same."""
    message = await studio.room.write(studio.guest, "hm")
    await studio.team.deletions.delete(studio.channel, message, by=studio.mod.id, reason="no")
    await studio.team.deletions.clear(studio.channel, by=studio.owner.id)
    told = [one for one in await studio.room.events() if isinstance(one, Logged)]
    lines = {line.id: line for line in await studio.team.actions.list(studio.channel)}
    assert {one.id for one in told} == set(lines)
    for one in told:
        line = lines[RecordId(one.id)]
        assert (one.action, one.by, one.subject, one.reason, one.data) == (
            line.action,
            line.actor or "",
            line.subject or "",
            line.reason,
            line.data,
        )


def _event(acted: Acted) -> Event:
    return decoded(acted.hint.events[0].body)
