"""How rooms are run: modes, shield, automod and limits, changed under a version."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select

from storage.chat.settings import ChatSettings, changed, difference, settings_of
from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.tables import chat_room as rooms
from storage.model.chat import ModerationAction
from storage.model.errors import Conflict, ErrorCode
from storage.model.ids import AccountId, ChannelId


class ChatSettingsRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def get(self, channel: ChannelId) -> tuple[ChatSettings, int]:
        """A room's settings and their version."""
        query = select(rooms.c.settings, rooms.c.settings_version).where(rooms.c.channel == channel)
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).one_or_none()
        return (ChatSettings(), 1) if row is None else (settings_of(row.settings), row.settings_version)

    async def change(
        self, channel: ChannelId, change: Mapping[str, object], *, by: AccountId | None, version: int | None = None, reason: str = ""
    ) -> Acted:
        """Replace some settings that are still at ``version``, by name.

        Raises:
            BadInput: ``BAD_REQUEST``.
            Conflict: ``PRECONDITION_FAILED``.
        """
        async with self._act(channel) as act:
            if version not in (None, act.room.settings_version):
                raise Conflict(ErrorCode.PRECONDITION_FAILED, "The settings were changed meanwhile; read them again.")
            await apply(act, change, by=by, reason=reason)
        return done(act)

    async def raise_shield(self, channel: ChannelId, until: datetime | None, *, by: AccountId | None, reason: str = "") -> Acted:
        """Raise the shield, or say anew until when it stays up. What somebody raised by hand no raid takes down."""
        async with self._act(channel) as act:
            await raise_shield(act, until, by=by, reason=reason)
        return done(act)

    async def lower_shield(self, channel: ChannelId, *, by: AccountId | None, reason: str = "") -> Acted:
        """Take the shield down; nothing happens where it is down."""
        async with self._act(channel) as act:
            await lower_shield(act, by=by, reason=reason)
        return done(act)

    async def due(self, *, limit: int = 100) -> Sequence[ChannelId]:
        """Rooms whose shield's time is over: :meth:`lower_due` takes it down."""
        query = select(rooms.c.channel).where(rooms.c.shield_until <= self._now()).limit(limit)
        async with self._database.transaction() as connection:
            return [ChannelId(found) for found in await connection.scalars(query)]

    async def lower_due(self, channel: ChannelId) -> Acted | None:
        """Take a shield down whose time is over; None where another node was first."""
        async with self._act(channel) as act:
            until = act.room.settings.shield_until_ms
            if not act.room.settings.shield or until is None or until > act.now.timestamp() * 1000:
                return None
            await lower_shield(act, by=None)
        return done(act)


async def apply(act: Act, change: Mapping[str, object], *, by: AccountId | None, reason: str = "") -> None:
    """See :meth:`ChatSettingsRepository.change`."""
    before = act.room.settings
    after = changed(before, dict(change))
    made = difference(before, after)
    if not made:
        return
    await act.change(after)
    await act.log(ModerationAction.SETTINGS, by=by, reason=reason, data=_flat(made), before={"change": difference(after, before)})


async def raise_shield(act: Act, until: datetime | None, *, by: AccountId | None, reason: str = "") -> None:
    """See :meth:`ChatSettingsRepository.raise_shield`."""
    before = act.room.settings
    if by is None and before.shield and before.shield_until_ms is None:
        return
    until_ms = None if until is None else round(until.timestamp() * 1000)
    await act.change(msgspec.structs.replace(before, shield=True, shield_until_ms=until_ms))
    await act.log(ModerationAction.SHIELD, by=by, reason=reason, data={"until_ms": until_ms}, before=_shield(before))


async def lower_shield(act: Act, *, by: AccountId | None, reason: str = "") -> None:
    """See :meth:`ChatSettingsRepository.lower_shield`."""
    before = act.room.settings
    if not before.shield:
        return
    await act.change(msgspec.structs.replace(before, shield=False, shield_until_ms=None))
    await act.log(ModerationAction.UNSHIELD, by=by, reason=reason, before=_shield(before))


def _shield(settings: ChatSettings) -> dict[str, object]:
    return {"shield": settings.shield, "until_ms": settings.shield_until_ms}


def _flat(change: Mapping[str, object], above: str = "") -> dict[str, str | int | bool | None]:
    found: dict[str, str | int | bool | None] = {}
    for name, value in change.items():
        path = f"{above}{name}"
        if isinstance(value, dict):
            found |= _flat(value, f"{path}.")
        elif value is None or isinstance(value, str | int | bool):
            found[path] = value
        else:
            found[path] = json.dumps(value)[:200]
    return found
