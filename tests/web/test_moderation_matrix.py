"""Every tool by every pair of ranks, made of the tables: by REST and by command an act is let through exactly where they say."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete, insert

from chat.command_runner import CommandRunner
from chat.team import Team
from storage.access import Action
from storage.clock import SystemClock
from storage.database.tables import channel_ban, channel_role, chat_appeal
from storage.model.account import EVERY_SCOPE, AccountRole, Actor
from storage.model.channel import Channel, ChannelRole, Standing
from storage.model.chat import AGAINST_SOMEBODY, ModerationAction, may
from storage.model.errors import ErrorCode, FanlightError
from storage.model.ids import AccountId, ChannelName, RecordId, new_record_id
from tests.contracts.room import Room
from tests.web.conftest import Site
from tests.web.people import Member, member

RANKS = ("member", "vip", "moderator", "owner", "operator")
ROLES = {"vip": ChannelRole.VIP, "moderator": ChannelRole.MODERATOR}
STANDINGS = {
    "member": Standing(signed_in=True),
    "vip": Standing(signed_in=True, role=ChannelRole.VIP),
    "moderator": Standing(signed_in=True, role=ChannelRole.MODERATOR),
    "owner": Standing(signed_in=True, owner=True),
    "operator": Standing(signed_in=True, operator=True),
}
NOT_FOR_THEM = {ErrorCode.NOT_ALLOWED, ErrorCode.SIGN_IN_REQUIRED, ErrorCode.SCOPE_REQUIRED}


@dataclass
class Stage:
    """A channel with two of each rank but the owner, whose second is a channel's of their own: who acts, and to whom it is done."""

    site: Site
    channel: Channel
    room: Room
    actors: dict[str, Member]
    subjects: dict[str, Member]

    async def reset(self, subject: str) -> None:
        """Whatever was done to an account before: it is what it was."""
        account = self.subjects[subject].account.id
        roles, bans, appeals = channel_role.c, channel_ban.c, chat_appeal.c
        async with self.site.storage.database.transaction() as connection:
            await connection.execute(delete(channel_role).where(roles.channel == self.channel.id, roles.account == account))
            await connection.execute(delete(channel_ban).where(bans.channel == self.channel.id, bans.account == account))
            await connection.execute(delete(chat_appeal).where(appeals.channel == self.channel.id, appeals.account == account))
            if subject in ROLES:
                values = {"channel": self.channel.id, "account": account, "role": ROLES[subject], "created_at": datetime.now(UTC)}
                await connection.execute(insert(channel_role).values(**values))

    async def message(self, subject: str, state: str = "visible") -> RecordId:
        """Something they wrote."""
        held = '["spam"]' if state == "held" else None
        return await self.room.write(self.subjects[subject].account, "something", state=state, held_for=held)

    async def deleted(self, subject: str) -> str:
        """The line of the log that tells of a deleted message of theirs."""
        message = await self.message(subject)
        acted = await self.site.storage.moderation.deletions.delete(self.channel.id, message, by=None)
        return acted.logged[-1].id

    async def appeal(self, subject: str) -> str:
        """An appeal of theirs."""
        identifier, now = new_record_id(1), datetime.now(UTC)
        account = self.subjects[subject].account.id
        values = {"id": identifier, "channel": self.channel.id, "account": account, "text": "Please.", "state": "open", "answer": ""}
        async with self.site.storage.database.transaction() as connection:
            await connection.execute(delete(chat_appeal))
            await connection.execute(insert(chat_appeal).values(**values, created_at=now))
        return identifier


Ask = Callable[[Stage, str, str], Awaitable[tuple[str, str, Any]]]
"""Of a stage, a subject and its name: method, path below the channel and body."""


def _at(method: str, path: str, body: Any = None) -> Ask:
    async def ask(stage: Stage, subject: str, name: str) -> tuple[str, str, Any]:
        del stage, subject
        return method, path.format(name=name), body

    return ask


def _with(make: Callable[[Stage, str], Awaitable[str]], method: str, path: str, body: Any = None) -> Ask:
    async def ask(stage: Stage, subject: str, name: str) -> tuple[str, str, Any]:
        return method, path.format(made=await make(stage, subject), name=name), body

    return ask


async def _held(stage: Stage, subject: str) -> str:
    return await stage.message(subject, "held")


