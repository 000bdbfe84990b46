"""Signing up, and what works without being signed in: public profiles, forgotten passwords, proofs of addresses, invitations."""

from contextlib import suppress

from quart import request

from storage import passwords
from storage.clock import Clock
from storage.limits import Limit
from storage.model.account import Account as AccountRecord
from storage.model.account import AccountState, Actor, Scope
from storage.model.errors import ErrorCode, NotFound, Refused, Unavailable
from storage.model.event import Event
from storage.model.ids import account_name
from storage.model.one_time import LIFE, Purpose
from storage.opening import Storage
from storage.settings import Settings
from web.api.account_views import account_view, profile_view
from web.api.route import Answer, Noun, Who
from web.auth import Authentication, account_changed
from web.first_channel import NAME as FIRST_CHANNEL
from web.letters import Letters, link
from web.schema.account import Invite, NewAccount, NewInvite, Profile, Reset, ResetRequest, Verification
from web.schema.session import SessionBegun
from web.webhooks.webhooks import Webhooks

NOUN = Noun("accounts", "Signing up, forgotten passwords, and what everybody sees of somebody.")

SIGN_UPS = Limit("sign-ups", 20, 3600)
LINKS = Limit("links", 20, 600)
"""Tries to use or to be sent a one-time link."""


class AccountRoutes:
    """Accounts, as strangers and operators meet them."""

    def __init__(
        self, settings: Settings, storage: Storage, authentication: Authentication, *, letters: Letters, webhooks: Webhooks, clock: Clock
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._authentication = authentication
        self._letters = letters
        self._webhooks = webhooks
        self._clock = clock

    @NOUN.route(
        "POST",
        "/accounts",
        status=201,
        limit=SIGN_UPS,
        errors=(
            ErrorCode.ACCOUNT_NAME_INVALID,
            ErrorCode.ACCOUNT_EXISTS,
            ErrorCode.PASSWORD_UNFIT,
            ErrorCode.REGISTRATION_CLOSED,
            ErrorCode.INVITE_REQUIRED,
            ErrorCode.LINK_REFUSED,
            ErrorCode.CROSS_SITE_REFUSED,
            ErrorCode.SERVER_BUSY,
        ),
    )
    async def create(self, body: NewAccount) -> Answer[SessionBegun]:
        """Sign up; the browser that asks is signed in."""
        self._authentication.check_same_site()
        new = self._storage.accounts.new(account_name(body.name), display_name=body.display_name, email=body.email or None)
        passwords.check(body.password, about=tuple(word for word in (new.name, new.display_name, new.email) if word))
        made = await self._registered(new, body)
        await self._storage.audit.write(Actor(made), "account.created", subject=made.name, data={"role": made.role})
        await self._webhooks.emit(Event.ACCOUNT_CREATED, None, {"account": made.name})
        if made.email and self._letters.are_sent:
            with suppress(Unavailable):
                self._letters.verify(made)
        begun = await self._authentication.begin_browser(made)
        return Answer(
            SessionBegun(account=account_view(made), csrf=begun.csrf), {"Set-Cookie": begun.cookie, "Location": "/api/v1/account"}
        )

    @NOUN.route("GET", "/accounts/{name}", errors=(ErrorCode.ACCOUNT_NAME_INVALID, ErrorCode.ACCOUNT_NOT_FOUND))
    async def read(self, name: str) -> Profile:
        """What everybody sees of somebody."""
        found = await self._storage.accounts.by_name(account_name(name))
        if found.state is not AccountState.ACTIVE:
            raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "There is no such account.")
        return profile_view(found)

    @NOUN.route("POST", "/account/reset-requests", limit=LINKS, errors=(ErrorCode.MAIL_UNSET, ErrorCode.SERVER_BUSY))
    async def forgotten(self, body: ResetRequest) -> None:
        """Have a link to choose a new password sent to an address, if an account has proven it; the answer is the same if none has."""
        self._letters.reset(body.email)

    @NOUN.route(
        "POST",
        "/account/resets",
        limit=LINKS,
        errors=(ErrorCode.LINK_REFUSED, ErrorCode.PASSWORD_UNFIT, ErrorCode.SERVER_BUSY, ErrorCode.ACCOUNT_NOT_FOUND),
    )
    async def reset(self, body: Reset) -> None:
        """Choose a new password by the link that was sent; every session of the account ends."""
        found = await self._storage.one_time.look(Purpose.RESET, body.token)
        assert found.account is not None
        account = await self._storage.accounts.get(found.account)
        passwords.check(body.password, about=tuple(word for word in (account.name, account.email) if word))
        changed = await self._storage.registration.reset_password(body.token, await self._storage.passwords.hash(body.password))
        await account_changed(changed.id)
        await self._storage.audit.write(Actor(changed), "password.reset", subject=changed.name)

    @NOUN.route("POST", "/account/verifications", limit=LINKS, errors=(ErrorCode.LINK_REFUSED, ErrorCode.EMAIL_TAKEN))
    async def verify(self, body: Verification) -> None:
        """Prove an e-mail address by the link that was sent to it."""
        await account_changed(await self._storage.registration.verify_email(body.token))

    @NOUN.route("POST", "/admin/invites", who=Who.OPERATOR, scope=Scope.ADMIN, status=201)
    async def invite(self, actor: Actor, body: NewInvite) -> Invite:
        """A link by which one person can sign up."""
        _ = body
        token = await self._storage.one_time.issue(Purpose.INVITE)
        await self._storage.audit.write(actor, "invite.created")
        ends = self._clock.unix_ns() // 1_000_000 + int(LIFE[Purpose.INVITE].total_seconds() * 1000)
        return Invite(token=token, link=link(self._settings.public_url or request.host_url, Purpose.INVITE, token), expires_ms=ends)

    async def _registered(self, new: AccountRecord, body: NewAccount) -> AccountRecord:
        """Write the account as its invitation, its set-up link or the instance's setting allows."""
        registration, mode = self._storage.registration, self._settings.registration
        if body.invite is None:
            if mode == "closed":
                raise Refused(ErrorCode.REGISTRATION_CLOSED, "Nobody can sign up here.")
            if mode == "invite":
                raise Refused(ErrorCode.INVITE_REQUIRED, "Signing up here needs an invitation.")
            return await registration.register(new, await self._storage.passwords.hash(body.password))
        purpose = await self._purpose(body.invite)
        known = await self._storage.passwords.hash(body.password)
        if purpose is Purpose.SETUP:
            return await registration.register_first(new, known, body.invite, FIRST_CHANNEL)
        return await registration.register_invited(new, known, body.invite)

    async def _purpose(self, token: str) -> Purpose:
        """Whether a token invites or sets up; a link that is nothing costs no hash. Raises ``Refused(LINK_REFUSED)``."""
        with suppress(Refused):
            return (await self._storage.one_time.look(Purpose.SETUP, token)).purpose
        return (await self._storage.one_time.look(Purpose.INVITE, token)).purpose
