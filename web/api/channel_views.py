"""A channel as whoever asks may see it: the record, what is on the air, and who owns it, remembered for a few seconds."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime

from storage.access import Action, Granted
from storage.clock import Clock
from storage.model.account import Actor
from storage.model.channel import Channel as ChannelRecord
from storage.model.errors import BadInput, NotFound, Unavailable
from storage.model.ids import ChannelId, ChannelName, channel_name
from storage.model.permission import Verdict, verdict
from storage.opening import Storage
from web.addresses import Addresses
from web.api.views import channel_view
from web.directory import Directory, Entry
from web.schema.channel import Channel

KEPT_SECONDS = 5.0
KEPT = 4096


class ChannelViews:
    """Makes the views every route tells channels by."""

    def __init__(self, storage: Storage, directory: Directory, addresses: Addresses, clock: Clock) -> None:
        self.addresses = addresses
        self._storage = storage
        self._directory = directory
        self._clock = clock
        self._beside: OrderedDict[ChannelId, tuple[float, str | None, int]] = OrderedDict()

    async def one(self, actor: Actor, name: str, host: str) -> Channel:
        """A channel the actor may see. While the database is away, what anybody may see of one on the air is told from memory.

        Raises:
            BadInput: ``CHANNEL_NAME_INVALID``.
            NotFound: ``CHANNEL_NOT_FOUND``.
            Unavailable: ``DATABASE_UNAVAILABLE``, ``BUS_UNAVAILABLE``.
        """
        checked = channel_name(name)
        try:
            return await self.of(await self._storage.access.require(actor, Action.SEE, checked), host)
        except Unavailable:
            granted = from_memory(self._directory.entry(checked), Action.SEE)
            if granted is None:
                raise
            return channel_view(self._directory.entry(granted.channel.name), granted, self.addresses, host)

    async def of(self, granted: Granted, host: str) -> Channel:
        """A channel that was granted."""
        owner, followers = await self._owner_and_followers(granted.channel)
        entry = self._directory.entry(granted.channel.name)
        return channel_view(entry, granted, self.addresses, host, owner=owner, followers=followers)

    async def several(self, actor: Actor, records: Sequence[ChannelRecord], host: str) -> tuple[Channel, ...]:
        """Those of at most 500 channels the actor may see, in the same order."""
        granted = await self._storage.access.several(actor, Action.SEE, [record.name for record in records])
        return tuple([await self.of(granted[record.name], host) for record in records if record.name in granted])

    async def moved(self, actor: Actor, name: str) -> ChannelName | None:
        """The present name of a channel that had another, if the actor may see it."""
        try:
            record = await self._storage.channels.formerly(channel_name(name))
            if record is None:
                return None
            return (await self._storage.access.require(actor, Action.SEE, record.name)).channel.name
        except (BadInput, NotFound):
            return None

    def changed(self, *names: ChannelName) -> None:
        """A channel, or what somebody is to it, was changed here: ask anew."""
        self._storage.access.forget(*names)
        self._beside.clear()

    async def _owner_and_followers(self, record: ChannelRecord) -> tuple[str | None, int]:
        known = self._beside.get(record.id)
        now = self._clock.monotonic()
        if known is None or known[0] <= now:
            owner = None
            if record.owner is not None:
                try:
                    owner = (await self._storage.accounts.get(record.owner)).name
                except NotFound:
                    owner = None
            known = (now + KEPT_SECONDS, owner, await self._storage.follows.count(record.id))
            self._beside[record.id] = known
            self._beside.move_to_end(record.id)
            if len(self._beside) > KEPT:
                self._beside.popitem(last=False)
        return known[1:]


def from_memory(entry: Entry, action: Action) -> Granted | None:
    """What anybody may do with a channel on the air, as far as the bus knows the channel."""
    about = entry.about
    if about is None:
        return None
    record = ChannelRecord(about.id, about.channel, about.title, datetime.fromtimestamp(0, UTC), visibility=about.visibility)
    granted = Granted(record)
    return granted if verdict(action, record.visibility, granted.standing) is Verdict.ALLOWED else None
