"""Webhooks and what they are told: every delivery is a row until it was delivered, and for a month after."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.clock import Clock, utc_now
from storage.database.engine import Database
from storage.database.repository import hold
from storage.database.tables import account as accounts
from storage.database.tables import channel as channels
from storage.database.tables import webhook as webhooks
from storage.database.tables import webhook_delivery as deliveries
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.event import Event
from storage.model.ids import AccountId, ChannelId, RecordId, new_record_id

MOST_OF_AN_ACCOUNT = 20
MOST_PENDING = 1000
"""Deliveries a webhook may have waiting; more are not taken on."""

KEPT = timedelta(days=30)
"""How long a delivery is remembered."""

_MOST_AT_ONCE = 1000


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody's address that is told of events. ``secret`` is sealed; ``failures`` counts attempts in a row that failed."""

    id: RecordId
    account: AccountId
    channel: ChannelId | None
    channel_name: str | None
    url: str
    secret: bytes
    events: frozenset[Event]
    failures: int
    failing_since: datetime | None
    version: int
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook. ``status`` is the last answer's, ``error`` why there was none."""

    id: RecordId
    webhook: RecordId
    event: Event
    body: str
    state: DeliveryState
    attempts: int
    next_at: datetime | None
    status: int | None
    error: str | None
    created_at: datetime
    done_at: datetime | None


