"""Which accounts follow which channels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.database.channel_rows import CHANNEL_COLUMNS, with_tags
from storage.database.repository import Repository, hold
from storage.database.tables import account as accounts
from storage.database.tables import channel as channels
from storage.database.tables import follow as follows
from storage.model.channel import Channel
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, ChannelId

MOST_FOLLOWS = 2000
"""Channels one account follows."""


@dataclass(frozen=True, slots=True)
class Follow:
    """A channel somebody follows. ``notify`` says whether they are told when it goes live."""

    channel: Channel
    notify: bool
    created_at: datetime


class FollowRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def follow(self, account: AccountId, channel: ChannelId, *, notify: bool = True) -> None:
        """Follow a channel, or change whether its going live is told.

        Raises:
            NotFound: ``CHANNEL_NOT_FOUND``; it is gone.
            Conflict: ``LIMIT_REACHED``.
        """
        at = (follows.c.account == account) & (follows.c.channel == channel)
        try:
            async with self._database.transaction() as connection:
                await hold(connection, accounts, account)
                if (await connection.execute(update(follows).where(at).values(notify=notify))).rowcount:
                    return
                count = await connection.scalar(select(func.count()).select_from(follows).where(follows.c.account == account))
                if int(count or 0) >= MOST_FOLLOWS:
                    raise Conflict(ErrorCode.LIMIT_REACHED, f"An account follows at most {MOST_FOLLOWS} channels.", limit=MOST_FOLLOWS)
                values = {"account": account, "channel": channel, "notify": notify, "created_at": self._now()}
                await connection.execute(insert(follows).values(**values))
        except IntegrityError:
            raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.") from None

    async def unfollow(self, account: AccountId, channel: ChannelId) -> None:
        """Follow a channel no more; nothing happens if it was not followed."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(follows).where(follows.c.account == account, follows.c.channel == channel))

    async def list(self, account: AccountId, *, after: str = "", limit: int = 100) -> Sequence[Follow]:
        """What an account follows, in the order the channels were made, those after the channel id ``after``."""
        query = (
            select(*CHANNEL_COLUMNS, follows.c.notify, follows.c.created_at.label("followed_at"))
            .join(follows, follows.c.channel == channels.c.id)
            .where(follows.c.account == account, follows.c.channel > after)
            .order_by(follows.c.channel)
            .limit(limit)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
            found = await with_tags(connection, rows)
        return [Follow(channel, row.notify, row.followed_at) for channel, row in zip(found, rows, strict=True)]

    async def count(self, channel: ChannelId) -> int:
        """How many follow a channel."""
        async with self._database.transaction() as connection:
            return int(await connection.scalar(select(func.count()).select_from(follows).where(follows.c.channel == channel)) or 0)