BY_REST: dict[ModerationAction, Ask] = {
    ModerationAction.DELETE: _with(Stage.message, "DELETE", "chat/messages/{made}"),
    ModerationAction.PURGE: _at("DELETE", "chat/messages?author={name}"),
    ModerationAction.RESTORE: _with(Stage.deleted, "POST", "chat/log/{made}/undo"),
    ModerationAction.TIMEOUT: _at("PUT", "chat/mutes/{name}", {"seconds": 60}),
    ModerationAction.UNTIMEOUT: _at("DELETE", "chat/mutes/{name}"),
    ModerationAction.BAN: _at("PUT", "bans/{name}", {"seconds": 60}),
    ModerationAction.UNBAN: _at("DELETE", "bans/{name}"),
    ModerationAction.WARN: _at("PUT", "chat/warnings/{name}", {"reason": "Mind the rules."}),
    ModerationAction.UNWARN: _at("DELETE", "chat/warnings/{name}"),
    ModerationAction.SUSPECT: _at("PUT", "chat/suspicions/{name}", {}),
    ModerationAction.UNSUSPECT: _at("DELETE", "chat/suspicions/{name}"),
    ModerationAction.LET_THROUGH: _with(_held, "POST", "chat/queue/{made}", {"let_through": True}),
    ModerationAction.REJECT: _with(_held, "POST", "chat/queue/{made}", {"let_through": False}),
    ModerationAction.GRANT_APPEAL: _with(Stage.appeal, "POST", "chat/appeals/{made}", {"granted": True}),
    ModerationAction.DENY_APPEAL: _with(Stage.appeal, "POST", "chat/appeals/{made}", {"granted": False}),
    ModerationAction.MAKE_VIP: _at("PUT", "roles/{name}", {"role": "vip"}),
    ModerationAction.UNMAKE_VIP: _at("DELETE", "roles/{name}"),
    ModerationAction.MAKE_MODERATOR: _at("PUT", "roles/{name}", {"role": "moderator"}),
    ModerationAction.UNMAKE_MODERATOR: _at("DELETE", "roles/{name}"),
    ModerationAction.CLEAR: _at("POST", "chat/clear", {}),
    ModerationAction.NOTE: _at("POST", "chat/users/{name}/notes", {"text": "Hm."}),
    ModerationAction.UNNOTE: _at("DELETE", "chat/users/{name}/notes/none"),
    ModerationAction.SETTINGS: _at("PATCH", "chat/settings", {"previews": True}),
    ModerationAction.SHIELD: _at("PUT", "chat/shield", {}),
    ModerationAction.UNSHIELD: _at("DELETE", "chat/shield"),
    ModerationAction.ADD_TERM: _at("POST", "chat/terms", {"text": "darn"}),
    ModerationAction.REMOVE_TERM: _at("DELETE", "chat/terms/none"),
    ModerationAction.PIN: _with(Stage.message, "PUT", "chat/pin/{made}"),
    ModerationAction.UNPIN: _at("DELETE", "chat/pin"),
    ModerationAction.ANNOUNCE: _at("POST", "chat/announcements", {"text": "Hello."}),
    ModerationAction.OPEN_POLL: _at("POST", "poll", {"question": "Which?", "options": ["this", "that"]}),
    ModerationAction.CLOSE_POLL: _at("DELETE", "poll"),
    ModerationAction.ADD_EMOTE: _at("PUT", "emotes/wave", b""),
    ModerationAction.REMOVE_EMOTE: _at("DELETE", "emotes/wave"),
}

BY_COMMAND: dict[ModerationAction, str] = {
    ModerationAction.DELETE: "/delete {message}",
    ModerationAction.PURGE: "/purge {name}",
    ModerationAction.TIMEOUT: "/timeout {name} 1m",
    ModerationAction.UNTIMEOUT: "/untimeout {name}",
    ModerationAction.BAN: "/ban {name} 1m",
    ModerationAction.UNBAN: "/unban {name}",
    ModerationAction.WARN: "/warn {name} Mind the rules.",
    ModerationAction.SUSPECT: "/suspect {name}",
    ModerationAction.UNSUSPECT: "/unsuspect {name}",
    ModerationAction.MAKE_VIP: "/vip {name}",
    ModerationAction.UNMAKE_VIP: "/unvip {name}",
    ModerationAction.MAKE_MODERATOR: "/mod {name}",
    ModerationAction.UNMAKE_MODERATOR: "/unmod {name}",
    ModerationAction.CLEAR: "/clear",
    ModerationAction.NOTE: "/note {name} Hm.",
    ModerationAction.SETTINGS: "/slow 5s",
    ModerationAction.SHIELD: "/shield",
    ModerationAction.ADD_TERM: "/block-term darn",
    ModerationAction.PIN: "/pin {message}",
    ModerationAction.UNPIN: "/unpin",
    ModerationAction.ANNOUNCE: "/announce Hello.",
    ModerationAction.OPEN_POLL: "/poll Which? | this | that",
    ModerationAction.CLOSE_POLL: "/endpoll",
}


