"""One's own account: what is told of it, its password, its picture, a copy of everything, and its end."""

from contextlib import suppress

import msgspec
from quart import request

from ingest.gateway import Gateway
from storage import passwords
from storage.clock import Clock
from storage.limits import PROOFS, Limit
from storage.model.account import Account as AccountRecord
from storage.model.account import Actor, Scope
from storage.model.errors import BadInput, ErrorCode, Refused, Unavailable
from storage.opening import Storage
from web.api.account_views import account_view
from web.api.route import Answer, IfMatch, Noun, Who
from web.auth import Authentication, account_changed
from web.directory import Directory
from web.letters import Letters
from web.picture_types import TYPES
from web.pictures import AVATAR, LARGEST_UPLOAD, Pictures
from web.schema.account import Account, AccountExport, OwnAccountChange, PasswordChange, PasswordProof
from web.schema.session import SessionBegun

NOUN = Noun("account", "Your own account.")

MAILS = Limit("mails", 10, 3600)
EXPORTS = Limit("exports", 20, 3600)
UPLOADS = Limit("uploads", 60, 600)

_PROOF = (ErrorCode.PASSWORD_WRONG, ErrorCode.NOT_ALLOWED, ErrorCode.SERVER_BUSY)


class OwnAccountRoutes:
    """What an account may do with itself. API tokens need their scope, and never change a password or delete anything."""

    def __init__(
        self,
        storage: Storage,
        authentication: Authentication,
        *,
        letters: Letters,
        pictures: Pictures,
        directory: Directory,
        gateway: Gateway,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._authentication = authentication
        self._letters = letters
        self._pictures = pictures
        self._directory = directory
        self._gateway = gateway
        self._clock = clock

    @NOUN.route("GET", "/account", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ, errors=(ErrorCode.ACCOUNT_NOT_FOUND,))
    async def read(self, account: AccountRecord) -> Account:
        """Your account."""
        return account_view(await self._storage.accounts.get(account.id))

    @NOUN.route("PATCH", "/account", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, errors=(ErrorCode.ACCOUNT_NOT_FOUND,))
    async def change(self, account: AccountRecord, version: IfMatch, body: OwnAccountChange) -> Account:
        """Change what is told of you, or your e-mail address."""
        fields = {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not msgspec.UNSET}
        if "email" in fields and fields["email"] is None:
            fields["email"] = ""
        changed = await self._storage.accounts.change(account.id, version, **fields)
        await account_changed(account.id)
        return account_view(changed)

    @NOUN.route(
        "PUT", "/account/password", who=Who.ACCOUNT, limit=PROOFS, errors=(*_PROOF, ErrorCode.PASSWORD_UNFIT, ErrorCode.ACCOUNT_NOT_FOUND)
    )
    async def change_password(self, actor: Actor, account: AccountRecord, body: PasswordChange) -> Answer[SessionBegun]:
        """Choose another password; every other session ends, and this one is followed by a new one."""
        await self._prove(actor, account, body.current)
        passwords.check(body.new, about=tuple(word for word in (account.name, account.email) if word))
        changed = await self._storage.accounts.set_password(account.id, await self._storage.passwords.hash(body.new))
        await self._storage.audit.write(actor, "password.changed", subject=account.name)
        if "Authorization" in request.headers:
            assert actor.session is not None
            await self._storage.sessions.keep(actor.session)
            await account_changed(account.id)
            return Answer(SessionBegun(account=account_view(changed), csrf=""))
        await account_changed(account.id)
        begun = await self._authentication.begin_browser(changed)
        return Answer(SessionBegun(account=account_view(changed), csrf=begun.csrf), {"Set-Cookie": begun.cookie})

    @NOUN.route(
        "POST",
        "/account/verification-requests",
        who=Who.ACCOUNT,
        scope=Scope.ACCOUNT_WRITE,
        limit=MAILS,
        errors=(ErrorCode.MAIL_UNSET, ErrorCode.SERVER_BUSY, ErrorCode.ACCOUNT_NOT_FOUND),
    )
    async def ask_verification(self, account: AccountRecord) -> None:
        """Have a link sent to your e-mail address that proves it is yours."""
        found = await self._storage.accounts.get(account.id)
        if found.email is None:
            raise BadInput(ErrorCode.BAD_REQUEST, "The account has no e-mail address.")
        self._letters.verify(found)

    @NOUN.route("GET", "/account/export", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ, limit=EXPORTS)
    async def export(self, account: AccountRecord) -> Answer[AccountExport]:
        """Everything that is kept about you."""
        found = await self._storage.export.of(account.id)
        records = {name: [dict(row) for row in rows] for name, rows in found.records.items()}
        told = AccountExport(exported_ms=self._clock.unix_ns() // 1_000_000, records=records, cut=list(found.cut))
        return Answer(told, {"Content-Disposition": f'attachment; filename="fanlight-{account.name}.json"'})

    @NOUN.route("DELETE", "/account", who=Who.ACCOUNT, limit=PROOFS, errors=(*_PROOF, ErrorCode.LAST_OPERATOR, ErrorCode.ACCOUNT_NOT_FOUND))
    async def delete(self, actor: Actor, account: AccountRecord, body: PasswordProof) -> Answer[None]:
        """Delete your account and your channels, for good."""
        await self._prove(actor, account, body.password)
        newest = await self._storage.accounts.get(account.id)
        channels = await self._storage.channels.of_owner(account.id)
        calls = await self._storage.calls.hosted(account.id)
        await self._storage.accounts.delete(account.id)
        await account_changed(account.id)
        await self._storage.audit.write(actor, "account.deleted", subject=account.name)
        for channel in channels:
            session = self._directory.entry(channel.name).session
            # An ingest node that does not answer finds out by itself that the key opens nothing any more.
            with suppress(Unavailable):
                await self._gateway.stop(channel.name, session.session if session else None, seconds=0)
        for call in calls:
            # A chat node that is not told finds out by itself that the call is gone.
            with suppress(Unavailable):
                await self._storage.bus.announce_call(call)
        of_channels = [name for channel in channels for name in (channel.picture, channel.banner, channel.offline_picture)]
        for picture in (newest.avatar, *of_channels):
            await self._pictures.forget(picture)
        return Answer(None, {"Set-Cookie": self._authentication.cookies.clear(request.host)})

    @NOUN.route(
        "PUT",
        "/account/avatar",
        who=Who.ACCOUNT,
        scope=Scope.ACCOUNT_WRITE,
        takes=tuple(TYPES),
        largest=LARGEST_UPLOAD,
        limit=UPLOADS,
        errors=(ErrorCode.PICTURE_UNFIT, ErrorCode.SERVER_BUSY, ErrorCode.STORE_UNAVAILABLE, ErrorCode.ACCOUNT_NOT_FOUND),
    )
    async def set_avatar(self, account: AccountRecord, body: bytes) -> Account:
        """Show a picture of you: PNG, JPEG, WebP or GIF, of at most 2 MiB. It is made into a small square one."""
        before = (await self._storage.accounts.get(account.id)).avatar
        name = await self._pictures.keep(body, request.mimetype, AVATAR)
        try:
            changed = await self._storage.accounts.set_avatar(account.id, name)
        except Unavailable:
            await self._pictures.forget(name)
            raise
        await account_changed(account.id)
        await self._pictures.forget(before)
        return account_view(changed)

    @NOUN.route("DELETE", "/account/avatar", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, errors=(ErrorCode.ACCOUNT_NOT_FOUND,))
    async def remove_avatar(self, account: AccountRecord) -> None:
        """Show no picture of you."""
        before = (await self._storage.accounts.get(account.id)).avatar
        await self._storage.accounts.set_avatar(account.id, None)
        await account_changed(account.id)
        await self._pictures.forget(before)

    async def _prove(self, actor: Actor, account: AccountRecord, password: str) -> None:
        """Ask for the password once more.

        Raises:
            Refused: ``NOT_ALLOWED``; an API token asks. ``PASSWORD_WRONG``.
            Unavailable: ``SERVER_BUSY``.
        """
        if actor.session is None:
            raise Refused(ErrorCode.NOT_ALLOWED, "An API token may not do that; sign in.")
        found = await self._storage.accounts.credentials(account.name)
        if not await self._storage.passwords.verify(found.password_hash if found else None, password):
            raise Refused(ErrorCode.PASSWORD_WRONG, "That is not your password.")
