"""Keeps the records of broadcasts true to what the bus says: one web process at a time, by lease, and never in the way of media."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import structlog

from storage.announced_channels import announce_channel, info_of, keep_announced
from storage.bus.messages import BroadcastInfo, EndCall, SessionInfo
from storage.clock import Clock, utc_now
from storage.database.broadcasts import BroadcastRecord, steps
from storage.leases import Lease, hold
from storage.model.account import STRANGER
from storage.model.broadcast import BroadcastState, PublishEnd
from storage.model.channel import Channel
from storage.model.errors import Conflict, FanlightError, NotFound, Unavailable
from storage.model.event import Event
from storage.model.ids import BroadcastId, ChannelName, RecordId, SessionId, node_of
from storage.opening import Storage
from storage.publishing import BY_ACCOUNT, BY_KEY, own_channel
from web.directory import Directory, Entry
from web.webhooks.webhooks import Webhooks

LEASE = "recorder"
LEASE_TTL = 10.0
TICK = 1.0
"""Seconds between two looks; a change of the directory is looked at at once."""
ENFORCE = 2.0
"""Seconds between two looks at whether who publishes still may."""
PEAK_EVERY = 30.0
MISSING = 60.0
"""Seconds after which a broadcast the bus says nothing of any more is over."""
CALL_SECONDS = 2.0
MOST_PENDING = 10_000
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Tracked:
    """One broadcast as last seen, and as recorded. ``tell`` is where telling its followers goes on, None when that is done."""

    info: BroadcastInfo
    seen: float
    peak: int = 0
    record: BroadcastRecord | None = None
    written: float = 0.0
    tell: str | None = None


class Recorder:
    """Follows the directory. What the database does not take now is written when it is back; until then it is held in memory."""

    def __init__(self, storage: Storage, directory: Directory, webhooks: Webhooks, clock: Clock, holder: str) -> None:
        self._storage = storage
        self._directory = directory
        self._webhooks = webhooks
        self._clock = clock
        self._holder = holder
        self._tracked: dict[BroadcastId, Tracked] = {}
        self._channels: dict[ChannelName, Channel] = {}
        self._sessions: dict[ChannelName, SessionId] = {}
        self._enforced = 0.0

    async def run(self) -> None:
        """Record whenever nobody else does, for ever."""
        while True:
            with suppress(Unavailable):
                async with hold(self._storage.bus, self._clock, LEASE, self._holder, ttl=LEASE_TTL) as lease:
                    if lease is not None:
                        await self._hold(lease)
            await self._clock.sleep(LEASE_TTL / 3)

    async def _hold(self, lease: Lease) -> None:
        self._tracked.clear()
        recovered = False
        version = -1
        while not lease.lost.is_set():
            with suppress(Unavailable):
                if not recovered:
                    await self._recover()
                    recovered = True
            with suppress(Unavailable):
                self._see(self._directory.entries())
            await self._write()
            await self._keep_channels()
            await self._enforce()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK):
                    version = await self._directory.beyond(version)
            # A busy directory changes often; the database need not hear of each change.
            await self._clock.sleep(TICK / 4)

    async def _recover(self) -> None:
        """Take up what another recorder left open: what is not on the air any more ends."""
        now = self._clock.monotonic()
        for record in await self._storage.broadcasts.running():
            channel = await self._storage.channels.by_id(record.channel)
            info = BroadcastInfo(
                channel=channel.name,
                broadcast=record.id,
                state=record.state,
                started_ms=0,
                part_target=0,
                target_duration=0,
                window=0,
            )
            self._tracked[record.id] = Tracked(info, now, record.peak_viewers, record)

    def _see(self, entries: list[Entry]) -> None:
        now = self._clock.monotonic()
        on_air = set()
        for entry in entries:
            info = entry.broadcast
            if info is None:
                continue
            on_air.add(info.broadcast)
            tracked = self._tracked.get(info.broadcast)
            if tracked is None:
                if info.state is BroadcastState.ENDED or len(self._tracked) >= MOST_PENDING:
                    continue
                tracked = self._tracked[info.broadcast] = Tracked(info, now)
            tracked.info, tracked.seen = info, now
            tracked.peak = max(tracked.peak, entry.viewers)
        for tracked in self._tracked.values():
            successor = any(entry.channel == tracked.info.channel and entry.broadcast for entry in entries)
            replaced = tracked.info.broadcast not in on_air and successor
            gone = tracked.info.broadcast not in on_air and now - tracked.seen > MISSING
            if (replaced or gone) and tracked.info.state is not BroadcastState.ENDED:
                tracked.info = ended(tracked.info)

    async def _write(self) -> None:
        for broadcast, tracked in list(self._tracked.items()):
            try:
                await self._write_one(tracked)
            except Unavailable:
                return
            except Conflict:
                tracked.record = await self._reread(broadcast)
            except NotFound:
                # The channel is gone, and its records with it.
                del self._tracked[broadcast]
            else:
                if tracked.record is not None and tracked.record.state is BroadcastState.ENDED:
                    del self._tracked[broadcast]

    async def _reread(self, broadcast: BroadcastId) -> BroadcastRecord | None:
        try:
            return await self._storage.broadcasts.get(broadcast)
        except Unavailable:
            return None

    async def _write_one(self, tracked: Tracked) -> None:
        info, broadcasts = tracked.info, self._storage.broadcasts
        record = tracked.record
        if record is None:
            channel = await self._storage.channels.get(info.channel)
            started = datetime.fromtimestamp(info.started_ms / 1000, UTC)
            record = tracked.record = await broadcasts.begin(info.broadcast, channel.id, channel.title, started)
        if record.state is BroadcastState.ENDED:
            return
        for state in steps(record.state, info.state):
            first = state is BroadcastState.LIVE and record.live_at is None
            reason = info.end_reason or "lost"
            record = await broadcasts.advance(record, state, utc_now(self._clock), reason=reason, peak_viewers=tracked.peak)
            tracked.record, tracked.written = record, self._clock.monotonic()
            if first:
                tracked.tell = ""
                await self._emit(Event.BROADCAST_STARTED, info, record)
            if state is BroadcastState.ENDED and record.live_at is not None:
                await self._emit(Event.BROADCAST_ENDED, info, record)
        if tracked.peak > record.peak_viewers and self._clock.monotonic() - tracked.written > PEAK_EVERY:
            tracked.record = await broadcasts.advance(record, record.state, utc_now(self._clock), peak_viewers=tracked.peak)
            tracked.written = self._clock.monotonic()
        while tracked.tell is not None:
            tracked.tell = await self._storage.notifications.tell_followers(record.channel, record.title, after=tracked.tell) or None

    async def _emit(self, event: Event, info: BroadcastInfo, record: BroadcastRecord) -> None:
        payload = {"channel": info.channel, "broadcast": record.id, "title": record.title}
        if event is Event.BROADCAST_ENDED:
            payload["reason"] = record.end_reason
        await self._webhooks.emit(event, record.channel, payload)

    async def _keep_channels(self) -> None:
        """What the media plane knows of channels on the air stays known; the database's word goes before the bus's."""
        try:
            entries = [entry for entry in self._directory.entries() if entry.state not in {"offline", "ended"}]
        except Unavailable:
            return
        names = [entry.channel for entry in entries][:500]
        with suppress(Unavailable):
            self._channels = await self._storage.channels.named(names)
        for entry in entries:
            channel = self._channels.get(entry.channel)
            with suppress(Unavailable):
                if channel is not None and entry.about != info_of(channel):
                    await announce_channel(self._storage.bus, channel)
                elif entry.about is not None:
                    await keep_announced(self._storage.bus, entry.about)
                await self._audit_take_over(entry, channel)

    async def _audit_take_over(self, entry: Entry, channel: Channel | None) -> None:
        if entry.session is None:
            return
        before, self._sessions[entry.channel] = self._sessions.get(entry.channel), entry.session.session
        if before is not None and before != entry.session.session and channel is not None:
            await self._storage.audit.write(STRANGER, "publish.taken_over", channel=channel.id, subject=entry.session.by)

    async def _enforce(self) -> None:
        """End what is published by a key that was revoked or an account that may no longer."""
        now = self._clock.monotonic()
        if now - self._enforced < ENFORCE:
            return
        self._enforced = now
        try:
            sessions = [entry.session for entry in self._directory.entries() if entry.session is not None and entry.session.by]
            for session in await self._no_longer_allowed(sessions):
                _log.info("publish_revoked", channel=session.channel, session=session.session)
                call = EndCall(session=session.session, channel=session.channel, reason=PublishEnd.REVOKED)
                with suppress(FanlightError):
                    await self._storage.bus.call(node_of(session.session), call, deadline=CALL_SECONDS)
        except Unavailable:
            return

    async def _no_longer_allowed(self, sessions: list[SessionInfo]) -> list[SessionInfo]:
        by_key = {session.session: RecordId(session.by.removeprefix(BY_KEY)) for session in sessions if session.by.startswith(BY_KEY)}
        valid = await self._storage.stream_keys.still_valid(list(by_key.values())[:500])
        over = [session for session in sessions[:500] if session.session in by_key and by_key[session.session] not in valid]
        by_account = [session for session in sessions if session.by.startswith(BY_ACCOUNT)]
        over += [session for session in by_account if await own_channel(self._storage, session.by, session.channel) is None]
        return over


def ended(info: BroadcastInfo) -> BroadcastInfo:
    """A broadcast nobody says anything of any more."""
    return msgspec.structs.replace(info, state=BroadcastState.ENDED)
