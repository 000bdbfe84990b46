"""The emotes of channels."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from storage.chat.events import EmotesChanged
from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.tables import chat_emote as emotes
from storage.model.chat import ModerationAction
from storage.model.emote import MOST_EMOTES, Emote
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, ChannelId


class EmoteRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def list(self, channel: ChannelId) -> Sequence[Emote]:
        """All of a channel's, by name."""
        query = select(emotes).where(emotes.c.channel == channel).order_by(emotes.c.name)
        async with self._database.transaction() as connection:
            return [Emote(row.name, row.picture, row.created_at) for row in await connection.execute(query)]

    async def add(self, channel: ChannelId, name: str, picture: str, *, by: AccountId | None) -> Acted:
        """Add one. Raises ``Conflict(EMOTE_EXISTS)``, ``Conflict(LIMIT_REACHED)``."""
        try:
            async with self._act(channel) as act:
                count = await act.connection.scalar(select(func.count()).select_from(emotes).where(emotes.c.channel == channel))
                if int(count or 0) >= MOST_EMOTES:
                    raise Conflict(ErrorCode.LIMIT_REACHED, f"A channel has at most {MOST_EMOTES} emotes.", limit=MOST_EMOTES)
                values = {"channel": channel, "name": name, "picture": picture, "created_by": by, "created_at": act.now}
                await act.connection.execute(insert(emotes).values(**values))
                await _changed(act, ModerationAction.ADD_EMOTE, name, by)
        except IntegrityError:
            raise Conflict(ErrorCode.EMOTE_EXISTS, "The channel has an emote of this name.") from None
        return done(act)

    async def remove(self, channel: ChannelId, name: str, *, by: AccountId | None = None) -> tuple[str, Acted]:
        """Remove one; returns the picture it had. Raises ``NotFound(NOT_FOUND)``."""
        at = (emotes.c.channel == channel) & (emotes.c.name == name)
        async with self._act(channel) as act:
            picture = await act.connection.scalar(select(emotes.c.picture).where(at))
            if picture is None:
                raise NotFound(ErrorCode.NOT_FOUND, "The channel has no emote of this name.")
            await act.connection.execute(delete(emotes).where(at))
            await _changed(act, ModerationAction.REMOVE_EMOTE, name, by)
        return str(picture), done(act)


async def _changed(act: Act, action: ModerationAction, name: str, by: AccountId | None) -> None:
    act.tell(EmotesChanged())
    # Some messages hold nothing else.
    act.renew()
    await act.log(action, by=by, data={"emote": name})
