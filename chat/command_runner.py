"""Does what a command says: the same acts as by the REST interface, behind the same gate."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from chat.command import CommandDone
from chat.command_table import COMMANDS, Command, commands_for
from chat.commands import Parsed, parse_command
from chat.durations import spell_duration
from chat.moderation import Moderation
from chat.room_rules import RoomRules
from chat.shows import Shows
from chat.team import Team
from chat.terms import Term
from storage.access import Action, Granted
from storage.chat.events import Logged, MessageKind
from storage.clock import Clock
from storage.model.account import Actor
from storage.model.channel import ChannelRole
from storage.model.chat import ModerationAction, Suspicion, TermEffect, TermForm
from storage.model.errors import BadInput, ErrorCode, Refused, Unavailable

TIMEOUT_SECONDS = 600
SLOW_SECONDS = 30
DELAY_SECONDS = 2
POLL_SECONDS = 120
MOST_LISTED = 100
"""Names a command answers with."""

Run = Callable[[Actor, Granted, Parsed], Awaitable[str]]


class CommandRunner:
    """Implements :class:`chat.command.Commands`."""

    def __init__(self, team: Team, clock: Clock) -> None:
        self._team = team
        self._storage = team.storage
        self._moderation = Moderation(team, clock)
        self._rules = RoomRules(team, clock)
        self._shows = Shows(team)
        self._runs: Mapping[str, Run] = self._of_people() | self._of_messages() | self._of_modes() | self._of_everybody()

    async def run(self, actor: Actor, granted: Granted, text: str) -> CommandDone:
        """See :class:`chat.command.Commands`."""
        granted = await self._storage.access.require(actor, Action.SEE, granted.channel.name, fresh=True)
        parsed = parse_command(text, granted.standing)
        match parsed.command.name:
            case "me":
                return CommandDone(say=parsed.text, kind=MessageKind.ACTION)
            case "announce":
                await self._team.granted(actor, ModerationAction.ANNOUNCE, granted.channel.name)
                return CommandDone(say=parsed.text, kind=MessageKind.ANNOUNCEMENT)
            case name:
                return CommandDone(text=await self._runs[name](actor, granted, parsed))

    async def said(self, actor: Actor, granted: Granted, line: Logged) -> None:
        """See :class:`chat.command.Commands`."""
        await self._team.recorded(actor, granted, [line])

    def _of_people(self) -> dict[str, Run]:
        acts, of = self._moderation, _name
        role, unrole = self._role, self._unrole
        return {
            "timeout": self._timeout,
            "untimeout": lambda actor, at, said: _told(acts.unmute(actor, at.channel.name, of(said)), f"{of(said)} may write again."),
            "ban": self._ban,
            "unban": lambda actor, at, said: _told(acts.unban(actor, at.channel.name, of(said)), f"{of(said)} is no longer banned."),
            "warn": lambda actor, at, said: _told(acts.warn(actor, at.channel.name, of(said), said.text), f"{of(said)} was warned."),
            "note": lambda actor, at, said: _told(acts.note(actor, at.channel.name, of(said), said.text), "Noted."),
            "suspect": self._suspect,
            "unsuspect": lambda actor, at, said: _told(
                acts.suspect(actor, at.channel.name, of(said), Suspicion.NONE), f"{of(said)} is watched no longer."
            ),
            "vip": role(ChannelRole.VIP, "a VIP"),
            "unvip": unrole(ChannelRole.VIP, "a VIP"),
            "mod": role(ChannelRole.MODERATOR, "a moderator"),
            "unmod": unrole(ChannelRole.MODERATOR, "a moderator"),
        }

    def _of_messages(self) -> dict[str, Run]:
        acts, shows = self._moderation, self._shows
        return {
            "delete": lambda actor, at, said: _told(acts.delete(actor, at.channel.name, _message(said), said.text), "Deleted."),
            "purge": lambda actor, at, said: _told(
                acts.purge(actor, at.channel.name, _name(said)), f"Everything {_name(said)} wrote is gone."
            ),
            "clear": lambda actor, at, _: _told(acts.clear(actor, at.channel.name), "Cleared."),
            "pin": lambda actor, at, said: _told(shows.pin(actor, at.channel.name, _message(said)), "Pinned."),
            "unpin": lambda actor, at, _: _told(shows.unpin(actor, at.channel.name), "Nothing is pinned."),
            "poll": self._poll,
            "endpoll": lambda actor, at, _: _told(shows.close_poll(actor, at.channel.name), "The poll is closed."),
            "block-term": self._term(TermEffect.BLOCK, "blocked"),
            "hold-term": self._term(TermEffect.HOLD, "held"),
            "permit-term": self._term(TermEffect.PERMIT, "permitted"),
        }

    def _of_modes(self) -> dict[str, Run]:
        return {
            "slow": self._slow,
            "followers": self._followers,
            "delay": self._delay,
            "verified": self._switch("verified_only", "Verified-only"),
            "emoteonly": self._switch("emote_only", "Emote-only"),
            "unique": self._switch("unique", "Unique-chat"),
            "members": self._switch("members_only", "Members-only"),
            "readonly": self._switch("read_only", "Read-only"),
            "shield": self._shield,
            "links": self._links,
        }

    def _of_everybody(self) -> dict[str, Run]:
        return {
            "help": self._help,
            "color": self._colour,
            "mods": self._who(ChannelRole.MODERATOR, "moderators"),
            "vips": self._who(ChannelRole.VIP, "VIPs"),
        }

    # People.

    async def _timeout(self, actor: Actor, granted: Granted, said: Parsed) -> str:
        seconds = said.seconds or TIMEOUT_SECONDS
        await self._moderation.mute(actor, granted.channel.name, _name(said), seconds, said.text)
        return f"{_name(said)} may not write for {spell_duration(seconds)}."

    async def _ban(self, actor: Actor, granted: Granted, said: Parsed) -> str:
        await self._moderation.ban(actor, granted.channel.name, _name(said), said.seconds, said.text)
        length = f" for {spell_duration(said.seconds)}" if said.seconds else ""
        return f"{_name(said)} is banned{length}."

    async def _suspect(self, actor: Actor, granted: Granted, said: Parsed) -> str:
        level = said.suspicion or Suspicion.MONITORED
        await self._moderation.suspect(actor, granted.channel.name, _name(said), level, said.text)
        return f"{_name(said)} is {level}."

    def _role(self, role: ChannelRole, called: str) -> Run:
        async def run(actor: Actor, granted: Granted, said: Parsed) -> str:
            await self._moderation.give_role(actor, granted.channel.name, _name(said), role)
            return f"{_name(said)} is {called} now."

        return run

    def _unrole(self, role: ChannelRole, called: str) -> Run:
        async def run(actor: Actor, granted: Granted, said: Parsed) -> str:
            await self._moderation.take_role(actor, granted.channel.name, _name(said), only=role)
            return f"{_name(said)} is {called} no longer."

        return run

    # Messages.

    async def _poll(self, actor: Actor, granted: Granted, said: Parsed) -> str:
        await self._shows.open_poll(actor, granted.channel.name, said.text, said.options, said.seconds or POLL_SECONDS)
        return "The poll is open."

    def _term(self, effect: TermEffect, called: str) -> Run:
        async def run(actor: Actor, granted: Granted, said: Parsed) -> str:
            form = TermForm.WILDCARD if "*" in said.text else TermForm.LITERAL
            await self._rules.add_term(actor, granted.channel.name, Term(form, said.text, effect))
            return f"Messages with it are {called} now."

        return run

    # Modes.

    async def _change(self, actor: Actor, granted: Granted, mode: str, value: object, told: str) -> str:
        await self._rules.change(actor, granted.channel.name, {"modes": {mode: value}})
        return told

    async def _slow(self, actor: Actor, granted: Granted, said: Parsed) -> str:
        seconds = _seconds(said, SLOW_SECONDS)
        told = f"Slow mode: {spell_duration(seconds)} between two messages." if seconds else "Slow mode is off."
        return await self._change(actor, granted, "slow_seconds", seconds, told)

    async def _followers(self, actor: Actor, granted: Granted, said: Parsed) -> str:
        if said.on is False:
            return await self._change(actor, granted, "followers_minutes", None, "Followers-only is off.")
        minutes = -(-(said.seconds or 0) // 60)
        since = f" of {spell_duration(minutes * 60)} or more" if minutes else ""
        return await self._change(actor, granted, "followers_minutes", minutes, f"Only followers{since} write here now.")

    async def _delay(self, actor: Actor, granted: Granted, said: Parsed) -> str:
        seconds = _seconds(said, DELAY_SECONDS)
        told = f"The team sees messages {spell_duration(seconds)} before everybody else." if seconds else "Messages are not delayed."
        return await self._change(actor, granted, "delay_seconds", seconds, told)

    def _switch(self, mode: str, called: str) -> Run:
        async def run(actor: Actor, granted: Granted, said: Parsed) -> str:
            on = said.on is not False
            return await self._change(actor, granted, mode, on, f"{called} is {'on' if on else 'off'}.")

        return run

    async def _links(self, actor: Actor, granted: Granted, said: Parsed) -> str:
        assert said.links is not None
        return await self._change(actor, granted, "links", said.links.value, f"Links are taken from: {said.links}.")

    async def _shield(self, actor: Actor, granted: Granted, said: Parsed) -> str:
        if said.on is False:
            await self._rules.lower_shield(actor, granted.channel.name)
            return "The shield is down."
        await self._rules.raise_shield(actor, granted.channel.name)
        return "The shield is up."

    # Everybody's.

    async def _help(self, _: Actor, granted: Granted, said: Parsed) -> str:
        mine = commands_for(granted.standing)
        if not said.text:
            return "\n".join(map(_explained, mine))
        command = COMMANDS.get(said.text)
        if command is None or command not in mine:
            raise BadInput(ErrorCode.COMMAND_UNKNOWN, "There is no such command. /help lists them.")
        return _explained(command)

    async def _colour(self, actor: Actor, _: Granted, said: Parsed) -> str:
        if actor.account is None or actor.session is None:
            raise Refused(ErrorCode.NOT_ALLOWED, "Only who is signed in chooses a colour.")
        account = await self._storage.accounts.get(actor.account.id)
        await self._storage.accounts.change(account.id, account.version, colour=said.text)
        with suppress(Unavailable):
            await self._storage.bus.revoke(account.id)
        return f"Your name is {said.text} now."

    def _who(self, role: ChannelRole, called: str) -> Run:
        async def run(_: Actor, granted: Granted, said: Parsed) -> str:
            del said
            found = await self._storage.roles.list(granted.channel.id, limit=1000)
            names = [one.account_name for one in found if one.role is role][:MOST_LISTED]
            return ", ".join(names) if names else f"There are no {called} here."

        return run


async def _told(act: Awaitable[object], text: str) -> str:
    await act
    return text


def _name(said: Parsed) -> str:
    assert said.account is not None, "the table says that it takes one"
    return said.account


def _message(said: Parsed) -> str:
    assert said.message is not None, "the table says that it takes one"
    return said.message


def _seconds(said: Parsed, unless: int) -> int:
    if said.on is False:
        return 0
    return unless if said.seconds is None else said.seconds


def _explained(command: Command) -> str:
    return f"{command.usage}: {command.summary}"
