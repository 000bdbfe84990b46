import random

import aiortc.rtp
from hypothesis import given
from hypothesis import strategies as st

from ingest import rtcp
from ingest.rtcp import Compound, ReportBlock, SenderReport, parse


def test_a_sender_report_with_a_name_and_a_goodbye_is_read() -> None:
    report = SenderReport(1, 0xE1B2C3D400000000, 3, 4, 5)
    compound = parse(rtcp.sender_report(report) + rtcp.canonical_name(1, "someone@somewhere") + rtcp.goodbye([1, 9]))
    assert compound.senders == [report]
    assert compound.names == {1: "someone@somewhere"}
    assert compound.goodbyes == [1, 9]
    assert not compound.malformed


def test_the_ntp_time_of_a_report_is_given_in_unix_time() -> None:
    assert SenderReport(1, (rtcp.NTP_EPOCH + 5) << 32 | 1 << 31, 0, 0, 0).unix_ns == 5_500_000_000


def test_another_implementation_reads_our_reports() -> None:
    block = ReportBlock(7, 12, -3, 70_000, 99, 0xABCDEF01, 65536)
    (report, description) = aiortc.rtp.RtcpPacket.parse(rtcp.receiver_report(5, [block]) + rtcp.canonical_name(5, "fanlight"))
    assert isinstance(report, aiortc.rtp.RtcpRrPacket)
    assert isinstance(description, aiortc.rtp.RtcpSdesPacket)
    theirs = report.reports[0]
    assert (theirs.ssrc, theirs.fraction_lost, theirs.packets_lost, theirs.highest_sequence) == (7, 12, -3, 70_000)
    assert (theirs.jitter, theirs.lsr, theirs.dlsr) == (99, 0xABCDEF01, 65536)
    assert description.chunks[0].items == [(1, b"fanlight")]
    assert parse(rtcp.receiver_report(5, [block])).blocks == [block]


@given(st.lists(st.integers(0, 0xFFFF), unique=True, min_size=1, max_size=60))
def test_another_implementation_reads_our_nacks(numbers: list[int]) -> None:
    numbers.sort()
    packet = rtcp.nack(5, 7, numbers)
    (theirs,) = aiortc.rtp.RtcpPacket.parse(packet)
    assert isinstance(theirs, aiortc.rtp.RtcpRtpfbPacket)
    assert sorted(theirs.lost) == numbers
    assert sorted(number for _, number in parse(packet).nacked) == numbers


def test_a_nack_over_the_wrap_of_the_numbers_is_one_pair() -> None:
    packet = rtcp.nack(5, 7, [0xFFFE, 0xFFFF, 0, 3])
    assert len(packet) == 16
    assert [number for _, number in parse(packet).nacked] == [0xFFFE, 0xFFFF, 0, 3]


def test_keyframe_requests_name_the_media_stream() -> None:
    (picture_loss,) = aiortc.rtp.RtcpPacket.parse(rtcp.picture_loss(5, 7))
    assert isinstance(picture_loss, aiortc.rtp.RtcpPsfbPacket)
    assert (picture_loss.fmt, picture_loss.media_ssrc) == (1, 7)
    assert parse(rtcp.picture_loss(5, 7) + rtcp.full_intra_request(5, 8, 300)).keyframe_for == [7, 8]


def test_delays_for_a_round_trip_are_read() -> None:
    asked = rtcp.reference_time(5, 0x0123456789ABCDEF)
    assert len(asked) == 20
    answer = (
        bytes((0x80, 207, 0, 5))
        + (9).to_bytes(4, "big")
        + bytes((5, 0, 0, 3))
        + b"".join(v.to_bytes(4, "big") for v in (5, 0x456789AB, 77))
    )
    assert parse(answer).delays == [(5, 0x456789AB, 77)]


def test_what_follows_a_length_that_does_not_fit_is_left_unread() -> None:
    compound = parse(rtcp.goodbye([1]) + b"\x80\xc8\x00\xff" + bytes(24))
    assert compound.goodbyes == [1]
    assert compound.malformed


def test_mutated_packets_never_raise() -> None:
    chance = random.Random(1)
    block = ReportBlock(7, 12, -3, 70_000, 99, 0xABCDEF01, 65536)
    seeds = [
        rtcp.sender_report(SenderReport(1, 2, 3, 4, 5)) + rtcp.canonical_name(1, "someone") + rtcp.goodbye([1, 9]),
        rtcp.receiver_report(5, [block, block]) + rtcp.reference_time(5, 1),
        rtcp.nack(5, 7, [1, 5, 40]) + rtcp.picture_loss(5, 7) + rtcp.full_intra_request(5, 8, 3),
    ]
    for _ in range(20_000):
        packet = bytearray(chance.choice(seeds))
        for _ in range(chance.randrange(1, 6)):
            packet[chance.randrange(len(packet))] = chance.randrange(256)
        assert isinstance(parse(bytes(packet[: chance.randrange(len(packet) + 1)])), Compound)
