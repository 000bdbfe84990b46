"""Webhooks: addresses that are told of events, what they were told, and telling it again."""

from collections.abc import Collection

from storage.access import Access, Action
from storage.database import webhooks as records
from storage.database.audit import AuditLog
from storage.model.account import Account, Actor, Scope
from storage.model.errors import BadInput, ErrorCode, Refused
from storage.model.event import OF_CHANNELS, Event
from storage.opening import Storage
from storage.sealing import Sealer
from web.api.account_views import unix_ms
from web.api.paging import PageRequest
from web.api.route import PREFIX, Answer, IfMatch, Noun, Who
from web.schema.paging import Page
from web.schema.webhook import Delivery, NewWebhook, Webhook, WebhookChange
from web.webhooks import signature
from web.webhooks.target import checked_url
from web.webhooks.webhooks import Webhooks

NOUN = Noun("webhooks", "Webhooks: your own server is told of what happens.")
_ABSENT = (ErrorCode.WEBHOOK_NOT_FOUND,)


class WebhookRoutes:
    """A webhook is its account's; another's is as if it were not there."""

    def __init__(self, storage: Storage, access: Access, webhooks: Webhooks, sealer: Sealer, *, private: bool) -> None:
        self._repository = storage.webhooks
        self._audit: AuditLog = storage.audit
        self._access = access
        self._webhooks = webhooks
        self._sealer = sealer
        self._private = private

    @NOUN.route("GET", "/webhooks", who=Who.ACCOUNT, scope=Scope.CHANNEL_READ)
    async def list(self, account: Account, page: PageRequest) -> Page[Webhook]:
        """Your webhooks, oldest first."""
        found = await self._repository.list(account.id, after=page.after, limit=page.limit + 1)
        return page.of(found, lambda webhook: webhook.id, _view)

    @NOUN.route(
        "POST",
        "/webhooks",
        who=Who.ACCOUNT,
        scope=Scope.CHANNEL_WRITE,
        status=201,
        errors=(ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED, ErrorCode.WEBHOOK_LIMIT, ErrorCode.WEBHOOK_URL_INVALID),
    )
    async def create(self, account: Account, actor: Actor, body: NewWebhook) -> Answer[Webhook]:
        """A new webhook, of a channel you own or, as an operator, of the whole instance; its secret is shown this once."""
        url = checked_url(body.url, private=self._private)
        if body.channel is None and not actor.is_operator:
            raise Refused(ErrorCode.NOT_ALLOWED, "Only an operator may be told of the whole instance; name a channel.")
        channel = (await self._access.require(actor, Action.KEYS, body.channel)).channel if body.channel is not None else None
        events = _checked(body.events, of_channel=channel is not None)
        identifier, secret = self._repository.new_id(), signature.new_secret()
        sealed = self._sealer.seal(secret, identifier)
        made = await self._repository.create(identifier, account.id, channel.id if channel else None, url=url, secret=sealed, events=events)
        await self._audit.write(actor, "webhook.created", channel=made.channel, subject=made.id)
        return Answer(_view(made, signature.shown(secret)), {"Location": f"{PREFIX}/webhooks/{made.id}"})

    @NOUN.route("GET", "/webhooks/{webhook}", who=Who.ACCOUNT, scope=Scope.CHANNEL_READ, errors=_ABSENT)
    async def one(self, webhook: str, account: Account) -> Webhook:
        """One of your webhooks."""
        return _view(await self._repository.get(webhook, account.id))

    @NOUN.route(
        "PATCH",
        "/webhooks/{webhook}",
        who=Who.ACCOUNT,
        scope=Scope.CHANNEL_WRITE,
        errors=(*_ABSENT, ErrorCode.WEBHOOK_URL_INVALID),
    )
    async def change(self, webhook: str, version: IfMatch, account: Account, actor: Actor, body: WebhookChange) -> Webhook:
        """Another address, other events; stop it, or let it begin anew."""
        known = await self._repository.get(webhook, account.id)
        changed = await self._repository.change(
            known,
            version=version,
            url=checked_url(body.url, private=self._private) if isinstance(body.url, str) else None,
            events=_checked(body.events, of_channel=known.channel is not None) if isinstance(body.events, tuple) else None,
            enabled=body.enabled if isinstance(body.enabled, bool) else None,
        )
        await self._audit.write(actor, "webhook.changed", channel=changed.channel, subject=changed.id)
        return _view(changed)

    @NOUN.route("DELETE", "/webhooks/{webhook}", who=Who.ACCOUNT, scope=Scope.CHANNEL_WRITE, errors=_ABSENT)
    async def delete(self, webhook: str, account: Account, actor: Actor) -> None:
        """Tell it nothing more."""
        known = await self._repository.get(webhook, account.id)
        await self._repository.delete(known)
        await self._audit.write(actor, "webhook.deleted", channel=known.channel, subject=known.id)

    @NOUN.route("GET", "/webhooks/{webhook}/deliveries", who=Who.ACCOUNT, scope=Scope.CHANNEL_READ, errors=_ABSENT)
    async def deliveries(self, webhook: str, account: Account, page: PageRequest) -> Page[Delivery]:
        """What a webhook was told in the last 30 days, newest first."""
        known = await self._repository.get(webhook, account.id)
        found = await self._repository.deliveries(known, before=page.after, limit=page.limit + 1)
        return page.of(found, lambda delivery: delivery.id, _delivery)

    @NOUN.route("POST", "/webhooks/{webhook}/deliveries/{delivery}/replay", who=Who.ACCOUNT, scope=Scope.CHANNEL_WRITE, errors=_ABSENT)
    async def replay(self, webhook: str, delivery: str, account: Account) -> Delivery:
        """Tell it once more, under the same id."""
        known = await self._repository.get(webhook, account.id)
        found = await self._repository.replay(known, delivery)
        self._webhooks.wake()
        return _delivery(found)


def _checked(events: Collection[Event], *, of_channel: bool) -> frozenset[Event]:
    if not events:
        raise BadInput(ErrorCode.BAD_REQUEST, "A webhook is told of at least one event.", field="events")
    if of_channel and not OF_CHANNELS.issuperset(events):
        raise BadInput(ErrorCode.BAD_REQUEST, f"A channel's webhook is told of {', '.join(sorted(OF_CHANNELS))}.", field="events")
    return frozenset(events)


def _view(webhook: records.Webhook, secret: str | None = None) -> Webhook:
    return Webhook(
        id=webhook.id,
        url=webhook.url,
        events=tuple(sorted(webhook.events)),
        channel=webhook.channel_name,
        enabled=webhook.disabled_at is None,
        failures=webhook.failures,
        created_ms=unix_ms(webhook.created_at),
        version=webhook.version,
        secret=secret,
    )


def _delivery(delivery: records.Delivery) -> Delivery:
    return Delivery(
        id=delivery.id,
        event=delivery.event,
        state=delivery.state,
        attempts=delivery.attempts,
        status=delivery.status,
        error=delivery.error,
        body=delivery.body,
        created_ms=unix_ms(delivery.created_at),
        next_ms=unix_ms(delivery.next_at) if delivery.next_at else None,
        done_ms=unix_ms(delivery.done_at) if delivery.done_at else None,
    )
