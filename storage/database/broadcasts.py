"""Broadcasts, past and running: their states advance by compare-and-set and never go back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.database.channel_rows import AnyRow
from storage.database.repository import Repository
from storage.database.tables import broadcast as broadcasts
from storage.model.broadcast import BroadcastState, IllegalTransition, advance
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import BroadcastId, ChannelId


@dataclass(frozen=True, slots=True)
class BroadcastRecord:
    """One broadcast. ``end_reason`` is why it ended, as the media plane or whoever closed the record said."""

    id: BroadcastId
    channel: ChannelId
    state: BroadcastState
    title: str
    started_at: datetime
    live_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str = ""
    peak_viewers: int = 0
    version: int = 1


class BroadcastRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def begin(self, identifier: BroadcastId, channel: ChannelId, title: str, started_at: datetime) -> BroadcastRecord:
        """A broadcast that is starting; the one there is, if it was recorded before.

        Raises:
            NotFound: ``CHANNEL_NOT_FOUND``; the channel is gone.
        """
        made = BroadcastRecord(identifier, channel, BroadcastState.STARTING, title, started_at)
        values = {
            "id": identifier,
            "channel": channel,
            "state": made.state,
            "title": title,
            "started_at": started_at,
            "peak_viewers": 0,
            "version": 1,
        }
        try:
            async with self._database.transaction() as connection:
                await connection.execute(insert(broadcasts).values(**values))
        except IntegrityError:
            found = await self.get(identifier)
            if found is None:
                raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.") from None
            return found
        return made

    async def get(self, identifier: BroadcastId) -> BroadcastRecord | None:
        """A broadcast."""
        async with self._database.transaction() as connection:
            row = (await connection.execute(select(broadcasts).where(broadcasts.c.id == identifier))).one_or_none()
        return None if row is None else _record(row)

    async def advance(
        self, record: BroadcastRecord, state: BroadcastState, at: datetime, *, reason: str = "", peak_viewers: int = 0
    ) -> BroadcastRecord:
        """The record in its new state, or in the same one with another peak, if nobody else changed it meanwhile.

        Raises:
            Conflict: ``STORE_CONFLICT``; somebody did, read it again.
            IllegalTransition: the table of states does not know this step.
        """
        if state is not record.state:
            advance(record.state, state)
        ended = state is BroadcastState.ENDED
        new = replace(
            record,
            state=state,
            live_at=record.live_at or (at if state is BroadcastState.LIVE else None),
            ended_at=record.ended_at or (at if ended else None),
            end_reason=record.end_reason or (reason if ended else ""),
            peak_viewers=max(record.peak_viewers, peak_viewers),
            version=record.version + 1,
        )
        values = {
            "state": new.state,
            "live_at": new.live_at,
            "ended_at": new.ended_at,
            "end_reason": new.end_reason or None,
            "peak_viewers": new.peak_viewers,
            "version": new.version,
        }
        at_version = (broadcasts.c.id == record.id) & (broadcasts.c.version == record.version)
        async with self._database.transaction() as connection:
            changed = await connection.execute(update(broadcasts).where(at_version).values(**values))
        if changed.rowcount == 0:
            raise Conflict(ErrorCode.STORE_CONFLICT, "The broadcast's record was changed meanwhile.")
        return new

    async def running(self) -> Sequence[BroadcastRecord]:
        """At most 1,000 records that have not ended."""
        query = select(broadcasts).where(broadcasts.c.state != BroadcastState.ENDED).order_by(broadcasts.c.started_at).limit(1000)
        async with self._database.transaction() as connection:
            return [_record(row) for row in (await connection.execute(query)).all()]

    async def list(self, channel: ChannelId, *, before: str = "", limit: int = 100) -> Sequence[BroadcastRecord]:
        """A channel's broadcasts, newest first, those that began before the broadcast ``before``."""
        query = select(broadcasts).where(broadcasts.c.channel == channel)
        if before:
            mark = select(broadcasts.c.started_at).where(broadcasts.c.id == before).scalar_subquery()
            earlier = (broadcasts.c.started_at < mark) | ((broadcasts.c.started_at == mark) & (broadcasts.c.id < before))
            query = query.where(earlier)
        query = query.order_by(broadcasts.c.started_at.desc(), broadcasts.c.id.desc()).limit(limit)
        async with self._database.transaction() as connection:
            return [_record(row) for row in (await connection.execute(query)).all()]


def steps(old: BroadcastState, new: BroadcastState) -> tuple[BroadcastState, ...]:
    """The states to go through from one to another: whoever looked away missed some.

    Raises:
        IllegalTransition: there is no way.
    """
    if old is new:
        return ()
    if old is BroadcastState.ENDED or new is BroadcastState.STARTING:
        raise IllegalTransition(old, new)
    if old is BroadcastState.STARTING and new is BroadcastState.INTERRUPTED:
        return (BroadcastState.LIVE, new)
    return (new,)


def _record(row: AnyRow) -> BroadcastRecord:
    return BroadcastRecord(
        id=BroadcastId(row.id),
        channel=ChannelId(row.channel),
        state=BroadcastState(row.state),
        title=row.title,
        started_at=row.started_at,
        live_at=row.live_at,
        ended_at=row.ended_at,
        end_reason=row.end_reason or "",
        peak_viewers=row.peak_viewers,
        version=row.version,
    )
