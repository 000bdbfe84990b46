"""Who somebody is in a room, for all who write or listen there, in one question."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select, update

from storage.chat.events import RoomHint, StandingChanged
from storage.database.channel_rows import AnyRow
from storage.database.chat_log import append_alone
from storage.database.repository import Repository
from storage.database.rows import ACCOUNT_COLUMNS, account_of
from storage.database.tables import account as accounts
from storage.database.tables import channel as channels
from storage.database.tables import channel_ban, channel_role, chat_member, follow
from storage.model.account import Account, AccountRole, AccountState
from storage.model.channel import ChannelRole, Standing
from storage.model.chat import NEWCOMER, Member, Suspicion
from storage.model.ids import AccountId, ChannelId

MOST_TOGETHER = 500

MEMBER_COLUMNS = tuple(
    chat_member.c[name] for name in ("first_at", "last_at", "messages", "muted_until", "muted_for", "warning", "suspicion", "suspected_for")
)
"""What to select for :func:`member_of`."""


@dataclass(frozen=True, slots=True)
class Participant:
    """An account in a room. ``followed_at`` is None where it does not follow, ``banned_until`` where a ban is for ever or there is none."""

    account: Account
    standing: Standing
    member: Member
    followed_at: datetime | None
    banned_until: datetime | None


class MemberRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def of(self, channel: ChannelId, who: Collection[AccountId]) -> Mapping[AccountId, Participant]:
        """At most 500 accounts. Those that are gone or banned from the instance are left out, and all where the channel is gone."""
        if not who:
            return {}
        asked = {"in_channel": channel, "who": list(who), "now": self._now()}
        async with self._database.transaction() as connection:
            return {AccountId(row.account_id): _participant(row) for row in await connection.execute(_PARTICIPANTS, asked)}

    async def acknowledge(self, channel: ChannelId, account: AccountId, name: str) -> RoomHint | None:
        """Its warning was read. None where there was none."""
        at = (chat_member.c.channel == channel) & (chat_member.c.account == account) & chat_member.c.warning.is_not(None)
        async with self._database.transaction() as connection:
            if await connection.scalar(select(chat_member.c.account).where(at)) is None:
                return None
            hint = await append_alone(connection, channel, [StandingChanged(name=name)], self._now(), renew=True)
            await connection.execute(update(chat_member).where(at).values(warning=None))
            return hint


def _participants() -> Select[Any]:
    channel = bindparam("in_channel", type_=channels.c.id.type)
    ban = and_(
        channel_ban.c.channel == channel,
        channel_ban.c.account == accounts.c.id,
        or_(channel_ban.c.expires_at.is_(None), channel_ban.c.expires_at > bindparam("now", type_=channel_ban.c.expires_at.type)),
    )
    return (
        select(
            *ACCOUNT_COLUMNS,
            channels.c.owner,
            channel_role.c.role.label("given"),
            follow.c.created_at.label("followed_at"),
            channel_ban.c.account.label("banned"),
            channel_ban.c.expires_at.label("banned_until"),
            *MEMBER_COLUMNS,
        )
        .select_from(accounts)
        .join(channels, channels.c.id == channel)
        .outerjoin(channel_role, and_(channel_role.c.channel == channel, channel_role.c.account == accounts.c.id))
        .outerjoin(follow, and_(follow.c.channel == channel, follow.c.account == accounts.c.id))
        .outerjoin(channel_ban, ban)
        .outerjoin(chat_member, and_(chat_member.c.channel == channel, chat_member.c.account == accounts.c.id))
        .where(accounts.c.id.in_(bindparam("who", expanding=True)), accounts.c.state == AccountState.ACTIVE)
    )


_PARTICIPANTS = _participants()
"""Made once: it is asked for each writer of each room every half a minute, and making it takes longer than its answer."""


def _participant(row: AnyRow) -> Participant:
    account = account_of(row)
    operator = account.role is AccountRole.OPERATOR
    standing = Standing(
        signed_in=True,
        operator=operator,
        # What the operator made by command is the operators'.
        owner=row.owner == account.id or (row.owner is None and operator),
        role=ChannelRole(row.given) if row.given else None,
        follows=row.followed_at is not None,
        banned=row.banned is not None,
    )
    return Participant(account, standing, member_of(row), row.followed_at, row.banned_until)


def member_of(row: AnyRow) -> Member:
    """What an account was and is in a room, in a row that has :data:`MEMBER_COLUMNS`."""
    if row.messages is None:
        return NEWCOMER
    return Member(
        first_at=row.first_at,
        last_at=row.last_at,
        messages=row.messages,
        muted_until=row.muted_until,
        muted_for=row.muted_for or "",
        warning=row.warning or "",
        suspicion=Suspicion(row.suspicion),
        suspected_for=row.suspected_for or "",
    )
