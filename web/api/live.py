"""Who is live: the list and one channel, each as an answer and as an event stream."""

from functools import partial

from quart import Response, request

from storage.access import Action, Granted
from storage.model.account import Actor
from storage.model.errors import ErrorCode, NotFound, Unavailable
from storage.model.ids import ChannelName
from storage.opening import Storage
from web.api.channel_views import ChannelViews, from_memory
from web.api.route import Noun
from web.api.streams import Streams
from web.api.views import channel_view
from web.directory import Directory, Entry
from web.schema.channel import Broadcasts, Channel

NOUN = Noun("live", "Who is live.")
_CHANNEL_ERRORS = (ErrorCode.CHANNEL_NAME_INVALID, ErrorCode.CHANNEL_NOT_FOUND)
MOST_LISTED = 500


class LiveRoutes:
    """Strangers are answered from memory where the database is away."""

    def __init__(self, storage: Storage, directory: Directory, views: ChannelViews) -> None:
        self._access = storage.access
        self._directory = directory
        self._views = views
        self._streams = Streams(directory)

    @NOUN.route("GET", "/broadcasts")
    async def broadcasts(self, actor: Actor) -> Broadcasts:
        """What can be watched now and the asker may find, newest first."""
        return await self._every(actor, request.host)

    @NOUN.route("GET", "/broadcasts/events", answer=Broadcasts, events=True)
    async def broadcasts_events(self, actor: Actor) -> Response:
        """What can be watched now and the asker may find, followed."""
        return await self._streams.open(partial(self._every, actor, request.host))

    @NOUN.route("GET", "/channels/{name}", answer=Channel, errors=_CHANNEL_ERRORS)
    async def channel(self, name: str, actor: Actor) -> Channel | Response:
        """One channel and its state. A former name leads to the present one (308)."""
        try:
            return await self._views.one(actor, name, request.host)
        except NotFound:
            present = await self._views.moved(actor, name)
            if present is None:
                raise
            return Response(b"", status=308, headers={"Location": f"/api/v1/channels/{present}"})

    @NOUN.route("GET", "/channels/{name}/events", answer=Channel, events=True, errors=_CHANNEL_ERRORS)
    async def channel_events(self, name: str, actor: Actor) -> Response:
        """One channel and its state, followed."""
        return await self._streams.open(partial(self._views.one, actor, name, request.host))

    async def _every(self, actor: Actor, host: str) -> Broadcasts:
        entries = self._directory.watchable()[:MOST_LISTED]
        granted = await self._found(actor, entries)
        found = [channel_view(entry, granted[entry.channel], self._views.addresses, host) for entry in entries if entry.channel in granted]
        return Broadcasts(broadcasts=tuple(found))

    async def _found(self, actor: Actor, entries: list[Entry]) -> dict[ChannelName, Granted]:
        try:
            return await self._access.several(actor, Action.FIND, [entry.channel for entry in entries])
        except Unavailable:
            return {entry.channel: granted for entry in entries if (granted := from_memory(entry, Action.FIND)) is not None}
