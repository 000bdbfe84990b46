"""Calls: making them, letting people in, one's own history of them. Being in one is the realtime socket's."""

import contextlib

from quart import request

from storage.clock import Clock, utc_now
from storage.database.call_log import position
from storage.limits import Limit
from storage.model import call as records
from storage.model.account import Account, Actor, Scope
from storage.model.errors import ErrorCode, NotFound, Refused, Unavailable
from storage.model.ids import CallId
from storage.opening import Storage
from storage.rate_limits import RateLimits
from storage.secrets import digest, new_call_invite
from storage.settings import Settings
from web.api.call_views import call_view, host_view, invite_view, stay_view, visit_view
from web.api.paging import PageRequest
from web.api.route import PREFIX, Answer, IfMatch, Noun, Who
from web.clients import subscriber
from web.schema.call import (
    Call,
    CallChange,
    CallInvite,
    CallLook,
    CallPreview,
    CallStay,
    CallVisit,
    NewCall,
    NewCallInvite,
)
from web.schema.paging import Page

NOUN = Noun("calls", "Calls: a few people talk from browser to browser.")

LOOKS = Limit("looks at calls", 30, 60)
"""Also of each address: a name or a secret can't be guessed so."""

_ABSENT = (ErrorCode.CALL_UNKNOWN,)
_ITS_HOSTS = (*_ABSENT, ErrorCode.NOT_ALLOWED)


