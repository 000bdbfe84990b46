"""Who is live: the list and one channel, each as an answer and as an event stream. Everything answers from memory."""

from functools import partial

from quart import Response, request

from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import channel_name
from web.addresses import Addresses
from web.api.route import Noun
from web.api.streams import Streams
from web.api.views import channel_view
from web.directory import Directory
from web.schema.channel import Broadcasts, Channel
from web.titles import Titles

NOUN = Noun("live", "Who is live.")
_CHANNEL_ERRORS = (ErrorCode.CHANNEL_NAME_INVALID, ErrorCode.CHANNEL_NOT_FOUND)


class LiveRoutes:
    """Only an unknown title asks the database."""

    def __init__(self, directory: Directory, titles: Titles, addresses: Addresses) -> None:
        self._directory = directory
        self._titles = titles
        self._addresses = addresses
        self._streams = Streams(directory)

    @NOUN.route("GET", "/broadcasts")
    async def broadcasts(self) -> Broadcasts:
        """Everything that can be watched now, newest first."""
        return await self._every(request.host)

    @NOUN.route("GET", "/broadcasts/events", answer=Broadcasts, events=True)
    async def broadcasts_events(self) -> Response:
        """Everything that can be watched now, followed."""
        return await self._streams.open(partial(self._every, request.host))

    @NOUN.route("GET", "/channels/{name}", errors=_CHANNEL_ERRORS)
    async def channel(self, name: str) -> Channel:
        """One channel and its state."""
        return await self._one(name, request.host)

    @NOUN.route("GET", "/channels/{name}/events", answer=Channel, events=True, errors=_CHANNEL_ERRORS)
    async def channel_events(self, name: str) -> Response:
        """One channel and its state, followed."""
        return await self._streams.open(partial(self._one, name, request.host))

    async def _every(self, host: str) -> Broadcasts:
        found: list[Channel] = []
        for entry in self._directory.watchable():
            try:
                title = await self._titles.of(entry.channel)
            except NotFound:
                continue
            found.append(channel_view(entry, title, self._addresses, host))
        return Broadcasts(broadcasts=tuple(found))

    async def _one(self, name: str, host: str) -> Channel:
        channel = channel_name(name)
        title = await self._titles.of(channel)
        return channel_view(self._directory.entry(channel), title, self._addresses, host)
