"""The reverse of each act, as far as what it did still stands."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from storage.database import bans, chat_deletions, chat_notes, chat_pins, chat_queue, chat_restrictions, chat_settings, chat_terms, roles
from storage.database.chat_act import Act
from storage.database.chat_terms import Check
from storage.database.tables import channel_role, chat_member
from storage.model.channel import ChannelRole
from storage.model.chat import MessageState, ModerationAction, Suspicion, TermEffect, TermForm
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, RecordId

UNDONE_BY: Mapping[ModerationAction, ModerationAction] = MappingProxyType(
    {
        ModerationAction.DELETE: ModerationAction.RESTORE,
        ModerationAction.PURGE: ModerationAction.RESTORE,
        ModerationAction.CLEAR: ModerationAction.RESTORE,
        ModerationAction.TIMEOUT: ModerationAction.UNTIMEOUT,
        ModerationAction.UNTIMEOUT: ModerationAction.TIMEOUT,
        ModerationAction.BAN: ModerationAction.UNBAN,
        ModerationAction.UNBAN: ModerationAction.BAN,
        ModerationAction.WARN: ModerationAction.UNWARN,
        ModerationAction.UNWARN: ModerationAction.WARN,
        ModerationAction.SUSPECT: ModerationAction.UNSUSPECT,
        ModerationAction.UNSUSPECT: ModerationAction.SUSPECT,
        ModerationAction.NOTE: ModerationAction.UNNOTE,
        ModerationAction.LET_THROUGH: ModerationAction.DELETE,
        ModerationAction.REJECT: ModerationAction.LET_THROUGH,
        ModerationAction.SETTINGS: ModerationAction.SETTINGS,
        ModerationAction.SHIELD: ModerationAction.UNSHIELD,
        ModerationAction.UNSHIELD: ModerationAction.SHIELD,
        ModerationAction.ADD_TERM: ModerationAction.REMOVE_TERM,
        ModerationAction.REMOVE_TERM: ModerationAction.ADD_TERM,
        ModerationAction.PIN: ModerationAction.UNPIN,
        ModerationAction.UNPIN: ModerationAction.PIN,
        ModerationAction.MAKE_VIP: ModerationAction.UNMAKE_VIP,
        ModerationAction.UNMAKE_VIP: ModerationAction.MAKE_VIP,
        ModerationAction.MAKE_MODERATOR: ModerationAction.UNMAKE_MODERATOR,
        ModerationAction.UNMAKE_MODERATOR: ModerationAction.MAKE_MODERATOR,
    }
)
"""What can be undone, and what one must be allowed to do for that. What was answered, forgotten or asked can't be taken back."""


@dataclass(frozen=True, slots=True)
class Done:
    """A line of the log as it is kept. ``before`` is what there was before it."""

    action: ModerationAction
    subject: AccountId | None
    message: RecordId | None
    reason: str
    data: Mapping[str, Any]
    before: Mapping[str, Any]


async def undo(act: Act, line: Done, *, by: AccountId | None, check: Check | None) -> None:
    """Do the reverse. Raises ``Conflict(NOT_UNDOABLE)``, and what ``check`` does of a term that comes back."""
    if line.action not in UNDONE_BY:
        raise Conflict(ErrorCode.NOT_UNDOABLE, "This can't be undone.")
    if line.subject is None and line.action in _WITH_SUBJECT:
        raise Conflict(ErrorCode.NOT_UNDOABLE, "The account is gone.")
    try:
        if line.action in _WITHOUT_SUBJECT:
            await _WITHOUT_SUBJECT[line.action](act, line, by)
        elif line.action is ModerationAction.REMOVE_TERM:
            term = line.data
            await chat_terms.add(act, TermForm(term["form"]), term["text"], TermEffect(term["effect"]), by=by, check=check)
        elif line.subject is not None:
            await _WITH_SUBJECT[line.action](act, line, line.subject, by)
    except NotFound:
        raise _overtaken() from None
    except Conflict as error:
        raise (_overtaken() if error.code is ErrorCode.ALREADY_DECIDED else error) from None


async def _restore_one(act: Act, line: Done, by: AccountId | None) -> None:
    await chat_deletions.restore_one(act, _message(line), by=by)


async def _restore_cleared(act: Act, line: Done, by: AccountId | None) -> None:
    if not await chat_deletions.restore_cleared(act, line.before["cleared"], line.before["was"], by=by):
        raise _overtaken()


async def _take_back(act: Act, line: Done, by: AccountId | None) -> None:
    await chat_deletions.delete(act, _message(line), by=by)


async def _let_through(act: Act, line: Done, by: AccountId | None) -> None:
    await chat_queue.decide(act, _message(line), let_through=True, by=by, state=MessageState.REJECTED)


async def _settings(act: Act, line: Done, by: AccountId | None) -> None:
    await chat_settings.apply(act, line.before["change"], by=by)


async def _shield(act: Act, line: Done, by: AccountId | None) -> None:
    raised = line.action is ModerationAction.SHIELD
    if act.room.settings.shield is not raised:
        raise _overtaken()
    until_ms = line.before["until_ms"]
    until = None if until_ms is None else datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=until_ms)
    if not line.before["shield"]:
        await chat_settings.lower_shield(act, by=by)
    elif until is not None and until <= act.now:
        raise _overtaken()
    else:
        await chat_settings.raise_shield(act, until, by=by)


async def _term(act: Act, line: Done, by: AccountId | None) -> None:
    effect = line.before["effect"]
    if effect is None:
        await chat_terms.remove(act, RecordId(line.before["term"]), by=by)
    else:
        await chat_terms.add(act, TermForm(line.data["form"]), line.data["text"], TermEffect(effect), by=by)


