"""How a team runs its room: settings, shield, terms, and the undoing of what was done. See :mod:`chat.moderation`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from chat.team import Team, by
from chat.terms import Term, check_together, checked
from storage.chat.settings import ChatSettings
from storage.clock import Clock, utc_now
from storage.database.chat_act import Acted
from storage.database.chat_undo import UNDONE_BY
from storage.model.account import Actor
from storage.model.chat import AGAINST_SOMEBODY, ModerationAction, TermEffect, TermForm
from storage.model.errors import BadInput, Conflict, ErrorCode
from storage.model.ids import RecordId

LONGEST_SHIELD = 7 * 86_400
"""Seconds a shield may be raised for; without a time it is up until somebody takes it down."""
BY_THE_SHIELD = frozenset({"shield", "shield_until_ms"})


class RoomRules:
    """One for each process."""

    def __init__(self, team: Team, clock: Clock) -> None:
        self._team = team
        self._records = team.records
        self._clock = clock

    async def settings(self, actor: Actor, channel: str) -> tuple[ChatSettings, int]:
        """The room's settings and their version."""
        granted = await self._team.granted(actor, ModerationAction.SETTINGS, channel)
        return await self._records.settings.get(granted.channel.id)

    async def change(
        self, actor: Actor, channel: str, change: Mapping[str, object], *, version: int | None = None, reason: str = ""
    ) -> Acted:
        """Replace some settings, by name. Raises ``BadInput(BAD_REQUEST)``, ``Conflict(PRECONDITION_FAILED)`` too."""
        granted = await self._team.granted(actor, ModerationAction.SETTINGS, channel)
        if BY_THE_SHIELD & change.keys():
            raise BadInput(ErrorCode.BAD_REQUEST, "The shield is raised and lowered by itself.", field="shield")
        acted = await self._records.settings.change(granted.channel.id, change, by=by(actor), version=version, reason=reason)
        return await self._team.done(actor, granted, acted)

    async def raise_shield(self, actor: Actor, channel: str, seconds: int | None = None, reason: str = "") -> Acted:
        """Raise the shield, until somebody takes it down unless said. Raises ``BadInput(BAD_REQUEST)`` too."""
        granted = await self._team.granted(actor, ModerationAction.SHIELD, channel)
        if seconds is not None and not 1 <= seconds <= LONGEST_SHIELD:
            raise BadInput(ErrorCode.BAD_REQUEST, "A shield is up for a second to a week, or until it is taken down.", field="seconds")
        until = None if seconds is None else utc_now(self._clock) + timedelta(seconds=seconds)
        acted = await self._records.settings.raise_shield(granted.channel.id, until, by=by(actor), reason=reason)
        return await self._team.done(actor, granted, acted)

    async def lower_shield(self, actor: Actor, channel: str, reason: str = "") -> Acted:
        """Take the shield down; nothing happens where it is down."""
        granted = await self._team.granted(actor, ModerationAction.UNSHIELD, channel)
        acted = await self._records.settings.lower_shield(granted.channel.id, by=by(actor), reason=reason)
        return await self._team.done(actor, granted, acted)

    async def add_term(self, actor: Actor, channel: str, term: Term, reason: str = "") -> RecordId:
        """Add a term, or change its effect. Raises ``BadInput(TERM_INVALID)``, ``Conflict(LIMIT_REACHED)`` too."""
        granted = await self._team.granted(actor, ModerationAction.ADD_TERM, channel)
        term = checked(replace(term, text=term.text.strip()))
        identifier, acted = await self._records.terms.add(
            granted.channel.id, term.form, term.text, term.effect, by=by(actor), check=_fit, reason=reason
        )
        await self._team.done(actor, granted, acted)
        return identifier

    async def remove_term(self, actor: Actor, channel: str, term: str, reason: str = "") -> Acted:
        """Remove a term. Raises ``NotFound(NOT_FOUND)`` too."""
        granted = await self._team.granted(actor, ModerationAction.REMOVE_TERM, channel)
        acted = await self._records.terms.remove(granted.channel.id, RecordId(term), by=by(actor), reason=reason)
        return await self._team.done(actor, granted, acted)

    async def undo(self, actor: Actor, channel: str, action: str) -> Acted:
        """Do the reverse of a line of the log, if one may do that. Raises ``NotFound(NOT_FOUND)``, ``Conflict(NOT_UNDOABLE)`` too."""
        granted = await self._team.granted(actor, ModerationAction.NOTE, channel)
        line, subject = await self._records.actions.get(granted.channel.id, action)
        reverse = UNDONE_BY.get(line.action)
        if reverse is None:
            raise Conflict(ErrorCode.NOT_UNDOABLE, "This can't be undone.")
        granted = await self._team.granted(actor, reverse, channel)
        if reverse in AGAINST_SOMEBODY and subject is not None:
            await self._team.over_author(actor, granted, subject)
        acted = await self._records.actions.undo(granted.channel.id, action, by=by(actor), check=_fit)
        return await self._team.done(actor, granted, acted)


def _fit(terms: Sequence[tuple[TermForm, str, TermEffect]]) -> None:
    check_together([Term(*term) for term in terms])
