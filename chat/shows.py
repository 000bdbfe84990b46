"""What a team shows its room: the pinned message, and polls. See :mod:`chat.moderation`."""

from chat.team import Team, by
from storage.chat.events import Poll
from storage.database.chat_act import Acted
from storage.model.account import Actor
from storage.model.chat import ModerationAction
from storage.model.errors import Conflict, ErrorCode
from storage.model.ids import RecordId
from storage.model.poll import checked_poll


class Shows:
    """One for each process."""

    def __init__(self, team: Team) -> None:
        self._team = team
        self._polls = team.storage.polls
        self._pins = team.records.pins

    async def pin(self, actor: Actor, channel: str, message: str) -> Acted:
        """Keep a message above all others. Raises ``NotFound(MESSAGE_NOT_FOUND)`` too."""
        granted = await self._team.granted(actor, ModerationAction.PIN, channel)
        return await self._team.done(actor, granted, await self._pins.pin(granted.channel.id, RecordId(message), by=by(actor)))

    async def unpin(self, actor: Actor, channel: str) -> Acted:
        """Keep none; nothing happens where there is none."""
        granted = await self._team.granted(actor, ModerationAction.UNPIN, channel)
        return await self._team.done(actor, granted, await self._pins.unpin(granted.channel.id, by=by(actor)))

    async def open_poll(self, actor: Actor, channel: str, question: str, options: tuple[str, ...], seconds: int) -> Poll:
        """Ask something, instead of what was asked before. Raises ``BadInput(BAD_REQUEST)`` too."""
        granted = await self._team.granted(actor, ModerationAction.OPEN_POLL, channel)
        question, options = checked_poll(question, options, seconds)
        poll, acted = await self._polls.open(granted.channel.id, question, options, seconds, by=by(actor))
        await self._team.done(actor, granted, acted)
        return poll

    async def close_poll(self, actor: Actor, channel: str, poll: str = "") -> Acted:
        """End a poll before its time, the one on show unless said; it stays on show. Raises ``Conflict(POLL_CLOSED)`` too."""
        granted = await self._team.granted(actor, ModerationAction.CLOSE_POLL, channel)
        if not poll:
            shown = await self._polls.current(granted.channel.id)
            if shown is None:
                raise Conflict(ErrorCode.POLL_CLOSED, "There is no poll.")
            poll = shown.id
        return await self._team.done(actor, granted, await self._polls.close(granted.channel.id, poll, by=by(actor)))

    async def dismiss_poll(self, actor: Actor, channel: str) -> Acted:
        """Show no poll any more, running or over."""
        granted = await self._team.granted(actor, ModerationAction.CLOSE_POLL, channel)
        return await self._team.done(actor, granted, await self._polls.dismiss(granted.channel.id, by=by(actor)))
