"""A session's reception: RTP and RTCP in, whole access units out. Pure: times are given, nothing is sent or read here."""

from collections.abc import Callable, Sequence

from ingest import rtcp
from ingest.capture import CaptureClock
from ingest.inbound import InboundTrack
from ingest.nack import FIRST_WAIT_NS, SHORTEST_WAIT_NS, RoundTrip
from ingest.rates import Rates
from ingest.rtp import HEADER, Arrived, find_extension, locate_payload
from ingest.settling import Settling
from ingest.track import NegotiatedTrack, ReceptionStatistics
from ingest.twcc import INTERVAL_NS, ArrivalLog
from storage.model.media import AccessUnit, TrackKind

__all__ = ["NegotiatedTrack", "Reception", "ReceptionStatistics"]

_REPORT_INTERVAL_NS = 1_000_000_000
_REBIND_NS = 2_000_000_000
_EARLY_REPORTS = 8
_BILLION = 1_000_000_000


class Reception:
    """The receiving end of all tracks of one session.

    ``ssrc`` is ours in RTCP. ``deliver`` gets every access unit, in order per track, the first ones after they have been ``settling``.
    All times are Unix nanoseconds of one clock. ``said_goodbye`` is true when every track's stream ended with an RTCP BYE. ``urgent``
    is true while ``poll`` has something to send that should not wait for the next regular poll: a hole, feedback, a keyframe request;
    never more often than every 8 ms.
    """

    __slots__ = (
        "_by_ssrc",
        "_clock",
        "_early",
        "_full_intra_requests",
        "_last_ns",
        "_log",
        "_rates",
        "_report_ns",
        "_round_trip",
        "_settling",
        "_ssrc",
        "_started_ns",
        "_tracks",
        "_twcc",
        "_wake_ns",
        "invalid",
        "padding",
        "urgent",
    )

    def __init__(
        self, tracks: Sequence[NegotiatedTrack], *, ssrc: int, deliver: Callable[[AccessUnit], None], settling: Settling | None = None
    ) -> None:
        self._ssrc = ssrc
        self._settling = settling
        self._clock = CaptureClock()
        self._round_trip = RoundTrip()
        self._tracks = [InboundTrack(track, self._clock, self._round_trip, deliver, settling) for track in tracks]
        self._by_ssrc: dict[int, InboundTrack] = {}
        for inbound in self._tracks:
            for known in (inbound.negotiated.ssrc, inbound.negotiated.rtx_ssrc):
                if known is not None:
                    self._by_ssrc[known] = inbound
        self._twcc = next((track.twcc_extension for track in tracks if track.transport_cc and track.twcc_extension), 0)
        self._log = ArrivalLog(ssrc)
        self._early: dict[int, tuple[rtcp.SenderReport, int]] = {}
        self._rates = Rates()
        self._last_ns = 0
        self._started_ns = 0
        self._report_ns = 0
        self._full_intra_requests = 0
        self.invalid = 0
        self.padding = 0
        self.urgent = False
        self._wake_ns = 0

    @property
    def said_goodbye(self) -> bool:
        """An RTCP BYE came for the stream of every track that had one, and no packet of any since."""
        live = [track for track in self._tracks if track.ssrc is not None]
        return bool(live) and all(track.goodbye for track in live)

    def rtp(self, packet: bytes, arrival_ns: int) -> None:
        """Take one decrypted RTP packet. Whatever can't be used is dropped and counted."""
        size = len(packet)
        if size < 12:
            self.invalid += 1
            return
        first, second, sequence, timestamp, ssrc = HEADER.unpack_from(packet)
        if first == 0x80:
            start, end = 12, size
        else:
            place = locate_payload(packet)
            if place is None:
                self.invalid += 1
                return
            start, end, extension, extension_end = place
            if extension and self._twcc:
                element = find_extension(packet, extension, extension_end, self._twcc)
                if element is not None and element[1] >= 2:
                    at = element[0]
                    self._log.received(packet[at] << 8 | packet[at + 1], arrival_ns)
        arrived = (packet, start, end, timestamp, second > 0x7F, arrival_ns)
        track = self._by_ssrc.get(ssrc)
        if track is not None and ssrc == track.ssrc and track.uses.get(second & 0x7F) == "media":
            self._last_ns = arrival_ns
            if track.media(sequence, arrived):
                self._wake_ns = min(self._wake_ns, arrival_ns + FIRST_WAIT_NS)
        else:
            self._other(track, ssrc, second & 0x7F, sequence, arrived)
        if arrival_ns >= self._wake_ns:
            self.urgent = True

    def _other(self, track: InboundTrack | None, ssrc: int, payload_type: int, sequence: int, arrived: Arrived) -> None:
        """A retransmission, or the first packet of a stream."""
        track = track or self._by_mid(arrived[0]) or self._by_payload_type(payload_type)
        use = track.uses.get(payload_type) if track is not None else None
        if track is None or use is None:
            self.invalid += 1
        elif use == "media":
            if self._bind(track, ssrc, arrived[5]):
                self._last_ns = arrived[5]
                track.media(sequence, arrived)
            else:
                self.invalid += 1
        elif track.ssrc is None or ssrc == track.ssrc:
            self.invalid += 1
        else:
            if ssrc != track.rtx_ssrc:
                if track.rtx_ssrc is not None:
                    self._by_ssrc.pop(track.rtx_ssrc, None)
                track.rtx_ssrc = ssrc
                self._by_ssrc[ssrc] = track
            self._repair(track, arrived)

    def _repair(self, track: InboundTrack, arrived: Arrived) -> None:
        """RFC 4588 section 4: the original sequence number stands in front of the payload."""
        packet, start, end, timestamp, marker, arrival_ns = arrived
        if end - start < 3:
            # The sender probes the path's bandwidth with padding, or repeats a padding packet.
            self.padding += 1
            return
        original = packet[start] << 8 | packet[start + 1]
        track.buffer.insert(original, (packet, start + 2, end, timestamp, marker, arrival_ns), repair=True)

    def rtcp(self, packet: bytes, arrival_ns: int) -> None:
        """Take one decrypted RTCP packet."""
        compound = rtcp.parse(packet)
        if compound.malformed:
            self.invalid += 1
        for report in compound.senders:
            track = self._by_ssrc.get(report.ssrc)
            if track is not None and (track.ssrc == report.ssrc or (track.ssrc is None and track.negotiated.ssrc == report.ssrc)):
                track.sender_report(report, arrival_ns)
            elif len(self._early) < _EARLY_REPORTS or report.ssrc in self._early:
                self._early[report.ssrc] = (report, arrival_ns)
        for ssrc in compound.goodbyes:
            track = self._by_ssrc.get(ssrc)
            if track is not None and track.ssrc == ssrc:
                track.goodbye = True
        for ssrc, last_report, delay in compound.delays:
            if ssrc == self._ssrc and last_report:
                now = rtcp.ntp_time(arrival_ns) >> 16 & 0xFFFFFFFF
                elapsed = (now - last_report - delay) & 0xFFFFFFFF
                if elapsed < 5 * 65536:
                    self._round_trip.sample(elapsed * _BILLION >> 16)

    def poll(self, now_ns: int) -> list[bytes]:
        """RTCP packets to protect and send now, each a datagram of its own. To be called every 20 to 50 ms, and
        within a few milliseconds when ``urgent``. Gives up what is overdue.
        """
        self.urgent = False
        self._wake_ns = now_ns + INTERVAL_NS
        if not self._started_ns:
            self._started_ns = now_ns
        packets: list[bytes] = []
        for track in self._tracks:
            ssrc = track.ssrc
            if ssrc is None:
                continue
            missing = track.missing(now_ns)
            if track.nacks is not None and len(track.nacks):
                self._wake_ns = now_ns + SHORTEST_WAIT_NS
            if missing:
                packets.append(rtcp.nack(self._ssrc, ssrc, missing))
            requests = track.keyframe_requests
            if requests is not None and requests.due(now_ns, stuck=track.stuck, coming=track.depacketizer.receiving_keyframe):
                packets.append(self._keyframe_request(track, ssrc))
        if self._settling is not None:
            self._settling.look(now_ns)
        if self._twcc:
            packets += self._log.due(now_ns)
        if not 0 <= now_ns - self._report_ns < _REPORT_INTERVAL_NS:
            packets += self._reports(now_ns)
        return packets

    def request_keyframe(self) -> None:
        """Ask the publisher for a keyframe with the next ``poll``, at most twice a second."""
        for track in self._tracks:
            if track.keyframe_requests is not None:
                track.keyframe_requests.want()
                self.urgent = True

    def silent_for(self, now_ns: int) -> float:
        """Seconds since the last media packet of any track, since the first ``poll`` while there was none."""
        since = self._last_ns or self._started_ns
        return max(0, now_ns - since) / _BILLION if since else 0.0

    def statistics(self, now_ns: int) -> ReceptionStatistics:
        """Counters since the session began and rates of the last seconds."""
        tracks = self._tracks
        videos = [track for track in tracks if track.negotiated.kind is TrackKind.VIDEO]
        main = (videos or tracks)[0]
        octets = sum(track.octets for track in tracks)
        frames = sum(track.frames for track in videos)
        bitrate, frame_rate = self._rates.at(now_ns, octets, frames)
        return ReceptionStatistics(
            bitrate=bitrate,
            packets=sum(track.packets for track in tracks),
            lost=sum(track.buffer.lost for track in tracks),
            recovered=sum(track.buffer.recovered for track in tracks),
            duplicates=sum(track.buffer.duplicates for track in tracks),
            invalid=self.invalid + sum(track.depacketizer.invalid for track in tracks),
            frames=frames,
            frames_given_up=sum(track.depacketizer.discarded for track in videos),
            keyframes=sum(track.keyframes for track in videos),
            audio_frames=sum(track.frames for track in tracks) - frames,
            rtt=self._round_trip.ns / _BILLION if self._round_trip.measured else 0.0,
            jitter=(main.jitter >> 4) / main.negotiated.clock_rate,
            width=main.depacketizer.width,
            height=main.depacketizer.height,
            frame_rate=frame_rate,
            codec=main.negotiated.codec.value,
            nacks=sum(track.nacks.sent for track in tracks if track.nacks is not None),
            plis=sum(track.keyframe_requests.sent for track in tracks if track.keyframe_requests is not None),
            resets=sum(track.buffer.resets for track in tracks),
        )

    def _bind(self, track: InboundTrack, ssrc: int, arrival_ns: int) -> bool:
        """Make ``ssrc`` the track's media stream. A track that has a live stream takes no second one."""
        if track.ssrc is not None:
            if 0 <= arrival_ns - track.last_ns < _REBIND_NS:
                return False
            self._by_ssrc.pop(track.ssrc, None)
        self._by_ssrc[ssrc] = track
        track.bind(ssrc)
        self._log.media_ssrc = self._log.media_ssrc or ssrc
        self.urgent = True
        early = self._early.pop(ssrc, None)
        if early is not None:
            track.sender_report(*early)
        return True

    def _by_mid(self, packet: bytes) -> InboundTrack | None:
        place = locate_payload(packet)
        if place is None or not place.extension:
            return None
        for track in self._tracks:
            wanted = track.negotiated.mid_extension
            if wanted:
                element = find_extension(packet, place.extension, place.extension_end, wanted)
                if element is not None and packet[element[0] : sum(element)] == track.negotiated.mid.encode():
                    return track
        return None

    def _by_payload_type(self, payload_type: int) -> InboundTrack | None:
        return next((track for track in self._tracks if payload_type in track.negotiated.payload_types), None)

    def _keyframe_request(self, track: InboundTrack, ssrc: int) -> bytes:
        if track.negotiated.pli:
            return rtcp.picture_loss(self._ssrc, ssrc)
        self._full_intra_requests += 1
        return rtcp.full_intra_request(self._ssrc, ssrc, self._full_intra_requests)

    def _reports(self, now_ns: int) -> list[bytes]:
        self._report_ns = now_ns
        blocks = [block for track in self._tracks if (block := track.report_block(now_ns)) is not None]
        if not blocks:
            return []
        self._rates.note(now_ns, *self._totals())
        return [
            rtcp.receiver_report(self._ssrc, blocks)
            + rtcp.canonical_name(self._ssrc, "fanlight")
            + rtcp.reference_time(self._ssrc, rtcp.ntp_time(now_ns))
        ]

    def _totals(self) -> tuple[int, int]:
        frames = sum(track.frames for track in self._tracks if track.negotiated.kind is TrackKind.VIDEO)
        return sum(track.octets for track in self._tracks), frames
