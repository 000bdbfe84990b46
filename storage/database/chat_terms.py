"""The terms a team blocks, holds and permits in its channel."""

from collections.abc import Callable, Sequence

from sqlalchemy import delete, insert, select, update

from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.tables import account as accounts
from storage.database.tables import chat_term as terms
from storage.model.chat import ModerationAction, TermEffect, TermForm
from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId, RecordId
from storage.model.moderation import TermRecord

Check = Callable[[Sequence[tuple[TermForm, str, TermEffect]]], None]
"""Raises ``Conflict(LIMIT_REACHED)`` where these terms are too many for one channel."""


class TermRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def all(self, channel: ChannelId) -> Sequence[TermRecord]:
        """All of a channel's, in the order they were made."""
        query = (
            select(terms, accounts.c.name.label("author"))
            .outerjoin(accounts, accounts.c.id == terms.c.created_by)
            .where(terms.c.channel == channel)
            .order_by(terms.c.id)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(query)).all()
        return [
            TermRecord(
                id=RecordId(row.id),
                form=TermForm(row.form),
                text=row.text,
                effect=TermEffect(row.effect),
                created_by=AccountName(row.author) if row.author else None,
                created_at=row.created_at,
            )
            for row in rows
        ]

    async def add(
        self, channel: ChannelId, form: TermForm, text: str, effect: TermEffect, *, by: AccountId | None, check: Check, reason: str = ""
    ) -> tuple[RecordId, Acted]:
        """Add a term, or change what becomes of messages with it. Raises what ``check`` does."""
        async with self._act(channel) as act:
            identifier = await add(act, form, text, effect, by=by, check=check, reason=reason)
        return identifier, done(act)

    async def remove(self, channel: ChannelId, term: RecordId, *, by: AccountId | None, reason: str = "") -> Acted:
        """Remove a term. Raises ``NotFound(NOT_FOUND)``."""
        async with self._act(channel) as act:
            await remove(act, term, by=by, reason=reason)
        return done(act)


async def add(
    act: Act,
    form: TermForm,
    text: str,
    effect: TermEffect,
    *,
    by: AccountId | None,
    check: Check | None = None,
    reason: str = "",
) -> RecordId:
    """See :meth:`TermRepository.add`."""
    at = terms.c.channel == act.channel
    rows = (await act.connection.execute(select(terms.c.id, terms.c.form, terms.c.text, terms.c.effect).where(at))).all()
    same = next((row for row in rows if (row.form, row.text) == (form, text)), None)
    if same is None:
        if check is not None:
            check([*((TermForm(row.form), row.text, TermEffect(row.effect)) for row in rows), (form, text, effect)])
        identifier = await act.new_id(terms)
        values = {"channel": act.channel, "form": form, "text": text, "created_by": by, "created_at": act.now}
        await act.connection.execute(insert(terms).values(id=identifier, effect=effect, **values))
    else:
        identifier = RecordId(same.id)
        await act.connection.execute(update(terms).where(terms.c.id == identifier).values(effect=effect))
    act.renew()
    data = {"form": form.value, "text": text, "effect": effect.value}
    before = {"term": identifier, "effect": None if same is None else same.effect}
    await act.log(ModerationAction.ADD_TERM, by=by, reason=reason, data=data, before=before)
    return identifier


async def remove(act: Act, term: RecordId, *, by: AccountId | None, reason: str = "") -> None:
    """See :meth:`TermRepository.remove`."""
    at = (terms.c.channel == act.channel) & (terms.c.id == term)
    row = (await act.connection.execute(select(terms.c.form, terms.c.text, terms.c.effect).where(at))).one_or_none()
    if row is None:
        raise NotFound(ErrorCode.NOT_FOUND, "The channel has no such term.")
    await act.connection.execute(delete(terms).where(at))
    act.renew()
    await act.log(ModerationAction.REMOVE_TERM, by=by, reason=reason, data={"form": row.form, "text": row.text, "effect": row.effect})
