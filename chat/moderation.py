"""What a team does to messages and accounts in its channel. Commands and the REST interface both come here.

Every method checks who may, writes everything in one transaction and then tells the nodes. They raise as
:meth:`chat.team.Team.over` does, and what their repositories raise.
"""

from datetime import timedelta

from chat.team import Team, by
from storage.clock import Clock, utc_now
from storage.database.chat_act import Acted
from storage.model.account import Actor
from storage.model.channel import ChannelRole
from storage.model.chat import ModerationAction, Suspicion
from storage.model.errors import BadInput, ErrorCode, NotFound
from storage.model.ids import RecordId
from storage.model.permission import Action

LONGEST_BAN = 10 * 365 * 86_400
"""Seconds."""


class Moderation:
    """One for each process."""

    def __init__(self, team: Team, clock: Clock) -> None:
        self._team = team
        self._records = team.records
        self._storage = team.storage
        self._clock = clock

    # Messages.

    async def delete(self, actor: Actor, channel: str, message: str, reason: str = "") -> Acted:
        """Delete a message. Raises ``NotFound(MESSAGE_NOT_FOUND)`` too."""
        granted = await self._team.granted(actor, ModerationAction.DELETE, channel)
        author, _ = await self._records.deletions.author(granted.channel.id, RecordId(message))
        await self._team.over_author(actor, granted, author)
        acted = await self._records.deletions.delete(granted.channel.id, RecordId(message), by=by(actor), reason=reason)
        return await self._team.done(actor, granted, acted)

    async def purge(self, actor: Actor, channel: str, account: str, reason: str = "") -> Acted:
        """Delete everything an account wrote."""
        granted, other = await self._team.over(actor, ModerationAction.PURGE, channel, account)
        acted = await self._records.deletions.purge(granted.channel.id, other.id, by=by(actor), reason=reason)
        return await self._team.done(actor, granted, acted)

    async def clear(self, actor: Actor, channel: str, reason: str = "") -> Acted:
        """Take everything away that was said so far."""
        granted = await self._team.granted(actor, ModerationAction.CLEAR, channel)
        acted = await self._records.deletions.clear(granted.channel.id, by=by(actor), reason=reason)
        return await self._team.done(actor, granted, acted)

    async def decide(self, actor: Actor, channel: str, message: str, *, let_through: bool, reason: str = "") -> Acted:
        """Let a held message through, or not. Raises ``NotFound(MESSAGE_NOT_FOUND)``, ``Conflict(ALREADY_DECIDED)`` too."""
        action = ModerationAction.LET_THROUGH if let_through else ModerationAction.REJECT
        granted = await self._team.granted(actor, action, channel)
        author, _ = await self._records.queue.author(granted.channel.id, RecordId(message))
        await self._storage.access.require_over(granted, author)
        acted = await self._records.queue.decide(
            granted.channel.id, RecordId(message), let_through=let_through, by=by(actor), reason=reason
        )
        return await self._team.done(actor, granted, acted)

    # Accounts.

    async def mute(self, actor: Actor, channel: str, account: str, seconds: int, reason: str = "") -> Acted:
        """Keep an account from writing for a while. Raises ``BadInput(BAD_REQUEST)`` too."""
        granted, other = await self._team.over(actor, ModerationAction.TIMEOUT, channel, account)
        length = timedelta(seconds=seconds)
        acted = await self._records.restrictions.mute(granted.channel.id, other.id, length, by=by(actor), reason=reason)
        return await self._team.done(actor, granted, acted)

    async def unmute(self, actor: Actor, channel: str, account: str) -> Acted:
        """End a timeout. Raises ``NotFound(NOT_FOUND)`` too."""
        granted, other = await self._team.over(actor, ModerationAction.UNTIMEOUT, channel, account)
        acted = await self._records.restrictions.unmute(granted.channel.id, other.id, by=by(actor))
        return await self._team.done(actor, granted, acted)

    async def ban(self, actor: Actor, channel: str, account: str, seconds: int | None = None, reason: str = "") -> Acted:
        """Ban an account, for ever unless said. Raises ``BadInput(BAD_REQUEST)``, ``Conflict(LIMIT_REACHED)`` too."""
        granted = await self._team.granted(actor, ModerationAction.BAN, channel)
        if seconds is not None and not 1 <= seconds <= LONGEST_BAN:
            raise BadInput(ErrorCode.BAD_REQUEST, "A ban lasts from a second to ten years, or for ever.", field="seconds")
        granted, other = await self._team.over(actor, ModerationAction.BAN, channel, account)
        expires = None if seconds is None else utc_now(self._clock) + timedelta(seconds=seconds)
        acted = await self._storage.bans.ban(granted.channel.id, other.id, by=by(actor), reason=reason, expires_at=expires)
        return await self._team.done(actor, granted, acted)

    async def unban(self, actor: Actor, channel: str, account: str) -> Acted:
        """Lift a ban. Raises ``NotFound(NOT_FOUND)`` too."""
        granted, other = await self._team.over(actor, ModerationAction.UNBAN, channel, account)
        acted = await self._storage.bans.lift(granted.channel.id, other.id, by=by(actor))
        return await self._team.done(actor, granted, acted)

    async def warn(self, actor: Actor, channel: str, account: str, text: str) -> Acted:
        """Warn an account. Raises ``BadInput(BAD_REQUEST)`` too."""
        granted, other = await self._team.over(actor, ModerationAction.WARN, channel, account)
        acted = await self._records.restrictions.warn(granted.channel.id, other.id, text, by=by(actor))
        return await self._team.done(actor, granted, acted)

    async def unwarn(self, actor: Actor, channel: str, account: str) -> Acted:
        """Take a warning back. Raises ``NotFound(NOT_FOUND)`` too."""
        granted, other = await self._team.over(actor, ModerationAction.UNWARN, channel, account)
        acted = await self._records.restrictions.unwarn(granted.channel.id, other.id, by=by(actor))
        return await self._team.done(actor, granted, acted)

    async def acknowledge(self, actor: Actor, channel: str) -> None:
        """Say that the own warning was read. Raises ``NotFound(NOT_FOUND)``; there is none."""
        granted = await self._storage.access.require(actor, Action.SEE, channel)
        account = actor.account
        hint = await self._storage.members.acknowledge(granted.channel.id, account.id, account.name) if account else None
        if hint is None:
            raise NotFound(ErrorCode.NOT_FOUND, "There is no warning to acknowledge.")
        await self._team.tell(hint)

    async def suspect(self, actor: Actor, channel: str, account: str, level: Suspicion, reason: str = "") -> Acted:
        """Look at an account more closely, or no longer. Raises ``BadInput(BAD_REQUEST)`` too."""
        action = ModerationAction.UNSUSPECT if level is Suspicion.NONE else ModerationAction.SUSPECT
        granted, other = await self._team.over(actor, action, channel, account)
        acted = await self._records.restrictions.suspect(granted.channel.id, other.id, level, by=by(actor), reason=reason)
        return await self._team.done(actor, granted, acted)

    async def note(self, actor: Actor, channel: str, account: str, text: str) -> RecordId:
        """Write down something about an account. Raises ``BadInput(BAD_REQUEST)``, ``Conflict(LIMIT_REACHED)`` too."""
        granted = await self._team.granted(actor, ModerationAction.NOTE, channel)
        other = await self._team.account(account)
        identifier, acted = await self._records.notes.add(granted.channel.id, other.id, text, by=by(actor))
        await self._team.done(actor, granted, acted)
        return identifier

    async def remove_note(self, actor: Actor, channel: str, account: str, note: str) -> Acted:
        """Take a note out. Raises ``NotFound(NOT_FOUND)`` too."""
        granted = await self._team.granted(actor, ModerationAction.UNNOTE, channel)
        other = await self._team.account(account)
        acted = await self._records.notes.remove(granted.channel.id, other.id, RecordId(note), by=by(actor))
        return await self._team.done(actor, granted, acted)

    async def give_role(self, actor: Actor, channel: str, account: str, role: ChannelRole) -> Acted:
        """Give an account a role instead of the one it has. Raises ``Conflict(LIMIT_REACHED)`` too."""
        granted, other = await self._team.over(actor, ModerationAction.MAKE_VIP, channel, account)
        acted = await self._storage.roles.give(granted.channel.id, other.id, role, by=by(actor))
        if role is ChannelRole.VIEWER:
            await self._storage.audit.write(actor, "role.given", channel=granted.channel.id, subject=other.name, data={"role": str(role)})
        return await self._team.done(actor, granted, acted)

    async def take_role(self, actor: Actor, channel: str, account: str, only: ChannelRole | None = None) -> Acted:
        """Take an account's role away, whichever or ``only`` this one. Raises ``NotFound(NOT_FOUND)`` too."""
        granted, other = await self._team.over(actor, ModerationAction.UNMAKE_VIP, channel, account)
        acted = await self._storage.roles.take(granted.channel.id, other.id, by=by(actor), only=only)
        if not acted.logged:
            await self._storage.audit.write(actor, "role.taken", channel=granted.channel.id, subject=other.name)
        return await self._team.done(actor, granted, acted)

    async def answer(self, actor: Actor, channel: str, appeal: str, *, granted: bool, text: str = "") -> Acted:
        """Answer an appeal. Raises ``NotFound(NOT_FOUND)``, ``Conflict(ALREADY_DECIDED)``, ``BadInput(BAD_REQUEST)`` too."""
        action = ModerationAction.GRANT_APPEAL if granted else ModerationAction.DENY_APPEAL
        found = await self._team.granted(actor, action, channel)
        record = await self._records.appeals.get(found.channel.id, appeal)
        await self._storage.access.require_over(found, record.account_id)
        acted = await self._records.appeals.answer(found.channel.id, record.id, granted=granted, text=text, by=by(actor))
        return await self._team.done(actor, found, acted)
