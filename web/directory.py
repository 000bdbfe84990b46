"""Who is live, in memory: one reader of the bus per web process, shared by every page and every event stream."""

import asyncio
from dataclasses import dataclass, replace
from types import MappingProxyType

from storage.bus.messages import BroadcastInfo, ChannelInfo, LatencyInfo, SessionInfo
from storage.bus.redis import Bus
from storage.bus.topics import broadcast_key, channel_key, latency_key, session_key
from storage.clock import Clock
from storage.model.broadcast import BroadcastState
from storage.model.errors import ErrorCode, Unavailable
from storage.model.ids import ChannelName, NodeId
from web.schema.channel import ChannelState

STALE_SECONDS = 10.0
"""A directory older than this is no answer any more. Until then pages go on from what was known: the bus restarts in less."""


@dataclass(frozen=True, slots=True)
class Entry:
    """All a page may know of a channel that is on air."""

    channel: ChannelName
    broadcast: BroadcastInfo | None
    session: SessionInfo | None
    viewers: int = 0
    latency: LatencyInfo | None = None
    about: ChannelInfo | None = None

    @property
    def state(self) -> ChannelState:
        """The broadcast's state; a publisher whose broadcast has not begun yet makes it ``starting``."""
        if self.broadcast is not None and not (self.broadcast.state is BroadcastState.ENDED and self.session is not None):
            return ChannelState(self.broadcast.state)
        return ChannelState.OFFLINE if self.session is None else ChannelState.STARTING

    @property
    def watchable(self) -> bool:
        """Whether a player finds something now."""
        return self.state in {ChannelState.LIVE, ChannelState.INTERRUPTED}


class Directory:
    """Follows the registers of sessions and broadcasts; readers never cause a bus request of their own."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._entries: MappingProxyType[ChannelName, Entry] = MappingProxyType({})
        self.version = 0
        self._read_at: float | None = None
        self._changed: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Follow the bus for ever; a bus that is away is looked for again every second."""
        while True:
            try:
                async with self._bus.changes(poll=1.0) as changes:
                    await self.refresh()
                    async for channel in changes:
                        await (self.refresh() if channel is None else self._refresh_channel(channel))
            except Unavailable:
                await self._clock.sleep(1.0)

    async def refresh(self) -> None:
        """Read every register anew.

        Raises:
            Unavailable: ``BUS_UNAVAILABLE``.
        """
        nobody = ChannelName("")
        broadcasts = {info.channel: info for info in await self._bus.read_all(broadcast_key(nobody), BroadcastInfo)}
        sessions = {info.channel: info for info in await self._bus.read_all(session_key(nobody), SessionInfo)}
        about = {info.channel: info for info in await self._bus.read_all(channel_key(nobody), ChannelInfo)}
        heard: dict[ChannelName, list[LatencyInfo]] = {}
        for info in await self._bus.read_all(latency_key(nobody, NodeId("")).removesuffix("@"), LatencyInfo):
            heard.setdefault(info.channel, []).append(info)
        entries = {
            channel: Entry(
                channel=channel,
                broadcast=broadcasts.get(channel),
                session=sessions.get(channel),
                viewers=await self._bus.viewers(channel) if channel in broadcasts else 0,
                latency=_merge(heard.get(channel, [])),
                about=about.get(channel),
            )
            for channel in broadcasts.keys() | sessions.keys()
        }
        self._publish(entries)

    async def _refresh_channel(self, channel: ChannelName) -> None:
        broadcast = await self._bus.read(broadcast_key(channel), BroadcastInfo)
        session = await self._bus.read(session_key(channel), SessionInfo)
        about = await self._bus.read(channel_key(channel), ChannelInfo)
        entries = dict(self._entries)
        old = entries.pop(channel, None)
        if broadcast is not None or session is not None:
            entries[channel] = replace(old or Entry(channel, None, None), broadcast=broadcast, session=session, about=about)
        self._publish(entries)

    def _publish(self, entries: dict[ChannelName, Entry]) -> None:
        self._read_at = self._clock.monotonic()
        if entries == self._entries:
            return
        self._entries = MappingProxyType(entries)
        self.version += 1
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)
        self._changed = None

    async def beyond(self, version: int) -> int:
        """Wait for a state newer than ``version`` and return its number. All waiters share one future; a slow one skips states."""
        while self.version == version:
            if self._changed is None:
                self._changed = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._changed)
        return self.version

    def entry(self, channel: ChannelName) -> Entry:
        """What is known of a channel; an unknown or idle one is ``offline``.

        Raises:
            Unavailable: ``BUS_UNAVAILABLE`` when the bus has been silent for ``STALE_SECONDS``.
        """
        self._check_fresh()
        return self._entries.get(channel) or Entry(channel, None, None)

    def entries(self) -> list[Entry]:
        """Every channel with a publisher or a broadcast, in no order. Raises as :meth:`entry`."""
        self._check_fresh()
        return list(self._entries.values())

    def watchable(self) -> list[Entry]:
        """Every broadcast that can be watched, newest first. Raises as :meth:`entry`."""
        self._check_fresh()
        entries = [entry for entry in self._entries.values() if entry.watchable]
        return sorted(entries, key=lambda entry: entry.broadcast.started_ms if entry.broadcast else 0, reverse=True)

    def on_air(self) -> list[Entry]:
        """Every channel somebody publishes to or that has a broadcast going on, by name. Raises as :meth:`entry`."""
        self._check_fresh()
        return sorted(
            (entry for entry in self._entries.values() if entry.state not in {"offline", "ended"}), key=lambda entry: entry.channel
        )

    def session(self, session: str) -> SessionInfo | None:
        """The publishing session of that id, if it is on air. Raises as :meth:`entry`."""
        self._check_fresh()
        return next((e.session for e in self._entries.values() if e.session is not None and e.session.session == session), None)

    def _check_fresh(self) -> None:
        if self._read_at is None or self._clock.monotonic() - self._read_at > STALE_SECONDS:
            raise Unavailable(ErrorCode.BUS_UNAVAILABLE, "The server can't see who is live just now. Try again in a moment.", retry_after=2)


def _merge(heard: list[LatencyInfo]) -> LatencyInfo | None:
    """One word from several processes: the medians' mean weighted by players, and the worst tail."""
    players = sum(info.players for info in heard)
    if not players:
        return None
    return LatencyInfo(
        channel=heard[0].channel,
        players=players,
        p50_ms=round(sum(info.p50_ms * info.players for info in heard) / players),
        p95_ms=max(info.p95_ms for info in heard),
    )
