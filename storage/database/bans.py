"""Accounts banned from channels, for a time or for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.chat.events import Restricted
from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.notifications import tell_unbanned
from storage.database.tables import account as accounts
from storage.database.tables import channel_ban as bans
from storage.database.tables import session as sessions
from storage.model.channel import ChannelBan
from storage.model.chat import ModerationAction
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId
from storage.model.moderation import LONGEST_REASON, checked_text

MOST_BANS = 10_000
"""Accounts banned from one channel."""


class BanRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def ban(
        self, channel: ChannelId, account: AccountId, *, by: AccountId | None, reason: str = "", expires_at: datetime | None = None
    ) -> Acted:
        """Ban an account, or change its ban.

        Raises:
            BadInput: ``BAD_REQUEST``; the reason is too long.
            NotFound: ``ACCOUNT_NOT_FOUND``; the account is gone.
            Conflict: ``LIMIT_REACHED``.
        """
        async with self._act(channel) as act:
            await ban(act, account, expires_at, by=by, reason=reason)
        return done(act)

    async def lift(self, channel: ChannelId, account: AccountId, *, by: AccountId | None = None) -> Acted:
        """Lift a ban. Raises ``NotFound(NOT_FOUND)``; there is none."""
        async with self._act(channel) as act:
            await lift(act, account, by=by)
        return done(act)

    async def is_banned(self, channel: ChannelId, account: AccountId) -> bool:
        """Whether an account is banned now."""
        async with self._database.transaction() as connection:
            return await _in_force(connection, channel, account, self._now()) is not None

    async def list(self, channel: ChannelId, *, after: str = "", limit: int = 100) -> Sequence[ChannelBan]:
        """Who is banned now, by name, those after the account name ``after``."""
        query = (
            select(bans.c.account, bans.c.reason, bans.c.created_at, bans.c.expires_at, accounts.c.name, accounts.c.display_name)
            .join(accounts, accounts.c.id == bans.c.account)
            .where(bans.c.channel == channel, accounts.c.name > after, or_(bans.c.expires_at.is_(None), bans.c.expires_at > self._now()))
            .order_by(accounts.c.name)
            .limit(limit)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return [
            ChannelBan(AccountId(row.account), AccountName(row.name), row.display_name, row.reason, row.created_at, row.expires_at)
            for row in rows
        ]

    async def newest(self, channel: ChannelId, *, limit: int) -> Sequence["BannedFrom"]:
        """The newest bans in force, and from where their accounts were signed in last."""
        now = self._now()
        last = (
            select(sessions.c.address)
            .where(sessions.c.account == bans.c.account)
            .order_by(sessions.c.used_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        query = (
            select(accounts.c.name, bans.c.created_at, last.label("address"))
            .join(accounts, accounts.c.id == bans.c.account)
            .where(bans.c.channel == channel, or_(bans.c.expires_at.is_(None), bans.c.expires_at > now))
            .order_by(bans.c.created_at.desc())
            .limit(limit)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return [BannedFrom(AccountName(row.name), row.created_at, row.address or "") for row in rows]


@dataclass(frozen=True, slots=True)
class BannedFrom:
    """A banned account and the IP address of its last session, empty where none is known any more."""

    account_name: AccountName
    created_at: datetime
    address: str


@dataclass(frozen=True, slots=True)
class BanInForce:
    """A ban of an account. ``expires_at`` is None for ever."""

    reason: str
    expires_at: datetime | None


async def ban(act: Act, account: AccountId, expires_at: datetime | None, *, by: AccountId | None, reason: str = "") -> None:
    """See :meth:`BanRepository.ban`."""
    reason = checked_text(reason, LONGEST_REASON, "reason", empty=True)
    unix_ms = None if expires_at is None else round(expires_at.timestamp() * 1000)
    act.tell(Restricted(name=await act.name(account), until=unix_ms or 0))
    await act.tell_standing(account)
    before = await in_force(act, account)
    values = {"banned_by": by, "reason": reason, "created_at": act.now, "expires_at": expires_at}
    if not (await act.connection.execute(update(bans).where(_at(act, account)).values(**values))).rowcount:
        await _make_room(act)
        await act.connection.execute(insert(bans).values(channel=act.channel, account=account, **values))
    data = {"seconds": None if expires_at is None else round((expires_at - act.now).total_seconds()), "until_ms": unix_ms}
    await act.log(ModerationAction.BAN, by=by, subject=account, reason=reason, data=data, before=_told(before))


async def lift(act: Act, account: AccountId, *, by: AccountId | None) -> None:
    """See :meth:`BanRepository.lift`."""
    before = await in_force(act, account)
    lifted = await act.connection.execute(delete(bans).where(_at(act, account)))
    if lifted.rowcount == 0:
        raise NotFound(ErrorCode.NOT_FOUND, "This account is not banned here.")
    if before is not None:
        await tell_unbanned(act, account)
    await act.tell_standing(account)
    await act.log(ModerationAction.UNBAN, by=by, subject=account, before=_told(before))


async def in_force(act: Act, account: AccountId) -> BanInForce | None:
    """The ban of an account, if it has not run out."""
    return await _in_force(act.connection, act.channel, account, act.now)


async def _in_force(connection: AsyncConnection, channel: ChannelId, account: AccountId, now: datetime) -> BanInForce | None:
    query = select(bans.c.reason, bans.c.expires_at).where(bans.c.channel == channel, bans.c.account == account)
    row = (await connection.execute(query)).one_or_none()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return BanInForce(row.reason, row.expires_at)


async def _make_room(act: Act) -> None:
    await act.connection.execute(delete(bans).where(bans.c.channel == act.channel, bans.c.expires_at < act.now))
    count = await act.connection.scalar(select(func.count()).select_from(bans).where(bans.c.channel == act.channel))
    if int(count or 0) >= MOST_BANS:
        raise Conflict(ErrorCode.LIMIT_REACHED, f"A channel bans at most {MOST_BANS} accounts.", limit=MOST_BANS)


def _at(act: Act, account: AccountId) -> ColumnElement[bool]:
    return (bans.c.channel == act.channel) & (bans.c.account == account)


def _told(ban: BanInForce | None) -> dict[str, object]:
    if ban is None:
        return {"banned": False}
    return {"banned": True, "reason": ban.reason, "until": ban.expires_at and ban.expires_at.isoformat()}
