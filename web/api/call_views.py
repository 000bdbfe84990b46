"""From the records of calls to what the interface says of them."""

from storage.database.call_log import Visit
from storage.model import call as records
from storage.model.ids import AccountName
from web.api.account_views import unix_ms
from web.api.views import milliseconds_or_none
from web.schema.call import Call, CallHost, CallInvite, CallStay, CallVisit


def call_view(call: records.Call, role: records.CallRole) -> Call:
    """A call, for somebody who is ``role`` in it."""
    return Call(
        name=call.name,
        title=call.title,
        host=host_view(call),
        role=role,
        lobby=call.lobby,
        relay_only=call.relay_only,
        locked=call.locked,
        created_ms=unix_ms(call.created_at),
        version=call.version,
    )


def host_view(call: records.Call) -> CallHost:
    """Whose call it is."""
    return CallHost(name=call.host_name, shown=call.host_shown)


def stay_view(stay: records.Stay) -> CallStay:
    """Somebody's time in a call."""
    return CallStay(
        seat=stay.seat,
        account=stay.account,
        shown=stay.shown,
        role=stay.role,
        entered_ms=unix_ms(stay.entered_at),
        left_ms=milliseconds_or_none(stay.left_at),
        how_left=stay.how_left,
        quality=dict(stay.quality),
    )


def visit_view(visit: Visit, account: AccountName) -> CallVisit:
    """A call in the history of an account."""
    own = [stay for stay in visit.stays if stay.account == account]
    over = [(stay.left_at - stay.entered_at).total_seconds() for stay in own if stay.left_at is not None]
    return CallVisit(
        call=call_view(visit.call, visit.role),
        started_ms=milliseconds_or_none(visit.call.started_at),
        ended_ms=milliseconds_or_none(visit.call.ended_at),
        how_ended=visit.call.how_ended,
        seconds=round(sum(over)),
        quality=next((dict(stay.quality) for stay in reversed(own) if stay.quality), {}),
        stays=tuple(map(stay_view, visit.stays)),
    )


def invite_view(invite: records.Invite, *, secret: str | None = None, url: str | None = None) -> CallInvite:
    """An invite; its secret only to who made it, once."""
    return CallInvite(
        id=invite.id,
        guests=invite.guests,
        single_use=invite.uses_left is not None,
        made_ms=unix_ms(invite.made_at),
        expires_ms=unix_ms(invite.expires_at),
        secret=secret,
        url=url,
    )
