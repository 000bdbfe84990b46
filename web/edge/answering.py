"""What each request record is answered with: looked up, waited for or read from the store."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from storage.bus.topics import init_key, part_key
from storage.model.errors import BadInput, ErrorCode, FanlightError, NotFound, Unavailable
from storage.model.rendition import RenditionName
from storage.objects.keys import init_object, segment_object
from transcoder.hls.window import Position
from web.edge import answers
from web.edge.answers import Answer, CacheRules, Headers, Playlist
from web.edge.broadcast import LiveBroadcast
from web.edge.cache import Load
from web.edge.edge import Edge
from web.edge.follower import Follower
from web.edge.gate import Gate
from web.edge.routes import InitRequest, MediaRequest, MultivariantRequest, PartRequest, PosterRequest, SegmentRequest

PATIENCE = 3
"""Target durations a request is held (section 6.2.5.2)."""

POSTER_CACHE = "public, max-age=5"


@dataclass(frozen=True, slots=True)
class Stream:
    """A response whose body is on its way from the store; all who ask for it share the one read."""

    headers: Headers
    load: Load


@dataclass(frozen=True, slots=True)
class Wait:
    """What was asked for is not there yet: enter ``gate`` for ``key`` and have ``patience``, in seconds."""

    gate: Gate[Any, Any]
    key: Hashable
    patience: float


class Answering:
    """Answers every kind of delivery request.

    All raise ``NotFound``, ``BadInput`` or ``Unavailable`` for what the client is to be told instead.
    """

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    async def multivariant(self, request: MultivariantRequest) -> Playlist:
        """The multivariant playlist of a channel on the air."""
        follower = await self._edge.follow(request.channel)
        if follower.broadcast.window.ended:
            # Who asks for a broadcast that is over may have heard of the next one before us.
            await follower.look_again()
            follower = await self._edge.follow(request.channel)
        found = follower.broadcast.multivariant()
        if found is None:
            raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "This channel is about to begin.")
        return found

    def media(self, follower: Follower, request: MediaRequest, query: str) -> Playlist | Wait:
        """A media playlist, or where to wait until it has what the request names."""
        broadcast = follower.broadcast
        if not broadcast.may_have(request.rendition):
            raise NotFound(ErrorCode.NOT_FOUND, "This broadcast has no such rendition.")
        delivery = broadcast.deliveries[request.rendition]
        found = delivery.find(request, query)
        if isinstance(found, Playlist):
            return found
        if found is Position.TOO_FAR:
            raise BadInput(ErrorCode.BAD_REQUEST, "The playlist is not that far by a long way.")
        if found is not Position.NOT_YET:
            raise NotFound(ErrorCode.NOT_FOUND, "There is no such playlist.")
        return Wait(delivery.gate, (request.msn, request.part, request.skip), _patience(broadcast))

    def part(self, follower: Follower, request: PartRequest) -> Answer | Wait | None:
        """A part from memory, where to wait for it if it is the hinted one, or nothing if it has to be got from elsewhere.

        It is answered whole, never in pieces (section 6.2.6).
        """
        broadcast = _broadcast(follower, request)
        found = broadcast.part(request.rendition, request.msn, request.part)
        if isinstance(found, Answer):
            return found
        if found is Position.READY:
            return None
        if found is not Position.NOT_YET:
            raise NotFound(ErrorCode.NOT_FOUND, "There is no such part.")
        return Wait(broadcast.part_gate(request.rendition), (request.msn, request.part), _patience(broadcast))

    async def segment(self, request: SegmentRequest) -> Answer | Stream:
        """A whole segment: of the parts in memory, else from the store."""
        broadcast = _broadcast(await self._edge.follow(request.channel), request)
        key = segment_object(request.channel, broadcast.info.folder, request.rendition, request.msn)
        kind = answers.AUDIO_SEGMENT_TYPE if request.rendition is RenditionName.AUDIO else answers.SEGMENT_TYPE
        data = self._edge.objects.get(key)
        segment = broadcast.segment(request.rendition, request.msn)
        if data is None and segment is not None:
            data = broadcast.joined(request.rendition, segment)
            if data is None and not segment.stored:
                data = await self._parts_from_bus(broadcast, request, len(segment.parts))
            if data is not None:
                self._edge.objects.keep(key, data)
        if data is not None:
            return answers.media(data, kind, CacheRules.IMMUTABLE)
        if segment is None and not broadcast.just_removed(request.rendition, request.msn):
            raise NotFound(ErrorCode.NOT_FOUND, "There is no such segment.")
        load = await self._edge.objects.load(key, segment.size if segment else None)
        return Stream(answers.media(b"", kind, CacheRules.IMMUTABLE).headers, load)

    async def init(self, request: InitRequest) -> Answer:
        """An init segment."""
        broadcast = _broadcast(await self._edge.follow(request.channel), request)
        found = broadcast.init(request.rendition, request.init)
        if found is None:
            window = broadcast.window.rendition(request.rendition)
            if window is None or request.init > window.init:
                raise NotFound(ErrorCode.NOT_FOUND, "There is no such init segment.")
            data = await self._init_elsewhere(broadcast, request)
            found = broadcast.keep_init(request.rendition, request.init, data)
        return found

    async def poster(self, request: PosterRequest) -> Answer:
        """A channel's newest still picture."""
        info = await self._edge.describe(request.channel)
        if info is None or not info.poster:
            raise NotFound(ErrorCode.NOT_FOUND, "This channel has no picture now.")
        data = self._edge.objects.get(info.poster) or await (await self._edge.objects.load(info.poster)).whole()
        return answers.media(data, answers.POSTER_TYPE, POSTER_CACHE)

    async def part_elsewhere(self, request: PartRequest | MediaRequest) -> Answer:
        """A listed part that is no longer in memory: from the bus, or cut out of its stored segment."""
        assert isinstance(request, PartRequest)
        broadcast = _broadcast(await self._edge.follow(request.channel), request)
        segment = broadcast.window.renditions[request.rendition].find(request.msn)
        if segment is None or segment.parts[request.part].gap:
            raise NotFound(ErrorCode.NOT_FOUND, "There is no such part.")
        data: bytes | None = None
        try:
            (data,) = await self._edge.bus.blobs([part_key(request.broadcast, request.rendition, request.msn, request.part)])
        except Unavailable:
            if not segment.stored:
                raise
        if data is None and segment.stored:
            key = segment_object(request.channel, broadcast.info.folder, request.rendition, request.msn)
            whole = self._edge.objects.get(key) or await (await self._edge.objects.load(key, segment.size)).whole()
            start = sum(part.size for part in segment.parts[: request.part])
            data = whole[start : start + segment.parts[request.part].size]
        if data is None:
            raise NotFound(ErrorCode.NOT_FOUND, "This part is lost.")
        return broadcast.part_answer(request.rendition, data)

    async def _parts_from_bus(self, broadcast: LiveBroadcast, request: SegmentRequest, count: int) -> bytes | None:
        keys = [part_key(broadcast.info.broadcast, request.rendition, request.msn, number) for number in range(count)]
        parts = [part for part in await self._edge.bus.blobs(keys) if part is not None]
        return b"".join(parts) if len(parts) == count else None

    async def _init_elsewhere(self, broadcast: LiveBroadcast, request: InitRequest) -> bytes:
        failure: FanlightError | None = None
        try:
            (data,) = await self._edge.bus.blobs([init_key(request.broadcast, request.rendition, request.init)])
            if data is not None:
                return data
        except Unavailable as error:
            failure = error
        try:
            key = init_object(request.channel, broadcast.info.folder, request.rendition, request.init)
            return await (await self._edge.objects.load(key)).whole()
        except NotFound:
            raise failure or NotFound(ErrorCode.NOT_FOUND, "There is no such init segment.") from None


def _broadcast(follower: Follower, request: InitRequest | PartRequest | SegmentRequest) -> LiveBroadcast:
    found = follower.find(request.broadcast)
    if found is None:
        raise NotFound(ErrorCode.NOT_FOUND, "That broadcast is over.")
    return found


def _patience(broadcast: LiveBroadcast) -> float:
    return PATIENCE * broadcast.info.target_duration
