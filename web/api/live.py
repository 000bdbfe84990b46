"""Who is live: the list and one channel, each as an answer and as an event stream."""

from functools import partial

from quart import Blueprint, Response, request

from storage.model.errors import NotFound
from storage.model.ids import channel_name
from web.addresses import Addresses
from web.api.replies import json
from web.api.streams import Streams
from web.api.views import channel_view
from web.directory import Directory
from web.schema import Broadcasts, Channel
from web.titles import Titles


def live_blueprint(directory: Directory, titles: Titles, addresses: Addresses) -> Blueprint:
    """Everything below answers from memory; only an unknown title asks the database."""
    blueprint = Blueprint("live", __name__)
    streams = Streams(directory)
    views = _Views(directory, titles, addresses)

    @blueprint.get("/broadcasts")
    async def broadcasts() -> Response:
        return json(await views.every(request.host))

    @blueprint.get("/channels/<name>")
    async def channel(name: str) -> Response:
        return json(await views.one(name, request.host))

    @blueprint.get("/broadcasts/events")
    async def broadcasts_events() -> Response:
        return await streams.open(partial(views.every, request.host))

    @blueprint.get("/channels/<name>/events")
    async def channel_events(name: str) -> Response:
        return await streams.open(partial(views.one, name, request.host))

    return blueprint


class _Views:
    def __init__(self, directory: Directory, titles: Titles, addresses: Addresses) -> None:
        self._directory = directory
        self._titles = titles
        self._addresses = addresses

    async def every(self, host: str) -> Broadcasts:
        found: list[Channel] = []
        for entry in self._directory.watchable():
            try:
                title = await self._titles.of(entry.channel)
            except NotFound:
                continue
            found.append(channel_view(entry, title, self._addresses, host))
        return Broadcasts(broadcasts=tuple(found))

    async def one(self, name: str, host: str) -> Channel:
        channel = channel_name(name)
        title = await self._titles.of(channel)
        return channel_view(self._directory.entry(channel), title, self._addresses, host)
