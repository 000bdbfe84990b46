"""Appeals against bans: an account has one open in a channel, the team answers, and what is granted lifts the ban."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, and_, insert, or_, select, update

from storage.chat.events import Appealed
from storage.database import bans
from storage.database.chat_act import Act, Acted, RoomRepository, done
from storage.database.tables import account as accounts
from storage.database.tables import channel_ban
from storage.database.tables import chat_appeal as appeals
from storage.model.chat import AppealState, ModerationAction
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.ids import AccountId, AccountName, ChannelId, RecordId
from storage.model.moderation import LONGEST_ANSWER, LONGEST_APPEAL, AppealRecord, checked_text

AGAIN_AFTER = timedelta(days=7)
"""An account appeals again at the earliest so long after an answer."""

_answerers = accounts.alias("answerer")


class AppealRepository(RoomRepository):
    """See :class:`RoomRepository`."""

    async def appeal(self, channel: ChannelId, account: AccountId, text: str) -> tuple[RecordId, Acted]:
        """Ask for a ban to be lifted; the team is told.

        Raises:
            BadInput: ``BAD_REQUEST``; there is no text, or it is too long.
            NotFound: ``NOT_FOUND``; the account is not banned.
            Conflict: ``APPEAL_OPEN``; one waits, or was answered within a week.
        """
        text = checked_text(text, LONGEST_APPEAL, "text")
        async with self._act(channel) as act:
            if await bans.in_force(act, account) is None:
                raise NotFound(ErrorCode.NOT_FOUND, "You are not banned here.")
            lately = or_(appeals.c.state == AppealState.OPEN, appeals.c.answered_at > act.now - AGAIN_AFTER)
            waits = select(appeals.c.id).where(appeals.c.channel == channel, appeals.c.account == account, lately).limit(1)
            if await act.connection.scalar(waits) is not None:
                raise Conflict(ErrorCode.APPEAL_OPEN, "An appeal of yours waits for its answer, or was answered within a week.")
            identifier = await act.new_id(appeals)
            values = {"id": identifier, "channel": channel, "account": account, "text": text, "state": AppealState.OPEN, "answer": ""}
            await act.connection.execute(insert(appeals).values(**values, created_at=act.now))
            act.tell(Appealed(id=identifier, name=await act.name(account)))
        return identifier, done(act)

    async def newest(self, channel: ChannelId, account: AccountId) -> AppealRecord:
        """An account's last appeal. Raises ``NotFound(NOT_FOUND)``; there is none."""
        query = _QUERY.where(appeals.c.channel == channel, appeals.c.account == account).order_by(appeals.c.id.desc()).limit(1)
        async with self._database.transaction() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise _absent()
        return _record(row)

    async def get(self, channel: ChannelId, appeal: str) -> AppealRecord:
        """One. Raises ``NotFound(NOT_FOUND)``."""
        async with self._database.transaction() as connection:
            row = (await connection.execute(_QUERY.where(appeals.c.channel == channel, appeals.c.id == appeal))).one_or_none()
        if row is None:
            raise _absent()
        return _record(row)

    async def list(self, channel: ChannelId, state: AppealState, *, after: str = "", limit: int = 25) -> Sequence[AppealRecord]:
        """Appeals of a channel, oldest first, those after the appeal ``after``."""
        query = _QUERY.where(appeals.c.channel == channel, appeals.c.state == state, appeals.c.id > after).order_by(appeals.c.id)
        async with self._database.transaction() as connection:
            return [_record(row) for row in (await connection.execute(query.limit(limit))).all()]

    async def answer(self, channel: ChannelId, appeal: RecordId, *, granted: bool, text: str, by: AccountId | None) -> Acted:
        """Lift the ban, or say no.

        Raises:
            BadInput: ``BAD_REQUEST``; the answer is too long.
            NotFound: ``NOT_FOUND``; there is no such appeal.
            Conflict: ``ALREADY_DECIDED``.
        """
        text = checked_text(text, LONGEST_ANSWER, "answer", empty=True)
        async with self._act(channel) as act:
            await _answer(act, appeal, granted=granted, text=text, by=by)
        return done(act)


async def _answer(act: Act, appeal: RecordId, *, granted: bool, text: str, by: AccountId | None) -> None:
    at = (appeals.c.channel == act.channel) & (appeals.c.id == appeal)
    row = (await act.connection.execute(select(appeals.c.account, appeals.c.state).where(at))).one_or_none()
    if row is None:
        raise _absent()
    if row.state != AppealState.OPEN:
        raise Conflict(ErrorCode.ALREADY_DECIDED, "This appeal was answered already.")
    account = AccountId(row.account)
    state = AppealState.GRANTED if granted else AppealState.DENIED
    values = {"state": state, "answer": text, "answered_by": by, "answered_at": act.now}
    await act.connection.execute(update(appeals).where(at).values(**values))
    action = ModerationAction.GRANT_APPEAL if granted else ModerationAction.DENY_APPEAL
    await act.log(action, by=by, subject=account, reason=text[:300], data={"appeal": appeal})
    # It may have run out, or been lifted otherwise, meanwhile.
    if granted and await bans.in_force(act, account) is not None:
        await bans.lift(act, account, by=by)


_QUERY = (
    select(
        appeals,
        accounts.c.name.label("account_name"),
        _answerers.c.name.label("answerer_name"),
        channel_ban.c.reason.label("ban_reason"),
    )
    .join(accounts, accounts.c.id == appeals.c.account)
    .outerjoin(_answerers, _answerers.c.id == appeals.c.answered_by)
    .outerjoin(channel_ban, and_(channel_ban.c.channel == appeals.c.channel, channel_ban.c.account == appeals.c.account))
)


def _record(row: Row[Any]) -> AppealRecord:
    return AppealRecord(
        id=RecordId(row.id),
        account=AccountName(row.account_name),
        account_id=AccountId(row.account),
        text=row.text,
        state=AppealState(row.state),
        answer=row.answer,
        answered_by=AccountName(row.answerer_name) if row.answerer_name else None,
        created_at=row.created_at,
        answered_at=row.answered_at,
        banned_for=row.ban_reason or "",
    )


def _absent() -> NotFound:
    return NotFound(ErrorCode.NOT_FOUND, "There is no such appeal.")