class CallRoutes:
    """A call is known to its people; to everybody else it is as if it were not there, unless they have an invite."""

    def __init__(self, storage: Storage, settings: Settings, limits: RateLimits, clock: Clock) -> None:
        self._storage = storage
        self._public = settings.public_url
        self._limits = limits
        self._clock = clock

    @NOUN.route("GET", "/calls", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ)
    async def history(self, account: Account, page: PageRequest) -> Page[CallVisit]:
        """The calls you host or were in, newest first: who was there, when, for how long, and how it ended."""
        found = await self._storage.call_log.history(account.id, before=page.after or None, limit=page.limit + 1)
        return page.of(found, lambda visit: visit.call.id, lambda visit: visit_view(visit, account.name))

    @NOUN.route("POST", "/calls", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, status=201, errors=(ErrorCode.LIMIT_REACHED,))
    async def create(self, account: Account, actor: Actor, body: NewCall) -> Answer[Call]:
        """A new call, of which you are the host. Nobody else enters without an invite."""
        title = records.checked_title(body.title)
        made = await self._storage.calls.create(account.id, title=title, lobby=body.lobby, relay_only=body.relay_only)
        await self._storage.audit.write(actor, "call.created", subject=made.id)
        return Answer(call_view(made, records.CallRole.HOST), {"Location": f"{PREFIX}/calls/{made.name}"})

    @NOUN.route("GET", "/calls/{name}", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ, errors=_ABSENT)
    async def read(self, name: str, account: Account) -> Call:
        """A call you host or were in."""
        return call_view(*await self._known(name, account))

    @NOUN.route("PATCH", "/calls/{name}", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, errors=_ITS_HOSTS)
    async def change(self, name: str, version: IfMatch, account: Account, body: CallChange) -> Call:
        """Another title or other rules for a call you host; those who are in it are told."""
        known = await self._hosted(name, account)
        changed = await self._storage.calls.change(
            known,
            title=records.checked_title(body.title) if isinstance(body.title, str) else None,
            lobby=body.lobby if isinstance(body.lobby, bool) else None,
            relay_only=body.relay_only if isinstance(body.relay_only, records.RelayRule) else None,
            locked=body.locked if isinstance(body.locked, bool) else None,
            version=version,
        )
        await self._tell(changed)
        return call_view(changed, records.CallRole.HOST)

    @NOUN.route("DELETE", "/calls/{name}", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, errors=_ITS_HOSTS)
    async def delete(self, name: str, account: Account, actor: Actor) -> None:
        """End a call you host, for everybody, and forget it with its invites and its log."""
        known = await self._hosted(name, account)
        await self._storage.calls.delete(known.id)
        await self._tell(known)
        await self._storage.audit.write(actor, "call.deleted", subject=known.id)

    @NOUN.route("GET", "/calls/{name}/stays", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ, errors=_ABSENT)
    async def stays(self, name: str, account: Account, page: PageRequest) -> Page[CallStay]:
        """Who was in a call and when, newest first: all where you direct it, else those at the time of your own stays."""
        known, _ = await self._known(name, account)
        found = await self._storage.call_log.stays(known.id, account.id, before=page.after or None, limit=page.limit + 1)
        return page.of(found, position, stay_view)

    @NOUN.route("DELETE", "/account/calls/{name}", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, errors=_ABSENT)
    async def forget(self, name: str, account: Account) -> None:
        """Take a call out of your own history. It comes back when you enter it again."""
        known, _ = await self._known(name, account)
        await self._storage.call_log.hide(known.id, account.id)

    @NOUN.route("GET", "/calls/{name}/invites", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ, errors=_ITS_HOSTS)
    async def invites(self, name: str, account: Account, page: PageRequest) -> Page[CallInvite]:
        """The invites of a call you direct that are good, oldest first."""
        known = await self._directed(name, account)
        found = await self._storage.call_invites.list(known.id, after=page.after, limit=page.limit + 1)
        return page.of(found, lambda invite: invite.id, invite_view)

    @NOUN.route(
        "POST",
        "/calls/{name}/invites",
        who=Who.ACCOUNT,
        scope=Scope.ACCOUNT_WRITE,
        status=201,
        errors=(*_ITS_HOSTS, ErrorCode.LIMIT_REACHED),
    )
    async def invite(self, name: str, account: Account, body: NewCallInvite) -> CallInvite:
        """A new invite into a call you direct; its secret is shown this once. Give people its address."""
        known, life, secret = await self._directed(name, account), records.checked_life(body.minutes), new_call_invite()
        made = await self._storage.call_invites.create(
            known.id, digest(secret), life, guests=body.guests, single_use=body.single_use, by=account.id
        )
        # Behind the number sign, so that no server on the way is told.
        site = (self._public or request.host_url).rstrip("/")
        return invite_view(made, secret=secret, url=f"{site}/calls/{known.name}#{secret}")

    @NOUN.route("DELETE", "/calls/{name}/invites/{invite}", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, errors=_ITS_HOSTS)
    async def revoke(self, name: str, invite: str, account: Account) -> None:
        """Let nobody else in by an invite. Who is in the call stays."""
        known = await self._directed(name, account)
        await self._storage.call_invites.revoke(known.id, invite)

    @NOUN.route("POST", "/calls/{name}/look", limit=LOOKS, errors=_ABSENT)
    async def look(self, name: str, actor: Actor, body: CallLook) -> CallPreview:
        """What you would enter, by an invite that is good, or as its host or co-host. The invite is not used up."""
        await self._count(actor)
        # Whatever is wrong, all is asked for: nothing tells what it was, nor how long it took.
        found = await self._storage.calls.find(name)
        secret = body.invite[: records.LONGEST_SECRET]
        identifier = found.id if found else _NOBODYS
        invite = await self._storage.call_invites.look(identifier, digest(secret), utc_now(self._clock))
        role = await self._storage.calls.role(identifier, actor.account.id) if actor.account else None
        directs = role is not None and role.may_direct and Scope.ACCOUNT_READ in actor.scopes
        if found is None or found.is_over or not (invite or directs):
            raise _unknown()
        return CallPreview(
            title=found.title,
            host=host_view(found),
            guests=invite is not None and invite.guests,
            locked=found.locked,
            lobby=found.lobby,
        )

    async def _known(self, name: str, account: Account) -> tuple[records.Call, records.CallRole]:
        """A call of an account, and what it is there. Raises ``NotFound(CALL_UNKNOWN)``."""
        found = await self._storage.calls.find(name)
        role = await self._storage.calls.role(found.id if found else _NOBODYS, account.id)
        if found is None or role is None:
            raise _unknown()
        return found, role

    async def _hosted(self, name: str, account: Account) -> records.Call:
        """A call an account hosts. Raises ``NotFound(CALL_UNKNOWN)``, ``Refused(NOT_ALLOWED)``."""
        found, role = await self._known(name, account)
        if role is not records.CallRole.HOST:
            raise Refused(ErrorCode.NOT_ALLOWED, "Only its host may do that with a call.")
        return found

    async def _directed(self, name: str, account: Account) -> records.Call:
        """A call an account hosts or co-hosts. Raises ``NotFound(CALL_UNKNOWN)``, ``Refused(NOT_ALLOWED)``."""
        found, role = await self._known(name, account)
        if not role.may_direct:
            raise Refused(ErrorCode.NOT_ALLOWED, "Only its host and co-hosts invite into a call.")
        return found

    async def _count(self, actor: Actor) -> None:
        if actor.account:
            await self._limits.check(LOOKS, subscriber(actor.address))

    async def _tell(self, call: records.Call) -> None:
        """Chat nodes also look for themselves, so that one who is not told finds out."""
        with contextlib.suppress(Unavailable):
            await self._storage.bus.announce_call(call.id)


_NOBODYS = CallId("")
"""The id of no call."""


def _unknown() -> NotFound:
    return NotFound(ErrorCode.CALL_UNKNOWN, "There is no such call, or the invitation is not good any more.")
