"""Timeouts, warnings and suspicion: what a team lays on an account in its channel."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from storage.chat.events import Restricted, Suspected
from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.tables import chat_action as actions
from storage.database.tables import chat_member as members
from storage.model.chat import LONGEST_TIMEOUT, SHORTEST_TIMEOUT, ModerationAction, Suspicion
from storage.model.errors import BadInput, ErrorCode, NotFound
from storage.model.ids import AccountId, ChannelId
from storage.model.moderation import LONGEST_REASON, checked_text

_NOTHING = {"muted_until": None, "muted_for": None, "warning": None, "suspicion": Suspicion.NONE, "suspected_for": None}


class RestrictionRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def mute(self, channel: ChannelId, account: AccountId, length: timedelta, *, by: AccountId | None, reason: str = "") -> Acted:
        """Keep an account from writing for a while from now on, whatever was said before.

        Raises:
            BadInput: ``BAD_REQUEST``; shorter than a second, longer than 14 days, or the reason is too long.
            NotFound: ``ACCOUNT_NOT_FOUND``.
        """
        if not SHORTEST_TIMEOUT <= length <= LONGEST_TIMEOUT:
            raise BadInput(ErrorCode.BAD_REQUEST, "A timeout lasts from a second to 14 days.", field="seconds")
        async with self._act(channel) as act:
            await mute(act, account, act.now + length, by=by, reason=reason)
        return done(act)

    async def unmute(self, channel: ChannelId, account: AccountId, *, by: AccountId | None) -> Acted:
        """End a timeout. Raises ``NotFound(NOT_FOUND)``; there is none. ``NotFound(ACCOUNT_NOT_FOUND)``."""
        async with self._act(channel) as act:
            await unmute(act, account, by=by)
        return done(act)

    async def warn(self, channel: ChannelId, account: AccountId, text: str, *, by: AccountId | None) -> Acted:
        """Warn an account: it writes again when it says that it read that.

        Raises:
            BadInput: ``BAD_REQUEST``; there is no text, or it is too long.
            NotFound: ``ACCOUNT_NOT_FOUND``.
        """
        async with self._act(channel) as act:
            await warn(act, account, text, by=by)
        return done(act)

    async def unwarn(self, channel: ChannelId, account: AccountId, *, by: AccountId | None) -> Acted:
        """Take a warning back that was not acknowledged. Raises ``NotFound(NOT_FOUND)``; there is none."""
        async with self._act(channel) as act:
            await unwarn(act, account, by=by)
        return done(act)

    async def suspect(self, channel: ChannelId, account: AccountId, level: Suspicion, *, by: AccountId | None, reason: str = "") -> Acted:
        """Look at an account more closely, or no longer. Raises ``NotFound(ACCOUNT_NOT_FOUND)``, ``BadInput(BAD_REQUEST)``."""
        async with self._act(channel) as act:
            await suspect(act, account, level, by=by, reason=reason)
        return done(act)

    async def suspect_once(self, channel: ChannelId, account: AccountId, reason: str) -> Acted | None:
        """Mark an account for the team, unless the room did so before: what the team made of that stands."""
        async with self._act(channel) as act:
            before = select(actions.c.id).where(
                actions.c.channel == channel,
                actions.c.subject == account,
                actions.c.action == ModerationAction.SUSPECT,
                actions.c.actor.is_(None),
            )
            if await act.connection.scalar(before.limit(1)) is not None:
                return None
            await suspect(act, account, Suspicion.MONITORED, by=None, reason=reason[:LONGEST_REASON])
        return done(act)


async def mute(act: Act, account: AccountId, until: datetime, *, by: AccountId | None, reason: str = "") -> None:
    """See :meth:`RestrictionRepository.mute`."""
    reason = checked_text(reason, LONGEST_REASON, "reason", empty=True)
    unix_ms = round(until.timestamp() * 1000)
    act.tell(Restricted(name=await act.name(account), until=unix_ms))
    await act.tell_standing(account)
    before = await _mark(act, account, muted_until=until, muted_for=reason)
    data = {"seconds": round((until - act.now).total_seconds()), "until_ms": unix_ms}
    await act.log(ModerationAction.TIMEOUT, by=by, subject=account, reason=reason, data=data, before=_muted(before))


async def unmute(act: Act, account: AccountId, *, by: AccountId | None) -> None:
    """See :meth:`RestrictionRepository.unmute`."""
    await act.tell_standing(account)
    before = await _mark(act, account, muted_until=None, muted_for=None)
    if before["muted_until"] is None or before["muted_until"] <= act.now:
        raise NotFound(ErrorCode.NOT_FOUND, "This account has no timeout here.")
    await act.log(ModerationAction.UNTIMEOUT, by=by, subject=account, before=_muted(before))


async def warn(act: Act, account: AccountId, text: str, *, by: AccountId | None) -> None:
    """See :meth:`RestrictionRepository.warn`."""
    text = checked_text(text, LONGEST_REASON, "reason")
    await act.tell_standing(account)
    before = await _mark(act, account, warning=text, warned_at=act.now)
    await act.log(ModerationAction.WARN, by=by, subject=account, reason=text, before={"warning": before["warning"]})


async def unwarn(act: Act, account: AccountId, *, by: AccountId | None) -> None:
    """See :meth:`RestrictionRepository.unwarn`."""
    await act.tell_standing(account)
    warning = (await _mark(act, account, warning=None))["warning"]
    if not warning:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no warning to take back.")
    await act.log(ModerationAction.UNWARN, by=by, subject=account, before={"warning": warning})


async def suspect(act: Act, account: AccountId, level: Suspicion, *, by: AccountId | None, reason: str = "") -> None:
    """See :meth:`RestrictionRepository.suspect`."""
    reason = checked_text(reason, LONGEST_REASON, "reason", empty=True)
    act.tell(Suspected(name=await act.name(account), level=level, why=reason))
    act.renew()
    kept = reason if level is not Suspicion.NONE else None
    before = await _mark(act, account, suspicion=level, suspected_for=kept)
    action = ModerationAction.UNSUSPECT if level is Suspicion.NONE else ModerationAction.SUSPECT
    told = {"level": level.value}
    was = {"level": before["suspicion"], "why": before["suspected_for"]}
    await act.log(action, by=by, subject=account, reason=reason, data=told, before=was)


async def _mark(act: Act, account: AccountId, **values: object) -> Mapping[str, Any]:
    """Change what an account is here; returns what it was."""
    at = (members.c.channel == act.channel) & (members.c.account == account)
    row = (await act.connection.execute(select(*(members.c[name] for name in _NOTHING)).where(at))).mappings().one_or_none()
    if row is None:
        new = {"channel": act.channel, "account": account, "messages": 0, "suspicion": Suspicion.NONE}
        await act.connection.execute(insert(members).values(**(new | values)))
        return _NOTHING
    await act.connection.execute(update(members).where(at).values(**values))
    return dict(row)


def _muted(before: Mapping[str, Any]) -> dict[str, object]:
    until: datetime | None = before["muted_until"]
    return {"until": until and until.isoformat(), "reason": before["muted_for"] or ""}
