"""One act of a team: what it does, its line in the log and what the room is told of it, written together or not at all."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.chat.events import Event, Logged, ModesChanged, RoomHint, SettingsChanged, StandingChanged
from storage.chat.settings import ChatSettings, settings_text
from storage.database.chat_log import RoomRow, append, locked_room
from storage.database.repository import Repository
from storage.database.tables import account as accounts
from storage.database.tables import chat_action as actions
from storage.database.tables import chat_room as rooms
from storage.model.chat import ModerationAction
from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId, RecordId, record_id_after
from storage.model.moderation import LONGEST_REASON, Data, checked_text

Before = Mapping[str, object]
"""What there was before, for an undo."""


@dataclass(frozen=True, slots=True)
class Acted:
    """What was committed: the hint for other nodes, and the lines of the log."""

    hint: RoomHint
    logged: tuple[Logged, ...]


class Act:
    """A room that nobody else writes to until the transaction ends. What is told is numbered in the order of the calls."""

    def __init__(self, connection: AsyncConnection, room: RoomRow, now: datetime) -> None:
        self.connection = connection
        self.room = room
        self.channel = room.channel
        self.now = now
        self.undoes: RecordId | None = None
        """The line of the log that this act undoes."""
        self._events: list[Event] = []
        self._settings: str | None = None
        self._renew = False
        self._names: dict[AccountId, AccountName] = {}
        self.done: Acted | None = None

    def tell(self, *events: Event) -> None:
        """Tell the room."""
        self._events.extend(events)

    @property
    def told(self) -> Sequence[Event]:
        """What is told so far; for who writes it themselves in place of :meth:`commit`."""
        return self._events

    @property
    def next_seq(self) -> int:
        """The number of what is told next."""
        return self.room.seq + len(self._events) + 1

    def renew(self) -> None:
        """What somebody may do here changes: what was decided before is decided anew."""
        self._renew = True

    async def tell_standing(self, account: AccountId) -> None:
        """What an account may do here changes."""
        self.tell(StandingChanged(name=await self.name(account)))
        self.renew()

    async def change(self, settings: ChatSettings) -> None:
        """Other settings from now on; once in an act."""
        before, self._settings = self.room.settings, settings_text(settings)
        until = settings.shield_until_ms if settings.shield else None
        moment = None if until is None else datetime.fromtimestamp(0, self.now.tzinfo) + timedelta(milliseconds=until)
        await self.connection.execute(update(rooms).where(rooms.c.channel == self.channel).values(shield_until=moment))
        if (before.effective, before.shield) != (settings.effective, settings.shield):
            self.tell(ModesChanged(modes=settings.effective, shield=settings.shield))
        self.tell(SettingsChanged(settings=settings, version=self.room.settings_version + 1))
        self.renew()

    async def name(self, account: AccountId) -> AccountName:
        """What an account is called. Raises ``NotFound(ACCOUNT_NOT_FOUND)``."""
        if account not in self._names:
            found = await self.connection.scalar(select(accounts.c.name).where(accounts.c.id == account))
            if found is None:
                raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.")
            self._names[account] = AccountName(found)
        return self._names[account]

    async def new_id(self, table: Table) -> RecordId:
        """For a record of this channel, in the order of the acts."""
        newest = select(func.max(table.c.id)).where(table.c.channel == self.channel)
        return record_id_after(await self.connection.scalar(newest), round(self.now.timestamp() * 1000))

    async def log(
        self,
        action: ModerationAction,
        *,
        by: AccountId | None,
        subject: AccountId | None = None,
        message: RecordId | None = None,
        reason: str = "",
        data: Data | None = None,
        before: Before | None = None,
    ) -> RecordId:
        """Add a line to the log, and tell the team. Raises ``BadInput(BAD_REQUEST)``: the reason is too long."""
        reason = checked_text(reason, LONGEST_REASON, "reason", empty=True)
        unix_ms = round(self.now.timestamp() * 1000)
        identifier = await self.new_id(actions)
        values = {
            "id": identifier,
            "channel": self.channel,
            "actor": by,
            "action": action,
            "subject": subject,
            "message": message,
            "reason": reason,
            "data": json.dumps(dict(data or {})),
            "before": None if before is None else json.dumps(dict(before)),
            "undoes": self.undoes,
            "created_at": self.now,
        }
        await self.connection.execute(insert(actions).values(**values))
        self.tell(
            Logged(
                id=identifier,
                action=action,
                by="" if by is None else await self.name(by),
                subject="" if subject is None else await self.name(subject),
                reason=reason,
                at=unix_ms,
                message=message or "",
                undoes=self.undoes or "",
                data=dict(data or {}),
            )
        )
        return identifier

    async def commit(self) -> Acted:
        """Write the events; called once, last."""
        hint = await append(self.connection, self.room, self._events, self.now, renew=self._renew, settings=self._settings)
        return Acted(hint, tuple(event for event in self._events if isinstance(event, Logged)))


class RoomRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline.

    Methods that act return what was :class:`Acted`: tell it to other nodes by ``bus.tell_room``.
    """

    @asynccontextmanager
    async def _act(self, channel: ChannelId) -> AsyncIterator[Act]:
        """An act; when the block is over, ``done`` says what was committed. Raises ``NotFound(CHANNEL_NOT_FOUND)``."""
        now = self._now()
        async with self._database.transaction() as connection:
            act = Act(connection, await locked_room(connection, channel, now), now)
            yield act
            act.done = await act.commit()


def done(act: Act) -> Acted:
    """What a finished act was."""
    assert act.done is not None, "the act is not over"
    return act.done
