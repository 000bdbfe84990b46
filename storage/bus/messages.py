"""What nodes tell each other over the bus. Encoded as MessagePack; a reader ignores fields it does not know.

Three kinds: *registers* (a node's or session's own description under a time to live, refreshed by its owner),
*window events* (what a transcoder worker appended to a broadcast, in order) and *calls* (a question to one node).
"""

import msgspec

from storage.model.broadcast import BroadcastState, PublishEnd
from storage.model.channel import Visibility
from storage.model.ids import BroadcastId, ChannelId, ChannelName, NodeId, ObjectFolder, SessionId
from storage.model.media import Codec, TrackKind
from storage.model.rendition import RenditionName


class NodeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A running process. ``relay`` is where its feed is read from (``unix:/path`` or ``tcp:host:port``), empty unless it ingests."""

    node: NodeId
    roles: tuple[str, ...]
    host: str
    started_ms: int
    relay: str = ""
    sessions: int = 0
    capacity: int = 0
    draining: bool = False


class TrackInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A negotiated track, as in :class:`storage.model.media.Track`."""

    kind: TrackKind
    codec: Codec
    channels: int = 0


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The one publishing session a channel has now. Kept by the ingest node under a time to live; newest wins.

    ``silent`` is true from two seconds without media on. ``by`` tells by what right it publishes (:mod:`storage.publishing`).
    """

    session: SessionId
    channel: ChannelName
    node: NodeId
    relay: str
    tracks: tuple[TrackInfo, ...]
    started_ms: int
    silent: bool = False
    by: str = ""


class RenditionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the multivariant playlist says of a rendition. Bit rates in bits a second, measured; ``codecs`` as in RFC 6381."""

    name: RenditionName
    codecs: str
    bandwidth: int
    average_bandwidth: int
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    channels: int = 0


class BroadcastInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A broadcast viewers can ask for. Kept by its transcoder worker under a time to live.

    ``part_target`` and ``target_duration`` never change during a broadcast; seconds. ``hold_back`` is how many parts players stay
    behind, ``window`` how many seconds of segments a live playlist lists. ``lane`` is ``passthrough`` or ``encode``. ``poster`` is
    an object key or empty. ``folder`` is where its objects lie, told to nobody; ``is_open`` whether everybody may watch it, None while
    that is not known: a broadcast is open or closed from its beginning to its end. ``end_reason`` is why the publisher went, once
    the broadcast has ended.
    """

    channel: ChannelName
    broadcast: BroadcastId
    state: BroadcastState
    started_ms: int
    part_target: float
    target_duration: int
    window: float
    hold_back: float = 3.0
    renditions: tuple[RenditionInfo, ...] = ()
    lane: str = ""
    poster: str = ""
    folder: ObjectFolder = ObjectFolder("")
    is_open: bool | None = None
    end_reason: str = ""


class ChannelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the media plane must know of a channel that is or was lately on the air. Kept by the web role, which knows the database.

    Where there is none, the channel's media is given to nobody.
    """

    channel: ChannelName
    id: ChannelId
    title: str
    visibility: Visibility


class LatencyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What players told one web process: glass to glass, in milliseconds, of those that spoke up in the last seconds."""

    channel: ChannelName
    players: int
    p50_ms: int
    p95_ms: int


class KeyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The public half of a key tokens are signed with, as in :class:`storage.model.token.PublicKey`; times in Unix milliseconds."""

    kid: str
    public: bytes
    created_ms: int
    retired_ms: int | None = None


class KeysInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Every key that may still vouch for a token. Kept by the web nodes, read by those that only check tokens."""

    keys: tuple[KeyInfo, ...]


class InitEvent(msgspec.Struct, frozen=True, kw_only=True, tag="init"):
    """A rendition has a (new) init segment, fetched by :func:`storage.bus.topics.init_key`; later parts name it by ``init``."""

    rendition: RenditionName
    init: int


class PartEvent(msgspec.Struct, frozen=True, kw_only=True, tag="part"):
    """A part is there, its bytes under :func:`storage.bus.topics.part_key`. The first part of a segment has ``part`` 0.

    ``duration`` in seconds. ``program_ms`` is the capture time of the part's start in Unix milliseconds. ``discontinuity``
    (only on part 0) is true where the segment follows an ``EXT-X-DISCONTINUITY``; ``discontinuity_sequence`` counts
    those up to and including this segment, since the broadcast began. ``gap`` parts have no bytes (``GAP=YES``).
    """

    rendition: RenditionName
    msn: int
    part: int
    duration: float
    size: int
    independent: bool
    init: int
    program_ms: int
    discontinuity: bool = False
    discontinuity_sequence: int = 0
    gap: bool = False


class SegmentEvent(msgspec.Struct, frozen=True, kw_only=True, tag="segment"):
    """The segment ``msn`` is complete: it holds the parts announced for it, ``duration`` seconds, ``size`` bytes."""

    rendition: RenditionName
    msn: int
    duration: float
    size: int


class StoredEvent(msgspec.Struct, frozen=True, kw_only=True, tag="stored"):
    """The segment ``msn`` can be read from the object store."""

    rendition: RenditionName
    msn: int


class EndEvent(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """Nothing will be appended any more: ``EXT-X-ENDLIST``."""


WindowEvent = InitEvent | PartEvent | SegmentEvent | StoredEvent | EndEvent


class WindowBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Events that become visible together, in order: one entry of a window stream.

    ``checkpoint`` belongs to the transcoder worker: what its successor needs to go on behind these events. Others ignore it.
    """

    events: tuple[WindowEvent, ...]
    checkpoint: bytes = b""


class StopInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An operator stopped a channel's broadcast: nobody publishes to it until ``until_ms`` (Unix milliseconds)."""

    channel: ChannelName
    until_ms: int


class PublishCall(msgspec.Struct, frozen=True, kw_only=True, tag="publish"):
    """Open a session for ``channel`` from a WHIP offer. The caller has checked the stream key or token; ``by`` tells by what right."""

    channel: ChannelName
    offer: str
    key_digest: bytes
    by: str = ""


class TrickleCall(msgspec.Struct, frozen=True, kw_only=True, tag="trickle"):
    """A ``PATCH`` with an SDP fragment: candidates, or an ICE restart when it carries new credentials.

    The caller has checked a stream key of ``channel``; a session of another channel is not found.
    """

    session: SessionId
    channel: ChannelName
    fragment: str
    if_match: str | None


class EndCall(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """End a session on its publisher's word, or because it is no longer allowed. The caller has checked that, as in ``TrickleCall``."""

    session: SessionId
    channel: ChannelName
    reason: PublishEnd = PublishEnd.PUBLISHER_LEFT


class StatisticsCall(msgspec.Struct, frozen=True, kw_only=True, tag="statistics"):
    """Ask how a session is doing."""

    session: SessionId


Call = PublishCall | TrickleCall | EndCall | StatisticsCall


class PublishReply(msgspec.Struct, frozen=True, kw_only=True, tag="published"):
    """A session was opened. ``etag`` names its ICE session (RFC 9725 section 4.3.1)."""

    session: SessionId
    answer: str
    etag: str


class TrickleReply(msgspec.Struct, frozen=True, kw_only=True, tag="trickled"):
    """A fragment was taken. ``fragment`` and ``etag`` are set after an ICE restart."""

    fragment: str = ""
    etag: str = ""


class EndReply(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """The session is over."""


class StatisticsReply(msgspec.Struct, frozen=True, kw_only=True, tag="statistics"):
    """Numbers since the session began, rates over the last seconds. ``rtt`` and ``jitter`` in seconds, bit rates in bits a second."""

    connected: bool
    bitrate: int
    packets: int
    lost: int
    recovered: int
    frames: int
    frames_given_up: int
    keyframes: int
    rtt: float
    width: int
    height: int
    frame_rate: float
    codec: str
    nacks: int = 0
    plis: int = 0


class ErrorReply(msgspec.Struct, frozen=True, kw_only=True, tag="error"):
    """The node refused. ``code`` is a :class:`storage.model.errors.ErrorCode`; ``kind`` names the error's class."""

    kind: str
    code: str
    detail: str


Reply = PublishReply | TrickleReply | EndReply | StatisticsReply | ErrorReply
