"""The moderation log. Lines are added, never changed: an undo is a line of its own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from storage.database.chat_act import Acted, RoomRepository, done
from storage.database.chat_terms import Check
from storage.database.chat_undo import UNDONE_BY, Done, undo
from storage.database.tables import account as accounts
from storage.database.tables import chat_action as actions
from storage.model.chat import ModerationAction
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId, RecordId
from storage.model.moderation import ActionRecord

_actors = accounts.alias("actor")
_subjects = accounts.alias("subject")
_undoing = actions.alias("undoing")


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines; None for any. ``message`` is a message's id."""

    action: ModerationAction | None = None
    actor: AccountId | None = None
    subject: AccountId | None = None
    message: str | None = None


EVERYTHING = LogFilter()


class ActionRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def list(self, channel: ChannelId, which: LogFilter = EVERYTHING, *, before: str = "", limit: int = 25) -> Sequence[ActionRecord]:
        """Lines, newest first, those before the line ``before``."""
        query = _QUERY.where(actions.c.channel == channel).order_by(actions.c.id.desc()).limit(limit)
        if before:
            query = query.where(actions.c.id < before)
        if which.action is not None:
            query = query.where(actions.c.action == which.action)
        if which.actor is not None:
            query = query.where(actions.c.actor == which.actor)
        if which.subject is not None:
            query = query.where(actions.c.subject == which.subject)
        if which.message is not None:
            query = query.where(actions.c.message == which.message)
        async with self._database.transaction() as connection:
            return [_record(row) for row in (await connection.execute(query)).all()]

    async def get(self, channel: ChannelId, action: str) -> tuple[ActionRecord, AccountId | None]:
        """A line, and whom it was done to. Raises ``NotFound(NOT_FOUND)``."""
        query = _QUERY.where(actions.c.channel == channel, actions.c.id == action)
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise _absent()
        return _record(row), AccountId(row.subject) if row.subject else None

    async def undo(self, channel: ChannelId, action: str, *, by: AccountId | None, check: Check | None = None) -> Acted:
        """Do the reverse of what a line tells.

        Raises:
            NotFound: ``NOT_FOUND``; there is no such line.
            Conflict: ``NOT_UNDOABLE``; it never can be, was undone already, or something else has happened since.
        """
        async with self._act(channel) as act:
            query = select(actions).where(actions.c.channel == channel, actions.c.id == action)
            row = (await act.connection.execute(query)).one_or_none()
            if row is None:
                raise _absent()
            if await act.connection.scalar(select(actions.c.id).where(actions.c.undoes == action)) is not None:
                raise Conflict(ErrorCode.NOT_UNDOABLE, "This was undone already.")
            line = Done(
                action=ModerationAction(row.action),
                subject=AccountId(row.subject) if row.subject else None,
                message=RecordId(row.message) if row.message else None,
                reason=row.reason,
                data=json.loads(row.data),
                before=json.loads(row.before or "{}"),
            )
            act.undoes = RecordId(row.id)
            await undo(act, line, by=by, check=check)
        return done(act)


_QUERY = (
    select(
        actions,
        _actors.c.name.label("actor_name"),
        _subjects.c.name.label("subject_name"),
        _undoing.c.id.label("undone_by"),
    )
    .outerjoin(_actors, _actors.c.id == actions.c.actor)
    .outerjoin(_subjects, _subjects.c.id == actions.c.subject)
    .outerjoin(_undoing, _undoing.c.undoes == actions.c.id)
)


def _record(row: Row[Any]) -> ActionRecord:
    action = ModerationAction(row.action)
    return ActionRecord(
        id=RecordId(row.id),
        action=action,
        actor=AccountName(row.actor_name) if row.actor_name else None,
        subject=AccountName(row.subject_name) if row.subject_name else None,
        message=RecordId(row.message) if row.message else None,
        reason=row.reason,
        data=json.loads(row.data),
        undoes=RecordId(row.undoes) if row.undoes else None,
        undone_by=RecordId(row.undone_by) if row.undone_by else None,
        undoable=action in UNDONE_BY and row.undone_by is None,
        created_at=row.created_at,
    )


def _absent() -> NotFound:
    return NotFound(ErrorCode.NOT_FOUND, "There is no such line in the log.")
