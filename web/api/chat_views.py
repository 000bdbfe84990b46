"""From what is kept of a channel's moderation to what the interface says."""

from storage.chat.settings import ChatSettings as Settings
from storage.database.chat_act import Acted
from storage.database.chat_queue import HeldMessage as Held
from storage.model import moderation as records
from web.api.views import milliseconds, milliseconds_or_none
from web.schema.chat_moderation import Appeal, Chatter, Done, HeldMessage, LogLine, Note, OwnAppeal, Term
from web.schema.chat_settings import ChatSettings


def done(acted: Acted) -> Done:
    """What was done, by its last line in the log."""
    return Done(line=acted.logged[-1].id if acted.logged else None)


def settings_view(settings: Settings, version: int) -> ChatSettings:
    """How a room is run."""
    return ChatSettings(
        modes=settings.modes,
        effective=settings.effective,
        shield=settings.shield,
        shield_until_ms=settings.shield_until_ms,
        shield_modes=settings.shield_modes,
        automod=settings.automod,
        allowed_hosts=settings.allowed_hosts,
        raid=settings.raid,
        join_notices=settings.join_notices,
        previews=settings.previews,
        anonymous_readers=settings.anonymous_readers,
        version=version,
    )


def chatter_view(found: records.Chatter) -> Chatter:
    """An account in a room."""
    member = found.member
    return Chatter(
        account=found.account,
        display_name=found.display_name,
        colour=found.colour,
        role=found.role,
        messages=member.messages,
        first_ms=milliseconds_or_none(member.first_at),
        last_ms=milliseconds_or_none(member.last_at),
        muted_until_ms=milliseconds_or_none(member.muted_until),
        muted_for=member.muted_for,
        warning=member.warning,
        suspicion=member.suspicion,
        suspected_for=member.suspected_for,
    )


def held_view(held: Held) -> HeldMessage:
    """A message that waits."""
    return HeldMessage(message=held.message, why=held.why, created_ms=milliseconds(held.created_at))


def note_view(note: records.NoteRecord) -> Note:
    """A note."""
    return Note(id=note.id, author=note.author, text=note.text, created_ms=milliseconds(note.created_at))


def term_view(term: records.TermRecord) -> Term:
    """A term."""
    return Term(
        id=term.id, form=term.form, text=term.text, effect=term.effect, by=term.created_by, created_ms=milliseconds(term.created_at)
    )


def line_view(line: records.ActionRecord) -> LogLine:
    """A line of the log."""
    return LogLine(
        id=line.id,
        action=line.action,
        by=line.actor,
        account=line.subject,
        message=line.message,
        reason=line.reason,
        data=dict(line.data),
        undoes=line.undoes,
        undone_by=line.undone_by,
        undoable=line.undoable,
        at_ms=milliseconds(line.created_at),
    )


def own_appeal_view(appeal: records.AppealRecord) -> OwnAppeal:
    """An appeal for who made it."""
    return OwnAppeal(
        id=appeal.id,
        text=appeal.text,
        state=appeal.state,
        answer=appeal.answer,
        created_ms=milliseconds(appeal.created_at),
        answered_ms=milliseconds_or_none(appeal.answered_at),
    )


def appeal_view(appeal: records.AppealRecord) -> Appeal:
    """An appeal for the team."""
    return Appeal(
        id=appeal.id,
        account=appeal.account,
        text=appeal.text,
        state=appeal.state,
        answer=appeal.answer,
        answered_by=appeal.answered_by,
        banned_for=appeal.banned_for,
        created_ms=milliseconds(appeal.created_at),
        answered_ms=milliseconds_or_none(appeal.answered_at),
    )