async def _pin(act: Act, line: Done, by: AccountId | None) -> None:
    if line.action is ModerationAction.UNPIN:
        if act.room.pinned is not None:
            raise _overtaken()
        await chat_pins.pin(act, _message(line), by=by)
    elif act.room.pinned != line.message:
        raise _overtaken()
    elif line.before["pinned"] is not None:
        await chat_pins.pin(act, RecordId(line.before["pinned"]), by=by)
    else:
        await chat_pins.unpin(act, by=by)


_WITHOUT_SUBJECT: Mapping[ModerationAction, Callable[[Act, Done, AccountId | None], Awaitable[None]]] = MappingProxyType(
    {
        ModerationAction.DELETE: _restore_one,
        ModerationAction.CLEAR: _restore_cleared,
        ModerationAction.LET_THROUGH: _take_back,
        ModerationAction.REJECT: _let_through,
        ModerationAction.SETTINGS: _settings,
        ModerationAction.SHIELD: _shield,
        ModerationAction.UNSHIELD: _shield,
        ModerationAction.ADD_TERM: _term,
        ModerationAction.PIN: _pin,
        ModerationAction.UNPIN: _pin,
    }
)


async def _restore_purged(act: Act, line: Done, subject: AccountId, by: AccountId | None) -> None:
    await chat_deletions.restore_purged(act, subject, line.before["deleted_at"], by=by)


async def _timeout(act: Act, line: Done, subject: AccountId, by: AccountId | None) -> None:
    until = await _member(act, subject, "muted_until")
    running = until is not None and until > act.now
    # Another timeout since is another act.
    mine = running and round(until.timestamp() * 1000) == line.data.get("until_ms")
    before = _moment(line.before["until"])
    if (line.action is ModerationAction.TIMEOUT and not mine) or (line.action is ModerationAction.UNTIMEOUT and running):
        raise _overtaken()
    if before is not None and before > act.now:
        await chat_restrictions.mute(act, subject, before, by=by, reason=line.before["reason"])
    elif line.action is ModerationAction.TIMEOUT:
        await chat_restrictions.unmute(act, subject, by=by)
    else:
        raise _overtaken()


async def _ban(act: Act, line: Done, subject: AccountId, by: AccountId | None) -> None:
    now = await bans.in_force(act, subject)
    set_by_it = line.action is ModerationAction.BAN
    if (now is not None) is not set_by_it:
        raise _overtaken()
    until = _moment(line.before.get("until"))
    if line.before["banned"] and (until is None or until > act.now):
        await bans.ban(act, subject, until, by=by, reason=line.before["reason"])
    elif set_by_it:
        await bans.lift(act, subject, by=by)
    else:
        raise _overtaken()


async def _warning(act: Act, line: Done, subject: AccountId, by: AccountId | None) -> None:
    pending = await _member(act, subject, "warning")
    if line.action is ModerationAction.WARN:
        if pending != line.reason:
            raise _overtaken()
        await chat_restrictions.unwarn(act, subject, by=by)
    elif pending:
        raise _overtaken()
    else:
        await chat_restrictions.warn(act, subject, line.before["warning"], by=by)


async def _suspicion(act: Act, line: Done, subject: AccountId, by: AccountId | None) -> None:
    if await _member(act, subject, "suspicion") != line.data["level"]:
        raise _overtaken()
    await chat_restrictions.suspect(act, subject, Suspicion(line.before["level"]), by=by, reason=line.before["why"] or "")


async def _note(act: Act, line: Done, subject: AccountId, by: AccountId | None) -> None:
    await chat_notes.remove(act, subject, RecordId(line.data["note"]), by=by)


async def _role(act: Act, line: Done, subject: AccountId, by: AccountId | None) -> None:
    at = (channel_role.c.channel == act.channel) & (channel_role.c.account == subject)
    now = await act.connection.scalar(select(channel_role.c.role).where(at))
    if now != line.before["after"]:
        raise _overtaken()
    before = line.before["role"]
    await roles.set_role(act, subject, None if before is None else ChannelRole(before), by=by)


_OF_ROLES = (
    ModerationAction.MAKE_VIP,
    ModerationAction.UNMAKE_VIP,
    ModerationAction.MAKE_MODERATOR,
    ModerationAction.UNMAKE_MODERATOR,
)

_WITH_SUBJECT: Mapping[ModerationAction, Callable[[Act, Done, AccountId, AccountId | None], Awaitable[None]]] = MappingProxyType(
    {
        ModerationAction.PURGE: _restore_purged,
        ModerationAction.TIMEOUT: _timeout,
        ModerationAction.UNTIMEOUT: _timeout,
        ModerationAction.BAN: _ban,
        ModerationAction.UNBAN: _ban,
        ModerationAction.WARN: _warning,
        ModerationAction.UNWARN: _warning,
        ModerationAction.SUSPECT: _suspicion,
        ModerationAction.UNSUSPECT: _suspicion,
        ModerationAction.NOTE: _note,
    }
    | dict.fromkeys(_OF_ROLES, _role)
)


async def _member(act: Act, account: AccountId, column: str) -> Any:
    at = (chat_member.c.channel == act.channel) & (chat_member.c.account == account)
    return await act.connection.scalar(select(chat_member.c[column]).where(at))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _message(line: Done) -> RecordId:
    assert line.message is not None
    return line.message


def _overtaken() -> Conflict:
    return Conflict(ErrorCode.NOT_UNDOABLE, "Something else has happened since: it can't be undone any more.")
