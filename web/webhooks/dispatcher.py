"""Takes deliveries to their webhooks: one node at a time, few at once, again and again until a day is over."""

import asyncio
import random
from datetime import timedelta

import structlog

from storage.clock import Clock
from storage.database.webhooks import Delivery, Webhook
from storage.leases import hold
from storage.model.account import STRANGER
from storage.model.errors import Unavailable
from storage.model.ids import RecordId
from storage.node import Tasks
from storage.opening import Storage
from storage.sealing import Sealer
from web.metrics import WEBHOOK_ATTEMPTS
from web.webhooks import signature
from web.webhooks.post import Outcome, Poster

LEASE = "webhooks"
LEASE_SECONDS = 10.0
POLL_SECONDS = 1.0
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 7200, 14400, 28800, 28800))
"""Between one attempt and the next; when they are used up, after about 23 hours, a delivery is given up."""

LONGEST_RETRY_AFTER = timedelta(hours=1)
"""As far as a receiver's own wish is heard."""

DISABLE_AFTER = timedelta(days=3)
MOST_AT_ONCE = 16
MOST_AT_ONCE_TO_ONE = 2
_GONE = 410
_PRUNE_EVERY = 600.0
_log = structlog.get_logger(__name__)


def pause(attempts: int, *, retry_after: float, spread: float) -> timedelta | None:
    """How long to wait after the ``attempts``th attempt failed; None to give up. ``spread`` is 0.8 to 1.2."""
    if attempts > len(PAUSES):
        return None
    return max(PAUSES[attempts - 1] * spread, min(timedelta(seconds=retry_after), LONGEST_RETRY_AFTER))


class Dispatcher:
    """Every web node runs one; the one that has the lease works."""

    def __init__(self, storage: Storage, sealer: Sealer, poster: Poster, clock: Clock, *, holder: str) -> None:
        self._repository = storage.webhooks
        self._audit = storage.audit
        self._bus = storage.bus
        self._sealer = sealer
        self._poster = poster
        self._clock = clock
        self._holder = holder
        self._under_way: dict[RecordId, RecordId] = {}
        self._more = asyncio.Event()

    def wake(self) -> None:
        """Something may be due: look at once."""
        self._more.set()

    async def run(self) -> None:
        """Try to get the lease, and work while we have it, for ever."""
        while True:
            try:
                async with hold(self._bus, self._clock, LEASE, self._holder, ttl=LEASE_SECONDS) as lease:
                    if lease is not None:
                        await self._work(lease.lost)
            except Unavailable:
                pass
            await self._clock.sleep(LEASE_SECONDS / 3)

    async def _work(self, lost: asyncio.Event) -> None:
        pruned_at = float("-inf")
        async with Tasks("webhooks") as tasks:
            while not lost.is_set():
                try:
                    if self._clock.monotonic() - pruned_at > _PRUNE_EVERY:
                        pruned_at = self._clock.monotonic()
                        await self._repository.prune()
                    await self._start_due(tasks)
                except Unavailable:
                    pass
                self._more.clear()
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._more.wait()
                except TimeoutError:
                    pass

    async def _start_due(self, tasks: Tasks) -> None:
        if len(self._under_way) >= MOST_AT_ONCE:
            return
        due = await self._repository.due(under_way=self._under_way, most_of_one=MOST_AT_ONCE_TO_ONE, limit=MOST_AT_ONCE)
        for delivery, webhook in due:
            busy = sum(other == webhook.id for other in self._under_way.values())
            if len(self._under_way) < MOST_AT_ONCE and busy < MOST_AT_ONCE_TO_ONE:
                self._under_way[delivery.id] = webhook.id
                tasks.start(delivery.id, self._deliver(delivery, webhook))

    async def _deliver(self, delivery: Delivery, webhook: Webhook) -> None:
        try:
            await self._settle(delivery, webhook, await self._attempt(delivery, webhook))
        except Unavailable:
            # It is still pending: the other side may hear of it twice, under the same id.
            pass
        except Exception:
            _log.exception("delivery_failed", webhook=webhook.id)
        finally:
            del self._under_way[delivery.id]
            self.wake()

    async def _attempt(self, delivery: Delivery, webhook: Webhook) -> Outcome:
        secret = self._sealer.open(webhook.secret, webhook.id)
        if secret is None:
            return Outcome(None, "Its secret can't be read: FANLIGHT_SECRET is another than when it was made.")
        body = delivery.body.encode()
        now = self._clock.unix_ns() // 1_000_000_000
        return await self._poster.post(webhook.url, body, signature.headers(secret, f"msg_{delivery.id}", now, body))

    async def _settle(self, delivery: Delivery, webhook: Webhook, outcome: Outcome) -> None:
        WEBHOOK_ATTEMPTS.labels("taken" if outcome.taken else "failed").inc()
        if outcome.taken and outcome.status is not None:
            await self._repository.delivered(delivery, outcome.status)
            return
        gone = outcome.status == _GONE
        spread = random.uniform(0.8, 1.2)  # noqa: S311 - keeps receivers from being hit in step, no secret
        retry = None if gone else pause(delivery.attempts + 1, retry_after=outcome.retry_after, spread=spread)
        disabled = await self._repository.failed(
            delivery, outcome.status, outcome.error, retry=retry, disable_after=timedelta(0) if gone else DISABLE_AFTER
        )
        if disabled:
            _log.warning("webhook_disabled", webhook=webhook.id, gone=gone)
            await self._audit.write(STRANGER, "webhook.disabled", channel=webhook.channel, subject=webhook.id, data={"gone": gone})