class WebhookRepository:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def new_id(self) -> RecordId:
        """The id of a webhook that is about to be created: its secret is sealed for it."""
        return new_record_id(self._clock.unix_ns() // 1_000_000)

    async def create(
        self,
        identifier: RecordId,
        account: AccountId,
        channel: ChannelId | None,
        *,
        url: str,
        secret: bytes,
        events: Collection[Event],
    ) -> Webhook:
        """A new webhook.

        Raises:
            Conflict: ``WEBHOOK_LIMIT``; the account has as many as it may.
            NotFound: ``CHANNEL_NOT_FOUND``; the channel is gone.
        """
        values = {
            "id": identifier,
            "account": account,
            "channel": channel,
            "url": url,
            "secret": secret,
            "events": " ".join(sorted(events)),
            "failures": 0,
            "version": 1,
            "created_at": utc_now(self._clock),
        }
        try:
            async with self._database.transaction() as connection:
                await hold(connection, accounts, account)
                count = await connection.scalar(select(func.count()).select_from(webhooks).where(webhooks.c.account == account))
                if (count or 0) >= MOST_OF_AN_ACCOUNT:
                    raise Conflict(ErrorCode.WEBHOOK_LIMIT, f"An account has at most {MOST_OF_AN_ACCOUNT} webhooks.")
                await connection.execute(insert(webhooks).values(**values))
        except IntegrityError:
            raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.") from None
        return await self.get(identifier, account)

    async def get(self, identifier: str, account: AccountId) -> Webhook:
        """One of an account's webhooks. Raises ``NotFound(WEBHOOK_NOT_FOUND)``."""
        async with self._database.transaction() as connection:
            row = (await connection.execute(_SELECT.where(webhooks.c.id == identifier, webhooks.c.account == account))).one_or_none()
        if row is None:
            raise NotFound(ErrorCode.WEBHOOK_NOT_FOUND, "You have no such webhook.")
        return _webhook(row)

    async def list(self, account: AccountId, *, after: str = "", limit: int = 25) -> Sequence[Webhook]:
        """An account's webhooks, oldest first, those after the webhook ``after``."""
        query = _SELECT.where(webhooks.c.account == account, webhooks.c.id > after).order_by(webhooks.c.id).limit(limit)
        async with self._database.transaction() as connection:
            return [_webhook(row) for row in (await connection.execute(query)).all()]

    async def change(
        self,
        webhook: Webhook,
        *,
        version: int,
        url: str | None = None,
        events: Collection[Event] | None = None,
        enabled: bool | None = None,
    ) -> Webhook:
        """Change what is given; enabling one that failed lets it begin anew.

        Raises:
            Conflict: ``PRECONDITION_FAILED``; the version is another by now.
        """
        values: dict[str, Any] = {"version": version + 1}
        if url is not None:
            values["url"] = url
        if events is not None:
            values["events"] = " ".join(sorted(events))
        if enabled is not None:
            values |= {"disabled_at": None if enabled else webhook.disabled_at or utc_now(self._clock)}
        if enabled:
            values |= {"failures": 0, "failing_since": None}
        async with self._database.transaction() as connection:
            changed = await connection.execute(
                update(webhooks).where(webhooks.c.id == webhook.id, webhooks.c.version == version).values(**values)
            )
            if not changed.rowcount:
                raise Conflict(ErrorCode.PRECONDITION_FAILED, "Somebody else has changed it meanwhile; read it again.")
        return await self.get(webhook.id, webhook.account)

    async def delete(self, webhook: Webhook) -> None:
        """Forget a webhook and its deliveries."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(webhooks).where(webhooks.c.id == webhook.id))

    async def emit(self, event: Event, channel: ChannelId | None, payload: Mapping[str, object]) -> int:
        """A delivery for every webhook that asked for such an event; returns how many. ``payload`` is JSON without secrets."""
        now = utc_now(self._clock)
        body = json.dumps(
            {"type": event, "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "data": payload},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        pending = (
            select(func.count())
            .select_from(deliveries)
            .where(deliveries.c.webhook == webhooks.c.id, deliveries.c.state == DeliveryState.PENDING)
            .scalar_subquery()
        )
        whose = webhooks.c.channel.is_(None) if channel is None else webhooks.c.channel.is_(None) | (webhooks.c.channel == channel)
        query = select(webhooks.c.id, webhooks.c.events).where(whose, webhooks.c.disabled_at.is_(None), pending < MOST_PENDING)
        async with self._database.transaction() as connection:
            asked = [row.id for row in (await connection.execute(query)).all() if event in row.events.split()]
            rows = [
                {
                    "id": self.new_id(),
                    "webhook": webhook,
                    "event": event,
                    "body": body,
                    "state": DeliveryState.PENDING,
                    "attempts": 0,
                    "next_at": now,
                    "created_at": now,
                }
                for webhook in asked
            ]
            if rows:
                await connection.execute(insert(deliveries), rows)
        return len(asked)

    async def deliveries(self, webhook: Webhook, *, before: str = "", limit: int = 25) -> Sequence[Delivery]:
        """A webhook's deliveries, newest first, those before the delivery ``before``."""
        query = select(deliveries).where(deliveries.c.webhook == webhook.id).order_by(deliveries.c.id.desc()).limit(limit)
        if before:
            query = query.where(deliveries.c.id < before)
        async with self._database.transaction() as connection:
            return [_delivery(row) for row in (await connection.execute(query)).all()]

    async def replay(self, webhook: Webhook, delivery: str) -> Delivery:
        """Deliver once more what was delivered or given up. Raises ``NotFound(NOT_FOUND)``."""
        mine = (deliveries.c.id == delivery) & (deliveries.c.webhook == webhook.id)
        anew = {"state": DeliveryState.PENDING, "attempts": 0, "next_at": utc_now(self._clock), "done_at": None}
        async with self._database.transaction() as connection:
            await connection.execute(update(deliveries).where(mine, deliveries.c.state != DeliveryState.PENDING).values(**anew))
            row = (await connection.execute(select(deliveries).where(mine))).one_or_none()
        if row is None:
            raise NotFound(ErrorCode.NOT_FOUND, "The webhook has no such delivery.")
        return _delivery(row)

    # For the one dispatcher.

    async def due(self, *, under_way: Mapping[RecordId, RecordId], most_of_one: int, limit: int) -> Sequence[tuple[Delivery, Webhook]]:
        """Deliveries whose time has come, oldest first, at most so many of one webhook: one that is slow holds up no other.

        ``under_way`` has the deliveries being made, each with its webhook; a webhook with ``most_of_one`` of them has to wait.
        """
        running = list(under_way.values())
        busy = {webhook for webhook in running if running.count(webhook) >= most_of_one}
        place = func.row_number().over(partition_by=deliveries.c.webhook, order_by=(deliveries.c.next_at, deliveries.c.id))
        ranked = (
            select(deliveries.c.id, place.label("place"))
            .join(webhooks, webhooks.c.id == deliveries.c.webhook)
            .where(
                deliveries.c.state == DeliveryState.PENDING,
                deliveries.c.next_at <= utc_now(self._clock),
                deliveries.c.id.not_in(under_way),
                webhooks.c.id.not_in(busy),
                webhooks.c.disabled_at.is_(None),
            )
            .subquery()
        )
        chosen = select(deliveries).join(ranked, ranked.c.id == deliveries.c.id).where(ranked.c.place <= most_of_one)
        async with self._database.transaction() as connection:
            found = [_delivery(row) for row in (await connection.execute(chosen.order_by(deliveries.c.next_at).limit(limit))).all()]
            rows = await connection.execute(_SELECT.where(webhooks.c.id.in_({delivery.webhook for delivery in found})))
            known = {row.id: _webhook(row) for row in rows.all()}
        return [(delivery, known[delivery.webhook]) for delivery in found if delivery.webhook in known]

    async def delivered(self, delivery: Delivery, status: int) -> None:
        """It was taken."""
        async with self._database.transaction() as connection:
            if await self._close(connection, delivery, state=DeliveryState.DELIVERED, status=status, error=None):
                await connection.execute(update(webhooks).where(webhooks.c.id == delivery.webhook).values(failures=0, failing_since=None))

    async def failed(
        self, delivery: Delivery, status: int | None, error: str, *, retry: timedelta | None, disable_after: timedelta
    ) -> bool:
        """An attempt failed: try again after ``retry``, or give up. Returns whether that disabled the webhook.

        A webhook every attempt to which failed for ``disable_after`` is disabled, and its other deliveries are given up.
        """
        now = utc_now(self._clock)
        async with self._database.transaction() as connection:
            state = DeliveryState.FAILED if retry is None else DeliveryState.PENDING
            next_at = None if retry is None else now + retry
            if not await self._close(connection, delivery, state=state, status=status, error=error[:200], next_at=next_at):
                return False
            mine = webhooks.c.id == delivery.webhook
            since = func.coalesce(webhooks.c.failing_since, now)
            await connection.execute(update(webhooks).where(mine).values(failures=webhooks.c.failures + 1, failing_since=since))
            disabled = await connection.execute(
                update(webhooks)
                .where(mine, webhooks.c.disabled_at.is_(None), webhooks.c.failing_since <= now - disable_after)
                .values(disabled_at=now, version=webhooks.c.version + 1)
            )
            if disabled.rowcount:
                await connection.execute(
                    update(deliveries)
                    .where(deliveries.c.webhook == delivery.webhook, deliveries.c.state == DeliveryState.PENDING)
                    .values(state=DeliveryState.FAILED, next_at=None, done_at=now, error="The webhook was disabled.")
                )
            return bool(disabled.rowcount)

    async def _close(
        self, connection: Any, delivery: Delivery, *, state: DeliveryState, next_at: datetime | None = None, **said: Any
    ) -> bool:
        # Only if nobody else has tried meanwhile.
        mine = (deliveries.c.id == delivery.id, deliveries.c.attempts == delivery.attempts, deliveries.c.state == DeliveryState.PENDING)
        done_at = None if state is DeliveryState.PENDING else utc_now(self._clock)
        values = {"state": state, "attempts": delivery.attempts + 1, "next_at": next_at, "done_at": done_at, **said}
        changed = await connection.execute(update(deliveries).where(*mine).values(**values))
        return bool(changed.rowcount)

    async def prune(self) -> int:
        """Forget deliveries done a month ago, at most a thousand at once; returns how many."""
        old = select(deliveries.c.id).where(deliveries.c.done_at < utc_now(self._clock) - KEPT).limit(_MOST_AT_ONCE)
        async with self._database.transaction() as connection:
            found = [row.id for row in (await connection.execute(old)).all()]
            if found:
                await connection.execute(delete(deliveries).where(deliveries.c.id.in_(found)))
        return len(found)


_SELECT = select(webhooks, channels.c.name.label("channel_name")).outerjoin(channels, channels.c.id == webhooks.c.channel)


def _webhook(row: Any) -> Webhook:
    return Webhook(
        id=RecordId(row.id),
        account=AccountId(row.account),
        channel=ChannelId(row.channel) if row.channel else None,
        channel_name=row.channel_name,
        url=row.url,
        secret=row.secret,
        events=frozenset(Event(word) for word in row.events.split()),
        failures=row.failures,
        failing_since=row.failing_since,
        version=row.version,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=RecordId(row.id),
        webhook=RecordId(row.webhook),
        event=Event(row.event),
        body=row.body,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        next_at=row.next_at,
        status=row.status,
        error=row.error,
        created_at=row.created_at,
        done_at=row.done_at,
    )