@pytest_asyncio.fixture
async def stage(site: Site) -> Stage:
    actors, subjects = {}, {}
    for rank in RANKS:
        role = AccountRole.OPERATOR if rank == "operator" else AccountRole.USER
        actors[rank] = await member(site.app, site.storage, f"{rank}-acts", role=role)
        # There is one owner: what is done to the owner is tried on the one who acts.
        subjects[rank] = actors[rank] if rank == "owner" else await member(site.app, site.storage, f"{rank}-subject", role=role)
    channel = await site.storage.channels.create(ChannelName("studio"), "Studio", owner=AccountId(actors["owner"].account.id))
    made = Stage(site, channel, Room(site.storage, channel), actors, subjects)
    for rank, given in ROLES.items():
        await site.storage.roles.give(channel.id, actors[rank].account.id, given, by=None)
    return made


def _expected(action: ModerationAction, actor: str, subject: str) -> bool:
    # What one wrote oneself one may always delete.
    if actor == subject == "owner" and action in {ModerationAction.DELETE, ModerationAction.RESTORE}:
        return True
    return may(STANDINGS[actor], action, STANDINGS[subject])


def _pairs(action: ModerationAction) -> list[tuple[str, str]]:
    subjects = RANKS if action in AGAINST_SOMEBODY else ("member",)
    return [(actor, subject) for actor in RANKS for subject in subjects]


def test_every_tool_is_tried() -> None:
    assert set(ModerationAction) == BY_REST.keys()
    assert set(ModerationAction) - BY_COMMAND.keys() - BY_REST.keys() == set()


@pytest.mark.parametrize("action", BY_REST)
async def test_by_rest_an_act_is_let_through_exactly_where_the_tables_say(stage: Stage, action: ModerationAction) -> None:
    wrong = []
    for actor, subject in _pairs(action):
        await stage.reset(subject)
        method, path, body = await BY_REST[action](stage, subject, stage.subjects[subject].account.name)
        headers = {"If-Match": '"v1"'} if action is ModerationAction.SETTINGS else {}
        sent = {"data": body, "headers": {"Content-Type": "image/png"}} if isinstance(body, bytes) else {"json": body, "headers": headers}
        response = await stage.actors[actor].ask(method, f"/api/v1/channels/studio/{path}", **sent)
        code = (await response.get_json()).get("code", "") if response.status_code >= 400 else ""
        assert response.status_code < 500, code
        if (code not in NOT_FOR_THEM) is not _expected(action, actor, subject):
            wrong.append(f"{actor} to {subject}: {response.status_code} {code}")
    assert wrong == []


async def test_by_command_an_act_is_let_through_exactly_where_the_tables_say(stage: Stage) -> None:
    storage = stage.site.storage
    runner = CommandRunner(Team(storage), SystemClock())
    wrong = []
    for action, line in BY_COMMAND.items():
        for actor, subject in _pairs(action):
            await stage.reset(subject)
            text = line.format(name=stage.subjects[subject].account.name, message=await stage.message(subject))
            who = Actor(stage.actors[actor].account, session=stage.actors[actor].credential.session, scopes=EVERY_SCOPE)
            try:
                await runner.run(who, await storage.access.require(who, Action.SEE, "studio"), text)
                code = None
            except FanlightError as error:
                code = error.code
            if (code not in NOT_FOR_THEM) is not _expected(action, actor, subject):
                wrong.append(f"{text}, {actor} to {subject}: {code}")
    assert wrong == []


async def test_a_token_without_the_scope_moderates_by_no_command(stage: Stage) -> None:
    storage = stage.site.storage
    runner = CommandRunner(Team(storage), SystemClock())
    token = Actor(stage.actors["moderator"].account, scopes=EVERY_SCOPE - {"moderate"})
    for action, line in BY_COMMAND.items():
        if not may(STANDINGS["moderator"], action):
            continue
        text = line.format(name="member-subject", message=await stage.message("member"))
        with pytest.raises(FanlightError) as refused:
            await runner.run(token, await storage.access.require(token, Action.SEE, "studio"), text)
        assert refused.value.code is ErrorCode.SCOPE_REQUIRED, text


async def test_an_undo_needs_the_power_of_the_reverse(stage: Stage) -> None:
    storage = stage.site.storage
    acted = await storage.roles.give(
        stage.channel.id, stage.subjects["member"].account.id, ChannelRole.VIP, by=stage.actors["owner"].account.id
    )
    path = f"/api/v1/channels/studio/chat/log/{acted.logged[0].id}/undo"
    for rank, status in (("moderator", 403), ("operator", 403), ("owner", 200), ("owner", 409)):
        response = await stage.actors[rank].post(path)
        assert response.status_code == status, await response.get_data(as_text=True)
