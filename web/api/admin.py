"""What operators do: accounts, what is on air, the settings and the audit log."""

from contextlib import suppress

from ingest.gateway import Gateway
from storage.database.accounts import AccountRepository
from storage.database.audit import AuditLog
from storage.model import audit as records
from storage.model.account import AccountRole, AccountState, Actor, Scope
from storage.model.errors import BadInput, ErrorCode, NotFound, Unavailable
from storage.model.ids import AccountId, ChannelId, account_name, channel_name
from storage.opening import Storage
from storage.readout import readout
from storage.settings import Settings
from web.api.account_views import account_view, unix_ms
from web.api.paging import PageRequest
from web.api.route import IfMatch, Noun, Who
from web.auth import account_changed
from web.directory import Directory, Entry
from web.schema.account import Account
from web.schema.admin import AccountChange, AccountFilter, AuditEntry, AuditFilter, LiveBroadcast, Setting, SettingList, Stop
from web.schema.paging import Page
from web.titles import Titles

NOUN = Noun("admin", "What operators see and do.")
LONGEST_STOP = 86_400


class AdminRoutes:
    """Each needs an operator, and of an API token the scope ``admin``."""

    def __init__(self, storage: Storage, settings: Settings, directory: Directory, titles: Titles, gateway: Gateway) -> None:
        self._accounts: AccountRepository = storage.accounts
        self._audit: AuditLog = storage.audit
        self._channels = storage.channels
        self._log = storage.chat_log
        self._bus = storage.bus
        self._settings = settings
        self._directory = directory
        self._titles = titles
        self._gateway = gateway

    @NOUN.route("GET", "/admin/accounts", who=Who.OPERATOR, scope=Scope.ADMIN)
    async def accounts(self, page: PageRequest, query: AccountFilter) -> Page[Account]:
        """Every account, by name."""
        found = await self._accounts.list(after=page.after, limit=page.limit + 1, search=query.search.lower())
        return page.of(found, lambda account: account.name, account_view)

    @NOUN.route(
        "PATCH",
        "/admin/accounts/{name}",
        who=Who.OPERATOR,
        scope=Scope.ADMIN,
        errors=(ErrorCode.ACCOUNT_NOT_FOUND, ErrorCode.ACCOUNT_NAME_INVALID, ErrorCode.LAST_OPERATOR),
    )
    async def govern(self, name: str, version: IfMatch, body: AccountChange, actor: Actor) -> Account:
        """Ban an account or let it back, make it an operator or not; whatever it was signed in with ends."""
        account = await self._accounts.by_name(account_name(name))
        changed = await self._accounts.govern(
            account.id,
            role=AccountRole(body.role) if isinstance(body.role, str) else None,
            state=AccountState(body.state) if isinstance(body.state, str) else None,
            version=version,
        )
        await account_changed(changed.id)
        await self._tell_chats(changed.id)
        data = {"role": str(changed.role), "state": str(changed.state)}
        await self._audit.write(actor, "account.governed", subject=changed.name, data=data)
        return account_view(changed)

    @NOUN.route("GET", "/admin/broadcasts", who=Who.OPERATOR, scope=Scope.ADMIN)
    async def broadcasts(self, page: PageRequest) -> Page[LiveBroadcast]:
        """Everything on air, also what is not public, by channel."""
        entries = [entry for entry in self._directory.on_air() if entry.channel > page.after]
        titles = {entry.channel: await self._title(entry) for entry in entries[: page.limit + 1]}
        return page.of(entries[: page.limit + 1], lambda entry: entry.channel, lambda entry: _live(entry, titles[entry.channel]))

    @NOUN.route(
        "DELETE",
        "/admin/broadcasts/{channel}",
        who=Who.OPERATOR,
        scope=Scope.ADMIN,
        errors=(ErrorCode.CHANNEL_NAME_INVALID, ErrorCode.CHANNEL_NOT_FOUND),
    )
    async def stop(self, channel: str, query: Stop, actor: Actor) -> None:
        """End a broadcast, and let nobody publish to its channel for a while."""
        if not 0 <= query.seconds <= LONGEST_STOP:
            raise BadInput(ErrorCode.BAD_REQUEST, f"seconds is 0 to {LONGEST_STOP}.", field="seconds")
        found = await self._channels.get(channel_name(channel))
        session = self._directory.entry(found.name).session
        await self._gateway.stop(found.name, session.session if session else None, seconds=query.seconds)
        await self._audit.write(actor, "broadcast.stopped", channel=found.id, subject=found.name, data={"seconds": query.seconds})

    @NOUN.route("GET", "/admin/settings", who=Who.OPERATOR, scope=Scope.ADMIN)
    async def settings(self) -> SettingList:
        """Every setting of the web role; of secrets only whether they are set."""
        found = (
            Setting(name=name, value=value, changed=changed, secret=secret) for name, value, changed, secret in readout(self._settings)
        )
        return SettingList(settings=tuple(found))

    @NOUN.route(
        "GET",
        "/admin/audit",
        who=Who.OPERATOR,
        scope=Scope.ADMIN,
        errors=(ErrorCode.ACCOUNT_NAME_INVALID, ErrorCode.ACCOUNT_NOT_FOUND, ErrorCode.CHANNEL_NAME_INVALID, ErrorCode.CHANNEL_NOT_FOUND),
    )
    async def audit(self, page: PageRequest, query: AuditFilter) -> Page[AuditEntry]:
        """Who did what, newest first."""
        actor = (await self._accounts.by_name(account_name(query.actor))).id if query.actor else None
        channel: ChannelId | None = (await self._channels.get(channel_name(query.channel))).id if query.channel else None
        found = await self._audit.list(actor=actor, channel=channel, action=query.action, before=page.after, limit=page.limit + 1)
        return page.of(found, lambda entry: entry.id, _audit_view)

    async def _tell_chats(self, account: AccountId) -> None:
        """What an account may say is decided anew in the rooms it wrote in lately; its sockets end with its sessions."""
        with suppress(Unavailable):
            for hint in await self._log.renew_of(account):
                await self._bus.tell_room(hint)

    async def _title(self, entry: Entry) -> str:
        try:
            return await self._titles.of(entry.channel)
        except NotFound:
            return ""


def _live(entry: Entry, title: str) -> LiveBroadcast:
    started = entry.broadcast.started_ms if entry.broadcast else entry.session.started_ms if entry.session else 0
    return LiveBroadcast(channel=entry.channel, title=title, state=entry.state, started_ms=started, viewers=entry.viewers)


def _audit_view(entry: records.AuditEntry) -> AuditEntry:
    return AuditEntry(
        id=entry.id,
        actor=entry.actor_name,
        action=entry.action,
        channel=entry.channel_name,
        subject=entry.subject,
        data=dict(entry.data),
        address=entry.address,
        created_ms=unix_ms(entry.created_at),
    )
