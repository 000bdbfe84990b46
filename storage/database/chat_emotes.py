"""The emotes of channels."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from storage.chat.events import EmotesChanged, RoomHint
from storage.database.chat_log import append_alone
from storage.database.repository import Repository
from storage.database.tables import chat_emote as emotes
from storage.model.emote import MOST_EMOTES, Emote
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, ChannelId


class EmoteRepository(Repository):
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    async def list(self, channel: ChannelId) -> Sequence[Emote]:
        """All of a channel's, by name."""
        query = select(emotes).where(emotes.c.channel == channel).order_by(emotes.c.name)
        async with self._database.transaction() as connection:
            return [Emote(row.name, row.picture, row.created_at) for row in await connection.execute(query)]

    async def add(self, channel: ChannelId, name: str, picture: str, *, by: AccountId | None) -> RoomHint:
        """Add one. Raises ``Conflict(EMOTE_EXISTS)``, ``Conflict(LIMIT_REACHED)``."""
        now = self._now()
        try:
            async with self._database.transaction() as connection:
                hint = await append_alone(connection, channel, [EmotesChanged()], now)
                count = await connection.scalar(select(func.count()).select_from(emotes).where(emotes.c.channel == channel))
                if int(count or 0) >= MOST_EMOTES:
                    raise Conflict(ErrorCode.LIMIT_REACHED, f"A channel has at most {MOST_EMOTES} emotes.", limit=MOST_EMOTES)
                values = {"channel": channel, "name": name, "picture": picture, "created_by": by, "created_at": now}
                await connection.execute(insert(emotes).values(**values))
        except IntegrityError:
            raise Conflict(ErrorCode.EMOTE_EXISTS, "The channel has an emote of this name.") from None
        return hint

    async def remove(self, channel: ChannelId, name: str) -> tuple[str, RoomHint]:
        """Remove one; returns the picture it had. Raises ``NotFound(NOT_FOUND)``."""
        at = (emotes.c.channel == channel) & (emotes.c.name == name)
        async with self._database.transaction() as connection:
            hint = await append_alone(connection, channel, [EmotesChanged()], self._now())
            picture = await connection.scalar(select(emotes.c.picture).where(at))
            if picture is None:
                raise NotFound(ErrorCode.NOT_FOUND, "The channel has no emote of this name.")
            await connection.execute(delete(emotes).where(at))
        return str(picture), hint
