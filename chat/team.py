"""What everything a channel's team does has in common: who may, to whom, and who is told when it is done."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType

import structlog

from storage.access import Granted
from storage.chat.events import Logged, RoomHint
from storage.database.chat_act import Acted
from storage.model.account import Account, Actor
from storage.model.channel import Channel
from storage.model.chat import POWERS, ModerationAction
from storage.model.errors import BadInput, ErrorCode, NotFound, Unavailable
from storage.model.event import Event
from storage.model.ids import AccountId, ChannelId, account_name
from storage.opening import Storage

Emit = Callable[[Event, ChannelId | None, Mapping[str, object]], Awaitable[None]]
"""Tells webhooks. Never raises."""

AUDITED: Mapping[ModerationAction, str] = MappingProxyType(
    {
        ModerationAction.BAN: "ban.set",
        ModerationAction.UNBAN: "ban.lifted",
        ModerationAction.MAKE_VIP: "role.given",
        ModerationAction.UNMAKE_VIP: "role.taken",
        ModerationAction.MAKE_MODERATOR: "role.given",
        ModerationAction.UNMAKE_MODERATOR: "role.taken",
    }
)
"""What goes to the audit log whoever did it; of operators everything does."""

_log = structlog.get_logger(__name__)


class Team:
    """One for each process that takes a team's wishes: the web role, and the chat's."""

    def __init__(self, storage: Storage, emit: Emit | None = None) -> None:
        self.storage = storage
        self.records = storage.moderation
        self._emit = emit or self._emit_unwatched

    async def granted(self, actor: Actor, action: ModerationAction, channel: str) -> Granted:
        """The channel, if the actor may do this there at this moment. Raises as :meth:`storage.access.Access.require`."""
        return await self.storage.access.require(actor, POWERS[action], channel, fresh=True)

    async def over(self, actor: Actor, action: ModerationAction, channel: str, account: str) -> tuple[Granted, Account]:
        """The channel and an account, if the actor may do this to it there.

        Raises:
            NotFound: ``CHANNEL_NOT_FOUND``, ``ACCOUNT_NOT_FOUND``.
            Refused: ``SIGN_IN_REQUIRED``, ``SCOPE_REQUIRED``, ``NOT_ALLOWED``: not there, or not to this account.
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        granted = await self.granted(actor, action, channel)
        other = await self.account(account)
        await self.storage.access.require_over(granted, other.id)
        return granted, other

    async def over_author(self, actor: Actor, granted: Granted, author: AccountId) -> None:
        """That the actor may do something to what an account wrote; to what they wrote themselves anybody may."""
        if author != by(actor):
            await self.storage.access.require_over(granted, author)

    async def account(self, name: str) -> Account:
        """An account by its name. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
        try:
            return await self.storage.accounts.by_name(account_name(name))
        except BadInput:
            raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.") from None

    async def done(self, actor: Actor, granted: Granted, acted: Acted) -> Acted:
        """Tell other nodes, webhooks and the audit log what was committed; returns the same."""
        self.storage.access.forget(granted.channel.name)
        await self.tell(acted.hint)
        await self.recorded(actor, granted, acted.logged)
        return acted

    async def recorded(self, actor: Actor, granted: Granted, lines: Sequence[Logged]) -> None:
        """Tell webhooks and the audit log what the log has."""
        await self._tell_webhooks(granted.channel, lines)
        for line in lines:
            await self._audit(actor, granted, line)

    async def by_itself(self, channel: Channel, acted: Acted) -> None:
        """The same for what a room did without anybody asking."""
        await self.tell(acted.hint)
        await self._tell_webhooks(channel, acted.logged)

    async def _tell_webhooks(self, channel: Channel, lines: Sequence[Logged]) -> None:
        for line in lines:
            payload = {
                "channel": channel.name,
                "action": line.action,
                "account": line.subject or None,
                "by": line.by or None,
                "id": line.id,
                "reason": line.reason,
            }
            await self._emit(Event.MODERATION_ACTED, channel.id, payload)

    async def tell(self, hint: RoomHint) -> None:
        """Tell other nodes. Those that don't hear it look into the log."""
        with suppress(Unavailable):
            await self.storage.bus.tell_room(hint)

    async def _audit(self, actor: Actor, granted: Granted, line: Logged) -> None:
        action = ModerationAction(line.action)
        name = AUDITED.get(action)
        if name is None and not granted.standing.operator:
            return
        data = {"reason": line.reason, "undoes": line.undoes} | line.data
        told = {word: value for word, value in data.items() if value not in {"", None} and word != "text"}
        await self.storage.audit.write(actor, name or f"chat.{action}", channel=granted.channel.id, subject=line.subject, data=told)

    async def _emit_unwatched(self, event: Event, channel: ChannelId | None, payload: Mapping[str, object]) -> None:
        # The node that delivers looks every second.
        try:
            await self.storage.webhooks.emit(event, channel, payload)
        except Unavailable as error:
            _log.warning("event_lost", event_type=event, channel=channel, reason=error.detail)


def by(actor: Actor) -> AccountId | None:
    """Who acts, as the log names them."""
    return actor.account.id if actor.account else None
