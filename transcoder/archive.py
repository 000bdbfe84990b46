"""Write-behind of whole segments and plain playlists to the object store. Live viewers never wait for it."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from storage.bus.messages import BroadcastInfo, EndEvent, StoredEvent, WindowBatch
from storage.clock import Clock
from storage.model.errors import Conflict, Unavailable
from storage.model.ids import ChannelName, ObjectFolder
from storage.model.rendition import RenditionName
from storage.node import Tasks
from storage.objects import keys
from storage.objects.store import ObjectStore
from transcoder.hls.playlist import render_media, render_multivariant
from transcoder.hls.window import LiveWindow

WRITERS = 4
"""Objects written at the same time: a slow store must not fall behind."""
QUEUE = 90
"""Objects waiting; the oldest is given up when another comes, and counted."""
POSTERS = 3
"""Stills kept; whoever was told of an older one has had a minute to fetch it."""
_RETRY = 1.0
_FOREVER = "public, max-age=31536000, immutable"
_SHORT = "public, max-age=1"
_PLAYLIST = "application/vnd.apple.mpegurl"
_SEGMENT_TYPE = {RenditionName.VIDEO: "video/iso.segment", RenditionName.AUDIO: "audio/mp4"}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Write:
    key: str
    data: bytes
    content_type: str
    stored: tuple[RenditionName, int] | None = None


class Archive:
    """One broadcast's objects.

    Args:
        objects: where they go.
        clock: for waiting before the next try.
        channel: whose broadcast it is.
        folder: where they lie, in every key.
        window: what the plain playlists list.
        stored: told the rendition and number of each segment that can be read from the store.
    """

    def __init__(
        self,
        objects: ObjectStore,
        clock: Clock,
        channel: ChannelName,
        folder: ObjectFolder,
        *,
        window: LiveWindow,
        stored: Callable[[RenditionName, int], None],
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._channel = channel
        self._folder = folder
        self._window = window
        self._stored = stored
        self._queue: deque[_Write] = deque()
        self._wake = asyncio.Event()
        self._info: BroadcastInfo | None = None
        self._touched = self._rendered = 0
        self._multivariant = ""
        self._media: dict[RenditionName, str] = {}
        self._changed = asyncio.Event()
        self._writing = 0
        self._posters: deque[str] = deque()
        self.given_up = 0
        self.failures = 0

    @property
    def waiting(self) -> int:
        """Objects not written yet."""
        return len(self._queue) + self._writing

    @property
    def idle(self) -> bool:
        """Whether everything is written, playlists included."""
        return not self.waiting and self._rendered == self._touched

    def init(self, rendition: RenditionName, number: int, data: bytes) -> None:
        """Write an init segment."""
        self._offer(_Write(keys.init_object(self._channel, self._folder, rendition, number), data, "video/mp4"))

    def segment(self, rendition: RenditionName, msn: int, data: bytes) -> None:
        """Write a segment."""
        key = keys.segment_object(self._channel, self._folder, rendition, msn)
        self._offer(_Write(key, data, _SEGMENT_TYPE[rendition], (rendition, msn)))

    def poster(self, number: int, data: bytes) -> str:
        """Write a still; returns its key."""
        key = keys.poster_object(self._channel, self._folder, number)
        self._offer(_Write(key, data, "image/jpeg"))
        self._posters.append(key)
        return key

    def announced(self, batch: WindowBatch) -> None:
        """The window grew."""
        self._window.apply(batch)
        if any(isinstance(event, EndEvent) for event in batch.events):
            self._touch()

    def describe(self, info: BroadcastInfo) -> None:
        """What the multivariant playlist says changed, maybe. Only if everybody may watch, an address that can be guessed leads there."""
        before, self._info = self._info, info
        if before is None or before.is_open is not info.is_open:
            self._multivariant = ""
        if info.renditions and (before is None or not before.renditions or before.is_open is not info.is_open):
            self._touch()

    async def run(self) -> None:
        """Write what is offered, a few objects at a time, until cancelled."""
        async with Tasks("archive") as tasks:
            writers = [tasks.start(f"writer {number}", self._write()) for number in range(WRITERS)]
            tasks.start("playlists", self._keep_playlists())
            await asyncio.wait(writers)

    def _offer(self, write: _Write) -> None:
        if len(self._queue) >= QUEUE:
            self._queue.popleft()
            self.given_up += 1
        self._queue.append(write)
        self._wake.set()

    async def _write(self) -> None:
        while True:
            while not self._queue:
                self._wake.clear()
                await self._wake.wait()
            write = self._queue.popleft()
            self._writing += 1
            try:
                await self._put(write)
            except Unavailable as error:
                self.failures += 1
                _log.warning("object_not_written", name=write.key.rpartition("/")[2], reason=error.detail, waiting=self.waiting)
                self._queue.appendleft(write)
                await self._clock.sleep(_RETRY)
                continue
            finally:
                self._writing -= 1
            if write.stored:
                self._stored(*write.stored)
                self._window.apply(WindowBatch(events=(StoredEvent(rendition=write.stored[0], msn=write.stored[1]),)))
                self._touch()

    async def _keep_playlists(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._playlists()
            except Unavailable as error:
                self.failures += 1
                _log.warning("playlist_not_written", reason=error.detail)
                await self._clock.sleep(_RETRY)
                self._touch()

    def _touch(self) -> None:
        self._touched += 1
        self._changed.set()

    async def _put(self, write: _Write) -> None:
        try:
            await self._objects.put(write.key, write.data, content_type=write.content_type, cache_control=_FOREVER, only_if_absent=True)
        except Conflict:
            # The worker before us wrote it and could not say so any more: nobody else writes to the broadcast's folder.
            return

    async def _playlists(self) -> None:
        info = self._info
        if info is None or not info.renditions:
            return
        touched = self._touched
        for name, window in self._window.renditions.items():
            text = render_media(window, part_target=info.part_target, target_duration=info.target_duration, low_latency=False)
            if text != self._media.get(name):
                await self._playlist(keys.media_playlist_object(self._channel, self._folder, name), text)
                self._media[name] = text
        text = render_multivariant(info)
        if text != self._multivariant:
            await self._playlist(keys.multivariant_playlist_object(self._channel, self._folder), text)
            if info.is_open:
                await self._playlist(keys.channel_playlist_object(self._channel), render_multivariant(info, prefix=f"{self._folder}/"))
            elif info.is_open is not None:
                await self._objects.delete(keys.channel_playlist_object(self._channel))
            self._multivariant = text
        self._rendered = touched

        while len(self._posters) > POSTERS:
            await self._objects.delete(self._posters.popleft())

    async def _playlist(self, key: str, text: str) -> None:
        await self._objects.put(key, text.encode(), content_type=_PLAYLIST, cache_control=_SHORT)
