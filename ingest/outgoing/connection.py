"""One peer connection that sends encoded frames: the adapter to aiortc's client side."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import aioice.ice
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from ingest.outgoing.sample import EncodedPacket, Sample
from ingest.rtcp import ntp_time
from storage.model.media import Codec, TrackKind

QUEUE = 100
"""Frames of a track that may wait to be sent; the newest is dropped when it is full, which only a stalled loop brings about."""

_KINDS = {TrackKind.AUDIO: "audio", TrackKind.VIDEO: "video"}
_MIME = {Codec.OPUS: "audio/opus", Codec.H264: "video/h264", Codec.VP8: "video/vp8"}


@dataclass(frozen=True, slots=True)
class Traffic:
    """Packets received on the transport so far, and whether it is over."""

    received: int
    ended: bool


class _EncodedTrack(MediaStreamTrack):
    """A track whose frames are encoded already: aiortc only packetises them."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.queue: asyncio.Queue[tuple[EncodedPacket, int]] = asyncio.Queue(QUEUE)
        self.sender: RTCRtpSender | None = None
        self._captured_ns = 0

    async def recv(self) -> EncodedPacket:
        if self.readyState != "live":
            raise MediaStreamError
        if self.sender is not None and self._captured_ns:
            # What was handed out before is sent now. aiortc's sender reports give a frame the moment it left, however late that
            # was; it is the moment of its capture by which sound and picture are put together (RFC 3550 section 6.4.1).
            cast("Any", self.sender)._RTCRtpSender__ntp_timestamp = ntp_time(self._captured_ns)  # noqa: SLF001 - no public hook
        packet, self._captured_ns = await self.queue.get()
        return packet


class Connection:
    """A sending peer connection. Used once: offer, accept, send, close."""

    def __init__(self, codecs: dict[TrackKind, Codec], keyframe_wanted: Callable[[], None]) -> None:
        _allow_loopback_only_machines()
        # No STUN server: the server's candidates are public or on the same network, and it learns ours from the checks.
        # Not max-bundle: aiortc then looks for candidates in the answer's last section, and RFC 8843 puts them into the first.
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._tracks: dict[TrackKind, _EncodedTrack] = {}
        self._senders: list[RTCRtpSender] = []
        self._changed = asyncio.Event()
        self._keyframe_wanted = keyframe_wanted
        self._frames = self._bytes = self._requests = 0
        self.dropped = 0
        self.server = ""
        self.session_url = ""
        for kind in sorted(codecs, reverse=True):
            self._add(kind, codecs[kind])
        self._peer.on("connectionstatechange", self._changed.set)

    def _add(self, kind: TrackKind, codec: Codec) -> None:
        track = _EncodedTrack(_KINDS[kind])
        transceiver = self._peer.addTransceiver(track, direction="sendonly")
        capabilities = RTCRtpSender.getCapabilities(_KINDS[kind]).codecs
        # rtx of the wanted codec stays because aiortc lists it behind each codec; all other codecs go
        transceiver.setCodecPreferences([c for c in capabilities if c.mimeType.lower() in {_MIME[codec], "video/rtx"}])
        if kind is TrackKind.VIDEO:
            # aiortc forgets a PLI when it did not encode the frames itself
            cast("Any", transceiver.sender)._send_keyframe = self._keyframe_requested  # noqa: SLF001 - it has no public hook
        track.sender = transceiver.sender
        self._tracks[kind] = track
        self._senders.append(transceiver.sender)

    def _keyframe_requested(self) -> None:
        self._requests += 1
        self._keyframe_wanted()

    async def offer(self) -> str:
        """The SDP offer, with all candidates."""
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return self._peer.localDescription.sdp

    async def accept(self, answer: str) -> None:
        """Take the server's SDP answer."""
        self.server = next((_candidate_address(line) for line in answer.splitlines() if line.startswith("a=candidate:")), "")
        await self._peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def connected(self, within: float) -> bool:
        """Wait until media can flow; false when that did not happen ``within`` seconds."""
        try:
            async with asyncio.timeout(within):
                while self._peer.connectionState not in {"connected", "failed", "closed"}:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return self._peer.connectionState == "connected"

    def send(self, sample: Sample, captured_ns: int) -> None:
        """Send a frame now. ``captured_ns`` is the Unix time its capture is reported with."""
        try:
            self._tracks[sample.kind].queue.put_nowait((sample.packet, captured_ns))
        except asyncio.QueueFull:
            self.dropped += 1
            return
        self._bytes += sample.packet.size
        self._frames += sample.kind is TrackKind.VIDEO

    def take_counters(self) -> tuple[int, int, int]:
        """Video frames and bytes sent and keyframes asked for since the last call."""
        counters = self._frames, self._bytes, self._requests
        self._frames = self._bytes = self._requests = 0
        return counters

    async def traffic(self) -> Traffic:
        """What came in so far."""
        report = await self._senders[0].getStats()
        received = max((entry.packetsReceived for entry in report.values() if entry.type == "transport"), default=0)
        return Traffic(received, self._peer.connectionState in {"failed", "closed"})

    async def close(self) -> None:
        """Say good-bye by RTCP and DTLS and let go of the socket."""
        await self._peer.close()


def _candidate_address(line: str) -> str:
    words = line.split()
    return f"{words[4]}:{words[5]}" if len(words) > 5 else ""


def _allow_loopback_only_machines() -> None:
    """The library leaves 127.0.0.1 out, and a machine without a network has no other address to publish to itself from."""
    if not aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True):
        cast("Any", aioice.ice).get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"] if use_ipv4 or use_ipv6 else []
