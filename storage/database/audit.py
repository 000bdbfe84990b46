"""The audit log: who did what. Entries are added and, after a year, forgotten; never changed."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import delete, insert, select

from storage.clock import Clock, utc_now
from storage.database.engine import Database
from storage.database.tables import account as accounts
from storage.database.tables import audit
from storage.database.tables import channel as channels
from storage.metrics import AUDIT_LOST
from storage.model.account import Actor
from storage.model.audit import AuditEntry
from storage.model.errors import Unavailable
from storage.model.ids import AccountId, ChannelId, RecordId, new_record_id

KEPT = timedelta(days=365)
LONGEST_SUBJECT = 80
LONGEST_TEXT = 200
MOST_DATA = 20
"""Words of data an entry may have."""

_ACTION = re.compile(r"[a-z_]{1,30}\.[a-z_]{1,29}")
_MOST_AT_ONCE = 1000
_log = structlog.get_logger(__name__)

Value = str | int | float | bool | None


class AuditLog:
    """Writing never fails an act that is done; reading raises ``Unavailable(DATABASE_UNAVAILABLE)``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def write(
        self, actor: Actor, action: str, *, channel: ChannelId | None = None, subject: str = "", data: Mapping[str, Value] | None = None
    ) -> None:
        """Add an entry. ``data`` holds no secret; texts are cut to their limit.

        Waits for the database's deadline at most. An entry that can't be kept goes to the process's log, and is counted.

        Args:
            actor: Who did it; a stranger for the instance itself.
            action: A noun and a verb, ``channel.renamed``.
            channel: Where.
            subject: The name of whom or what it was done to.
            data: What else matters.
        """
        if not _ACTION.fullmatch(action):
            raise ValueError(f"{action!r} is no action.")
        now = utc_now(self._clock)
        values = {
            "id": new_record_id(self._clock.unix_ns() // 1_000_000),
            "actor": actor.account.id if actor.account else None,
            "action": action,
            "channel": channel,
            "subject": _text(subject, LONGEST_SUBJECT),
            "data": json.dumps({_text(name, 40): _value(value) for name, value in list((data or {}).items())[:MOST_DATA]}),
            "address": actor.address[:45],
            "created_at": now,
        }
        try:
            async with self._database.transaction() as connection:
                await connection.execute(insert(audit).values(**values))
        except Unavailable as error:
            AUDIT_LOST.inc()
            lost = {name: value for name, value in values.items() if name not in {"id", "created_at"}}
            _log.warning("audit_entry_lost", reason=error.detail, **lost)

    async def list(
        self,
        *,
        actor: AccountId | None = None,
        channel: ChannelId | None = None,
        action: str = "",
        before: str = "",
        limit: int = 25,
    ) -> Sequence[AuditEntry]:
        """Entries, newest first: before the entry ``before``, of an actor, in a channel, with an action or any of a noun (``channel``)."""
        query = (
            select(audit, accounts.c.name.label("actor_name"), channels.c.name.label("channel_name"))
            .outerjoin(accounts, accounts.c.id == audit.c.actor)
            .outerjoin(channels, channels.c.id == audit.c.channel)
            .order_by(audit.c.id.desc())
            .limit(limit)
        )
        if before:
            query = query.where(audit.c.id < before)
        if actor is not None:
            query = query.where(audit.c.actor == actor)
        if channel is not None:
            query = query.where(audit.c.channel == channel)
        if action:
            query = query.where((audit.c.action == action) | audit.c.action.startswith(f"{action}.", autoescape=True))
        async with self._database.transaction() as connection:
            return [_entry(row) for row in (await connection.execute(query)).all()]

    async def prune(self) -> int:
        """Forget what is older than a year, at most a thousand entries at once; returns how many."""
        old = select(audit.c.id).where(audit.c.created_at < utc_now(self._clock) - KEPT).order_by(audit.c.id).limit(_MOST_AT_ONCE)
        async with self._database.transaction() as connection:
            found = [row.id for row in (await connection.execute(old)).all()]
            if found:
                await connection.execute(delete(audit).where(audit.c.id.in_(found)))
        return len(found)


def _entry(row: Any) -> AuditEntry:
    return AuditEntry(
        id=RecordId(row.id),
        actor=AccountId(row.actor) if row.actor else None,
        actor_name=row.actor_name,
        action=row.action,
        channel=ChannelId(row.channel) if row.channel else None,
        channel_name=row.channel_name,
        subject=row.subject,
        data=json.loads(row.data),
        address=row.address,
        created_at=row.created_at,
    )


def _value(value: Value) -> Value:
    return _text(value, LONGEST_TEXT) if isinstance(value, str) else value


def _text(text: str, longest: int) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:longest])
