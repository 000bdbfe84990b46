"""One track's way from packets to access units: order, repair, depacketizing, time, and what is to be reported about it. Pure."""

from collections.abc import Callable
from functools import partial

from ingest.capture import CaptureClock
from ingest.depacketize import depacketizer
from ingest.jitter_buffer import JitterBuffer
from ingest.keyframe import KeyframeRequests
from ingest.nack import NackList, RoundTrip
from ingest.repair import RepairWatch
from ingest.rtcp import ReportBlock, SenderReport
from ingest.rtp import Arrived
from ingest.settling import Settling
from ingest.ticks import TickMapper
from ingest.track import NegotiatedTrack
from storage.model.media import AccessUnit, TrackKind

GIVE_UP_NS = 500_000_000
"""A video frame that is not complete this long after a hole was seen is given up."""

_AUDIO_GIVE_UP_NS = 250_000_000
_WORTH_ASKING = 4
"""Packets; while a keyframe is waited for, one of these may be its first, but most of many are of pictures nobody can use."""

_LEAD = 16
"""Packets that may have been overtaken or lost before the first one that came, the start of the only keyframe for seconds among them."""

_REORDER_NS = 120_000_000
"""Without retransmissions a packet can only have been overtaken."""


class InboundTrack:
    """A negotiated track being received. ``ssrc`` is its media stream's, ``None`` until the first packet came."""

    __slots__ = (
        "_deliver",
        "_discarded",
        "_jitter_base",
        "_kind",
        "_last_timestamp",
        "_packets_before",
        "_rate",
        "_repair",
        "_reported_expected",
        "_reported_received",
        "_resets",
        "_sequence",
        "_settling",
        "_ticks",
        "buffer",
        "clock",
        "depacketizer",
        "frames",
        "goodbye",
        "jitter",
        "keyframe_requests",
        "keyframes",
        "last_ns",
        "nacks",
        "negotiated",
        "octets",
        "packets",
        "report",
        "report_ns",
        "rtx_ssrc",
        "ssrc",
        "uses",
    )

    def __init__(
        self,
        negotiated: NegotiatedTrack,
        clock: CaptureClock,
        round_trip: RoundTrip,
        deliver: Callable[[AccessUnit], None],
        settling: Settling | None = None,
    ) -> None:
        self.negotiated = negotiated
        self._kind = negotiated.kind
        self._rate = negotiated.clock_rate
        self._deliver = deliver
        self._settling = settling
        self._ticks = TickMapper(self._rate)
        self.clock = clock.track(self._rate)
        self.depacketizer = depacketizer(negotiated.codec, self._emit)
        self.nacks = NackList(round_trip) if negotiated.nack else None
        video = negotiated.kind is TrackKind.VIDEO
        self.buffer = JitterBuffer(
            release=self.depacketizer.push,
            lost=self.depacketizer.lost,
            seek=self._seek,
            wait_ns=(GIVE_UP_NS if video else _AUDIO_GIVE_UP_NS) if negotiated.nack else _REORDER_NS,
            nacks=self.nacks,
            lead=_LEAD if video else 0,
        )
        self._repair = RepairWatch(GIVE_UP_NS * 4 // 5)
        self.keyframe_requests = KeyframeRequests() if video and (negotiated.pli or negotiated.fir) else None
        self.ssrc: int | None = None
        self.rtx_ssrc = negotiated.rtx_ssrc
        self.uses = negotiated.payload_types
        self.packets = 0
        self.octets = 0
        self.frames = 0
        self.keyframes = 0
        self.jitter = 0
        self.last_ns = 0
        self.goodbye = False
        self.report: SenderReport | None = None
        self.report_ns = 0
        self._jitter_base = 0
        self._last_timestamp = -1
        self._sequence = 0
        self._discarded = 0
        self._reported_expected = 0
        self._reported_received = 0
        self._packets_before = 0
        self._resets = 0

    def media(self, sequence: int, arrived: Arrived) -> bool:
        """Take a packet of the media stream. True where something should be asked for soon."""
        self.packets += 1
        self.octets += arrived[2] - arrived[1]
        self.last_ns = arrived[5]
        self.goodbye = False
        if arrived[3] != self._last_timestamp:
            self._measure(arrived[3], arrived[5])
        return self.buffer.insert(sequence, arrived)

    def missing(self, now_ns: int) -> list[int]:
        """Sequence numbers to ask for now. What is overdue is given up, and so is all that is missing where it is too much to come
        in time or worth little without a keyframe.
        """
        buffer, nacks = self.buffer, self.nacks
        buffer.expire(now_ns)
        if nacks is None or not len(nacks):
            self._repair.whole()
            return []
        numbers = buffer.missing(now_ns)
        if self._kind is TrackKind.VIDEO:
            useless = self.stuck and not self.depacketizer.receiving_keyframe and not buffer.leading
            if (useless and nacks.pending > _WORTH_ASKING) or self._repair.hopeless(nacks.pending, self.packets + buffer.recovered, now_ns):
                buffer.abandon()
                return []
        return [number & 0xFFFF for number in numbers]

    def bind(self, ssrc: int) -> None:
        """The media stream is ``ssrc`` from now on."""
        if self.ssrc is not None:
            self.report = None
            self._ticks.restart()
        self.ssrc = ssrc
        self.buffer.reset()
        self.goodbye = False
        self._restart_report(self.packets)

    @property
    def stuck(self) -> bool:
        """Nothing can be delivered before a keyframe comes."""
        return self.depacketizer.waiting and self.ssrc is not None

    def sender_report(self, report: SenderReport, arrival_ns: int) -> None:
        """Take a sender report of this track's stream; one that comes before the first packet waits for it."""
        self.report = report
        self.report_ns = arrival_ns
        self._apply_report()

    def report_block(self, now_ns: int) -> ReportBlock | None:
        """What to tell the sender about its stream (RFC 3550 section 6.4.1 and appendix A.3)."""
        if self.ssrc is None or not self.packets:
            return None
        highest = self.buffer.highest
        expected = highest - self.buffer.first + 1
        if self.buffer.resets != self._resets:
            self._restart_report(self.packets - expected)
        received = self.packets - self._packets_before
        expected_since = expected - self._reported_expected
        lost_since = expected_since - (received - self._reported_received)
        self._reported_expected = expected
        self._reported_received = received
        fraction = min(255, lost_since * 256 // expected_since) if expected_since > 0 and lost_since > 0 else 0
        last = delay = 0
        if self.report is not None:
            last = self.report.ntp >> 16 & 0xFFFFFFFF
            delay = max(0, now_ns - self.report_ns) * 65536 // 1_000_000_000 & 0xFFFFFFFF
        return ReportBlock(self.ssrc, fraction, expected - received, highest & 0xFFFFFFFF, self.jitter >> 4 & 0xFFFFFFFF, last, delay)

    def _restart_report(self, before: int) -> None:
        self._resets = self.buffer.resets
        self._packets_before = before
        self._reported_expected = self._reported_received = 0
        self._last_timestamp = -1

    def _measure(self, timestamp: int, arrival_ns: int) -> None:
        """Interarrival jitter (RFC 3550 appendix A.8), at the first packet of each frame."""
        if self._last_timestamp >= 0 and (timestamp - self._last_timestamp) & 0x80000000:
            # Overtaken or sent again: it says nothing of the path's present state.
            return
        transit = arrival_ns * self._rate // 1_000_000_000 - timestamp
        if self._last_timestamp >= 0:
            difference = abs(((transit - self._jitter_base + 0x80000000) & 0xFFFFFFFF) - 0x80000000)
            if difference < self._rate:
                self.jitter += difference - (self.jitter + 8 >> 4)
        self._jitter_base = transit
        self._last_timestamp = timestamp

    def _seek(self, packet: bytes, start: int, end: int) -> bool:
        depacketizer = self.depacketizer
        return depacketizer.waiting and depacketizer.starts_keyframe(packet, start, end)

    def _apply_report(self) -> None:
        report = self.report
        if report is not None and report.ntp:
            ticks = self._ticks.at(report.timestamp)
            if ticks is not None:
                self.clock.report(report.unix_ns, ticks, self.report_ns)

    def _emit(self, data: bytes, timestamp: int, keyframe: bool, arrival_ns: int) -> None:
        mapper = self._ticks
        epoch = mapper.epoch
        ticks = mapper.ticks(timestamp, arrival_ns)
        if mapper.epoch != epoch:
            self.clock.forget()
        if not self.frames or mapper.epoch != epoch:
            self._apply_report()
        discarded = self.depacketizer.discarded + self.buffer.lost
        # A hole in the numbers tells that units are missing, not how many: a lost packet may be a whole one or a tenth.
        self._sequence += 1 if discarded == self._discarded else 2
        self._discarded = discarded
        self.frames += 1
        if keyframe:
            self.keyframes += 1
            if self.keyframe_requests is not None:
                self.keyframe_requests.came()
        if self._settling is None or self._settling.over:
            self._stamp(self._sequence, ticks, arrival_ns, keyframe, data)
        else:
            release = partial(self._stamp, self._sequence, ticks, arrival_ns, keyframe, data)
            self._settling.keep(release, self.clock.sample(ticks, arrival_ns), arrival_ns)

    def _stamp(self, sequence: int, ticks: int, arrival_ns: int, keyframe: bool, data: bytes) -> None:
        capture_ns, aligned = self.clock.capture(ticks, arrival_ns)
        self._deliver(AccessUnit(self._kind, sequence, ticks, capture_ns, keyframe, aligned, data))
